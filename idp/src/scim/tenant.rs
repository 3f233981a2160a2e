//! Whose client calls: the organisation that an administrator bound it to.

use std::sync::Arc;

use super::error::{NO_TENANT, ScimError};
use crate::hub::Hub;
use crate::ids::OrganisationId;
use crate::realms::Realm;
use crate::staff::act::Act;
use crate::staff::numbering::organisation_by_number;
use crate::staff::organisations;
use crate::staff::powers::{Power, Powers};
use crate::staff::reach::Caller;

/// An organisation whose client calls, and what is done for it.
#[derive(Clone)]
pub struct Tenant {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Who, where and when. The powers in it are over the whole realm: everything here stays within the tenant by itself.
    pub act: Act,
}

impl Tenant {
    /// The tenant of a client.
    pub async fn of(hub: &Hub, realm: &Arc<Realm>, client_id: &str) -> Result<Self, ScimError> {
        let client = hub.clients.find(realm, client_id).await;
        let client = client
            .map_err(|error| ScimError::unavailable(&error))?
            .ok_or(NO_TENANT)?;
        let number = client.standing.organisation.ok_or(NO_TENANT)?;
        let organisation = organisation_by_number(&hub.store, realm, number)
            .await?
            .ok_or(NO_TENANT)?;
        let found = organisations::find(&hub.store, realm.id, organisation).await?;
        if found.is_none_or(|found| found.ended_at.is_some()) {
            return Err(NO_TENANT);
        }
        let caller = Caller {
            person: None,
            realm: Powers::from_iter([Power::OrganisationsWrite, Power::StaffWrite]),
            by_delegation: false,
        };
        let act = Act {
            realm: Arc::clone(realm),
            caller,
            now: hub.clock.now(),
            entropy: hub.entropy.clone(),
        };
        Ok(Self { organisation, act })
    }

    /// The address of `/scim/v2`.
    pub fn base(&self) -> String {
        self.act.realm.url("/scim/v2")
    }
}
