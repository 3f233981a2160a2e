//! Invitations: how somebody who is a person of the realm already joins an organisation, by their own sign-in.
//!
//! ```text
//! invite ──▶ waits ── accepted by the person, once ──▶ used
//!              └── withdrawn, over, or its inviter may not register staff there any more
//! ```
//!
//! An invitation gives a place and nothing else: no occupation, no power. Its code is of one realm (the hash is keyed by
//! it) and of one organisation; where it names an e-mail address, only who has confirmed that address as theirs can
//! accept it. Whether the inviter may still register staff there is asked again when it is accepted.

mod store;

use std::time::Duration;

use platform::clock::Instant;
use platform::database::Tx;

use super::act::{Act, allowed};
use super::affiliations::{Joined, Place, settle};
use super::delegations::{Seeds, facts};
use super::error::StaffError;
use super::organisations::{self, enter};
use super::powers::Power;
use super::reach::Basis;
use super::term::Term;
use crate::ids::{DelegationId, OrganisationId, PersonId, StaffInvitationId};

pub use store::waiting;

/// How long an invitation waits.
pub const LIFE: Duration = Duration::from_hours(14 * 24);
const KIND: &str = "staff.invitation";

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its key.
    pub id: StaffInvitationId,
    /// To which organisation.
    pub organisation: OrganisationId,
    /// As what they would be called there.
    pub title: Option<String>,
    /// The keyed hash of the address that it is for; nothing: for whoever has the code.
    pub email_hash: Option<Vec<u8>>,
    /// Who invited; nothing: a service by itself.
    pub invited_by: Option<PersonId>,
    /// On what power; nothing: the realm's.
    pub delegation: Option<DelegationId>,
    /// When.
    pub created_at: Instant,
    /// Until when it waits.
    pub expires_at: Instant,
}

/// Invites; gives the code, which is shown once.
pub async fn invite(
    tx: &Tx,
    act: &Act,
    organisation: OrganisationId,
    title: Option<String>,
    email_hash: Option<Vec<u8>>,
) -> Result<(Invitation, String, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let (_, basis) = allowed(tx, act, organisation, Power::StaffWrite).await?;
    organisations::active(tx, act, organisation).await?;
    let code = act.entropy.token()?;
    let invitation = Invitation {
        id: StaffInvitationId::new(&act.entropy, act.now)?,
        organisation,
        title,
        email_hash,
        invited_by: act.caller.person,
        delegation: match basis {
            Basis::Realm => None,
            Basis::Delegation(id) => Some(id),
        },
        created_at: act.now,
        expires_at: act.now.plus(LIFE),
    };
    let hash = act.realm.token_hash(KIND, &code);
    store::insert(tx, act.realm.id, &hash, &invitation).await?;
    Ok((invitation, code, basis))
}

/// Takes an invitation back; the organisation that it was to, and what allowed it.
pub async fn withdraw(
    tx: &Tx,
    act: &Act,
    id: StaffInvitationId,
) -> Result<(OrganisationId, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let gone = store::withdraw(tx, act.realm.id, id, act.now).await?;
    let invitation = gone.ok_or(StaffError::InvitationUnknown)?;
    let allowed = allowed(tx, act, invitation.organisation, Power::StaffWrite).await;
    let (_, basis) = allowed.map_err(|error| match error {
        StaffError::OrganisationUnknown => StaffError::InvitationUnknown,
        other => other,
    })?;
    Ok((invitation.organisation, basis))
}

/// Accepts an invitation, for the person behind the call. Whatever is amiss with it, the answer is the same.
pub async fn accept(
    tx: &Tx,
    act: &Act,
    person: PersonId,
    code: &str,
    email_hash: Option<Vec<u8>>,
) -> Result<Joined, StaffError> {
    enter(tx, act.realm.id).await?;
    let hash = act.realm.token_hash(KIND, code);
    let taken = store::take(tx, act.realm.id, &hash, act.now).await?;
    let invitation = taken.ok_or(StaffError::InvitationUnknown)?;
    if invitation.email_hash.is_some() && invitation.email_hash != email_hash {
        return Err(StaffError::InvitationUnknown);
    }
    if invitation.invited_by == Some(person) {
        return Err(StaffError::Own);
    }
    let basis = match invitation.delegation {
        None => Basis::Realm,
        Some(id) => {
            still_carries(tx, act, id, invitation.organisation).await?;
            Basis::Delegation(id)
        }
    };
    let place = Place {
        organisation: invitation.organisation,
        title: invitation.title,
        term: Term {
            from: act.now,
            until: None,
        },
    };
    settle(tx, act, person, place, basis).await
}

/// That the delegation on which somebody invited still lets them register staff there.
async fn still_carries(
    tx: &Tx,
    act: &Act,
    id: DelegationId,
    organisation: OrganisationId,
) -> Result<(), StaffError> {
    let seeds = Seeds {
        one: Some(id),
        ..Seeds::default()
    };
    let facts = facts(tx, act.realm.id, seeds, [organisation]).await?;
    let chain = facts.chain(id, act.now).ok();
    let chain = chain.ok_or(StaffError::InvitationUnknown)?;
    let over = chain
        .last()
        .is_some_and(|last| facts.tree.is_within(organisation, last.organisation));
    if over && chain.powers.has(Power::StaffWrite) {
        Ok(())
    } else {
        Err(StaffError::InvitationUnknown)
    }
}
