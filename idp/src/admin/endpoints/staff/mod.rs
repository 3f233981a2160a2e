//! `/api/v1/organisations`, `/staff`, `/affiliations`, `/occupations`, `/delegations`, `/invitations`: who works where and
//! who administers what (requirement H3; [`crate::staff`]).
//!
//! Two kinds of callers come here: the realm's administration, by the scopes that the routes name, and people to whom
//! something was delegated, by the scope `musubi:staff`. For these, what counts is what they hold over the organisation
//! that the call is about, read in the transaction that does it.

pub(super) mod affiliations;
pub(super) mod appointments;
pub(super) mod attendance;
mod body;
pub(super) mod delegations;
pub(super) mod import;
pub(super) mod invitations;
pub(super) mod members;
pub(super) mod organisations;
pub(super) mod register;
pub(super) mod responses;
mod views;

use std::sync::Arc;

use axum::response::Response;
use platform::database::{BoxFuture, DatabaseError, Tx};
use uuid::Uuid;

use super::desk::{Desk, Segment};
use crate::admin::authority::BEYOND;
use crate::admin::refusal::UNAVAILABLE;
use crate::admin::scope::{self, ApiScope};
use crate::admin::{Authority, Refusal};
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::{OrganisationId, PersonId};
use crate::log::{Action, Entry, Log};
use crate::numbers::Number;
use crate::people::{Person, person_by_number};
use crate::staff::StaffError;
use crate::staff::act::Act;
use crate::staff::delegations::{Seeds, facts};
use crate::staff::numbering::{organisation_by_number, staff_by_number};
use crate::staff::powers::{Power, Powers};
use crate::staff::reach::{Basis, Caller};

/// A desk for organisations and staff.
pub(super) struct StaffDesk<'a> {
    pub desk: Desk<'a>,
    pub act: Act,
}

/// What the scopes of a token give over every organisation of the realm.
pub(super) fn realm_powers(authority: &Authority) -> Powers {
    use Power::{
        AppointmentsRead, AppointmentsWrite, AttendanceRead, AttendanceWrite, NumbersAssign,
        OrganisationsRead, OrganisationsWrite, ResponsesRead, ResponsesWrite, StaffRead, StaffWrite,
    };
    let given: [(ApiScope, &[Power]); 5] = [
        (scope::ORGANISATIONS_READ, &[OrganisationsRead]),
        (scope::ORGANISATIONS_WRITE, &[OrganisationsWrite]),
        (
            scope::STAFF_READ,
            &[StaffRead, AttendanceRead, AppointmentsRead, ResponsesRead],
        ),
        (
            scope::STAFF_WRITE,
            &[StaffWrite, AttendanceWrite, AppointmentsWrite, ResponsesWrite],
        ),
        (scope::NUMBERS_WRITE, &[NumbersAssign]),
    ];
    let held = given.iter().filter(|(scope, _)| authority.scope.has(scope.name));
    held.flat_map(|(_, powers)| powers.iter().copied()).collect()
}

impl<'a> StaffDesk<'a> {
    /// Verifies who calls, and that the token has the scope over the realm or that of one's own delegations.
    pub(super) async fn open(
        hub: &'a Hub,
        call: &'a Call,
        action: Action,
        needed: ApiScope,
    ) -> Result<Self, Response> {
        let desk = Desk::enter(hub, call, action).await?;
        let by_delegation =
            desk.authority.person.is_some() && desk.authority.scope.has(scope::OWN_DELEGATIONS.name);
        let needed = if by_delegation && !desk.authority.scope.has(needed.name) {
            scope::OWN_DELEGATIONS
        } else {
            needed
        };
        if let Err(refusal) = desk.authority.require(hub, needed) {
            return Err(desk.finish(Err(refusal)).await);
        }
        let caller = Caller {
            person: desk.authority.person,
            realm: realm_powers(&desk.authority),
            by_delegation,
        };
        let act = Act {
            realm: Arc::clone(&call.realm),
            caller,
            now: hub.clock.now(),
            entropy: hub.entropy.clone(),
        };
        Ok(Self { desk, act })
    }

    pub(super) async fn finish(&self, outcome: Result<Response, Refusal>) -> Response {
        self.desk.finish(outcome).await
    }

    /// Does something in a transaction and commits it once the row that `told` makes of the outcome is on disk.
    pub(super) async fn commit<T, J>(
        &self,
        job: J,
        told: impl FnOnce(Entry, &T) -> Entry + Send + 'static,
    ) -> Result<T, Refusal>
    where
        T: Send + 'static,
        J: for<'t> FnOnce(&'t Tx, &'t Act) -> BoxFuture<'t, Result<T, StaffError>> + Send + 'static,
    {
        let (log, row): (Log, Entry) = (self.desk.hub.log.clone(), self.desk.permit());
        let act = self.act.clone();
        let done = self.desk.hub.store.write(move |tx: &Tx| {
            Box::pin(async move {
                let outcome = job(tx, &act).await?;
                log.append(told(row, &outcome)).await.map_err(|_| Undone::NoLog)?;
                Ok::<T, Undone>(outcome)
            })
        });
        Ok(done.await?)
    }

    /// The organisation that a number in the path names.
    pub(super) async fn organisation(&self, segment: &Segment) -> Result<OrganisationId, Refusal> {
        let number =
            Number::parse(segment.text("organisation.unknown")?).map_err(|_| UNKNOWN_ORGANISATION)?;
        self.organisation_named(number).await
    }

    /// The organisation that a number in a body or a query names.
    pub(super) async fn organisation_named(&self, number: Number) -> Result<OrganisationId, Refusal> {
        let found = organisation_by_number(&self.desk.hub.store, self.desk.realm(), number).await?;
        found.ok_or(UNKNOWN_ORGANISATION)
    }

    /// The organisation that text in a body or a query names.
    pub(super) async fn organisation_text(&self, text: &str) -> Result<OrganisationId, Refusal> {
        let number = Number::parse(text).map_err(|_| UNKNOWN_ORGANISATION)?;
        self.organisation_named(number).await
    }

    /// The member of staff whom a number in the path names.
    pub(super) async fn member(&self, segment: &Segment) -> Result<Arc<Person>, Refusal> {
        let number = Number::parse(segment.text("staff.unknown")?).map_err(|_| UNKNOWN_STAFF)?;
        self.member_named(number).await
    }

    /// The person whom a number in the path names: a staff number or, for who may see people, a person's number.
    pub(super) async fn member_or_person(&self, segment: &Segment) -> Result<Arc<Person>, Refusal> {
        let number = Number::parse(segment.text("staff.unknown")?).map_err(|_| UNKNOWN_STAFF)?;
        let store = &self.desk.hub.store;
        if let Some(found) = staff_by_number(store, self.desk.realm(), number).await? {
            return self.person(found).await;
        }
        if !self.desk.authority.scope.has(scope::STAFF_WRITE.name) {
            return Err(UNKNOWN_STAFF);
        }
        let found = person_by_number(store, self.desk.realm(), number).await?;
        self.person(found.ok_or(UNKNOWN_STAFF)?).await
    }

    /// The member of staff whom text in a body or a query names.
    pub(super) async fn staff_text(&self, text: &str) -> Result<PersonId, Refusal> {
        let number = Number::parse(text).map_err(|_| UNKNOWN_STAFF)?;
        let found = staff_by_number(&self.desk.hub.store, self.desk.realm(), number).await?;
        found.ok_or(UNKNOWN_STAFF)
    }

    /// The member of staff whom a number names.
    pub(super) async fn member_named(&self, number: Number) -> Result<Arc<Person>, Refusal> {
        let found = staff_by_number(&self.desk.hub.store, self.desk.realm(), number).await?;
        self.person(found.ok_or(UNKNOWN_STAFF)?).await
    }

    /// A person of the realm.
    pub(super) async fn person(&self, id: PersonId) -> Result<Arc<Person>, Refusal> {
        let found = self.desk.hub.people.by_id(self.desk.realm(), id).await?;
        found.ok_or(UNKNOWN_STAFF)
    }

    /// Tells the caches that somebody's sessions and tokens ended in a transaction.
    pub(super) fn forget_sessions(&self) {
        self.desk.hub.sessions.forget_all();
        self.desk.hub.families.forget_all();
    }
}

/// Refuses who holds less over the realm's organisations than what is delegated to somebody whom they let in.
pub(super) async fn outranks(desk: &Desk<'_>, person: PersonId) -> Result<(), Refusal> {
    let seeds = Seeds {
        holder: Some(person),
        ..Seeds::default()
    };
    let facts = facts(&desk.hub.store, desk.realm().id, seeds, []).await?;
    let ours = realm_powers(&desk.authority);
    let now = desk.hub.clock.now();
    let theirs = facts.delegations.values().filter(|one| one.holder == person);
    let coming = theirs.filter_map(|one| facts.coming(one.id, now).ok());
    if coming.into_iter().all(|chain| ours.covers(chain.powers)) {
        Ok(())
    } else {
        Err(BEYOND)
    }
}

const UNKNOWN_ORGANISATION: Refusal = Refusal::not_found("organisation.unknown");
const UNKNOWN_STAFF: Refusal = Refusal::not_found("staff.unknown");

/// A key in the path.
fn key<T: std::str::FromStr>(segment: &Segment, unknown: &'static str) -> Result<T, Refusal> {
    segment
        .name(unknown)?
        .parse()
        .map_err(|_| Refusal::not_found(unknown))
}

/// The row with the organisation that it is about, and what allowed it.
pub(super) fn over(mut row: Entry, organisation: OrganisationId, basis: Basis) -> Entry {
    row.organisation = Some(organisation.uuid());
    match basis {
        Basis::Realm => row.granted_by("realm"),
        Basis::Delegation(id) => row.granted_by(format!("delegation:{id}")),
    }
}

/// The row of a list.
fn listed(mut row: Entry, kind: &'static str, ids: impl IntoIterator<Item = Uuid>) -> Entry {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    row.hits = u64::try_from(ids.len()).ok();
    row.resource(kind, ids)
}

/// Why a logged change was undone.
enum Undone {
    Staff(StaffError),
    NoLog,
}

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self::Staff(error.into())
    }
}

impl From<StaffError> for Undone {
    fn from(error: StaffError) -> Self {
        Self::Staff(error)
    }
}

impl From<Undone> for Refusal {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Staff(error) => error.into(),
            Undone::NoLog => UNAVAILABLE,
        }
    }
}
