//! Organisations: what they are, and what may be done with them.
//!
//! ```text
//! create ──▶ active ── rename, move ──▶ active ── end, when no part and no member of staff is left ──▶ ended
//! ```
//!
//! What is ended stays, for what names it, and takes nobody and nothing new.

mod store;

use platform::clock::Instant;
use platform::database::{Queries, Tx};

use super::act::{Act, Known, allowed};
use super::appointments;
use super::delegations;
use super::error::StaffError;
use super::moving::{Move, may_move};
use super::numbering;
use super::powers::Power;
use super::reach::Basis;
use super::words::OrganisationKind;
use crate::ids::OrganisationId;

pub use store::{ENTER, above, count, enter, find, find_all, list, tree_above};

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Its key.
    pub id: OrganisationId,
    /// What it is directly below.
    pub parent: Option<OrganisationId>,
    /// What it is.
    pub kind: OrganisationKind,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub created_at: Instant,
    /// When name, kind, place or state last changed.
    pub updated_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
}

/// One to be made.
#[derive(Debug, Clone)]
pub struct NewOrganisation {
    /// Its key.
    pub id: OrganisationId,
    /// What it shall be below.
    pub parent: Option<OrganisationId>,
    /// What it is.
    pub kind: OrganisationKind,
    /// What it is called.
    pub name: String,
}

/// Which organisations.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those at or below one of these, which is all that the caller may see; nothing: all.
    pub visible: Option<Vec<OrganisationId>>,
    /// Those at or below this one.
    pub within: Option<OrganisationId>,
    /// Those directly below this one.
    pub parent: Option<OrganisationId>,
    /// Those of this kind.
    pub kind: Option<OrganisationKind>,
    /// Those that go on, or those that ended.
    pub active: Option<bool>,
    /// Those whose name begins so.
    pub name: Option<String>,
}

/// An organisation that goes on.
pub async fn active(
    queries: &impl Queries,
    act: &Act,
    id: OrganisationId,
) -> Result<Organisation, StaffError> {
    let found = find(queries, act.realm.id, id)
        .await?
        .ok_or(StaffError::OrganisationUnknown)?;
    if found.ended_at.is_some() {
        Err(StaffError::Ended)
    } else {
        Ok(found)
    }
}

/// Makes an organisation, with a number. Below none: the realm's administration only.
pub async fn create(
    tx: &Tx,
    act: &Act,
    parent: Option<OrganisationId>,
    kind: OrganisationKind,
    name: String,
) -> Result<(Organisation, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let basis = match parent {
        Some(parent) => {
            let (_, basis) = allowed(tx, act, parent, Power::OrganisationsWrite).await?;
            active(tx, act, parent).await?;
            basis
        }
        None if act.caller.realm.has(Power::OrganisationsWrite) => Basis::Realm,
        None => return Err(StaffError::Forbidden),
    };
    let new = NewOrganisation {
        id: OrganisationId::new(&act.entropy, act.now)?,
        parent,
        kind,
        name,
    };
    store::insert(tx, act.realm.id, &new, act.now).await?;
    numbering::give_organisation(tx, act, new.id).await?;
    let made = active(tx, act, new.id).await?;
    Ok((made, basis))
}

/// Changes name and kind.
pub async fn change(
    tx: &Tx,
    act: &Act,
    id: OrganisationId,
    kind: OrganisationKind,
    name: &str,
) -> Result<(Organisation, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let (_, basis) = allowed(tx, act, id, Power::OrganisationsWrite).await?;
    store::update(tx, act.realm.id, id, (kind, name), act.now).await?;
    Ok((active(tx, act, id).await?, basis))
}

/// What a move did.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The organisation at its new place.
    pub organisation: Organisation,
    /// How many delegations lost their giver by it.
    pub withdrawn: u64,
    /// What allowed it.
    pub basis: Basis,
}

/// Puts a subtree below another organisation, and withdraws what it leaves without a giver ([`super::moving`]).
pub async fn relocate(
    tx: &Tx,
    act: &Act,
    id: OrganisationId,
    to: Option<OrganisationId>,
) -> Result<Moved, StaffError> {
    enter(tx, act.realm.id).await?;
    // Who would gain by it: whoever holds something over where it goes.
    let over = match to {
        Some(to) => above(tx, act.realm.id, to).await?,
        None => Vec::new(),
    };
    let known = Known::load(tx, act, &over, [id].into_iter().chain(to)).await?;
    if known.powers_over(id).is_empty() || to.is_some_and(|to| known.powers_over(to).is_empty()) {
        return Err(StaffError::OrganisationUnknown);
    }
    let organisation = active(tx, act, id).await?;
    if let Some(to) = to {
        active(tx, act, to).await?;
    }
    let planned = Move {
        organisation: id,
        from: organisation.parent,
        to,
    };
    let basis = may_move(&known.reach, &known.facts, planned, act.now)?;
    store::put_below(tx, act.realm.id, id, to, act.now).await?;
    let withdrawn = delegations::withdraw_orphans(tx, act, id).await?;
    Ok(Moved {
        organisation: active(tx, act, id).await?,
        withdrawn,
        basis,
    })
}

/// Ends an organisation that nobody and nothing is left in, withdraws what is delegated over it, and cancels what is to come
/// there.
pub async fn end(tx: &Tx, act: &Act, id: OrganisationId) -> Result<(Organisation, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    let (_, _) = allowed(tx, act, id, Power::OrganisationsRead).await?;
    let organisation = active(tx, act, id).await?;
    // As with a move, the power comes from above: nobody ends what all of their own power is over.
    let basis = match organisation.parent {
        Some(parent) => {
            allowed(tx, act, parent, Power::OrganisationsWrite)
                .await
                .map_err(|_| StaffError::Forbidden)?
                .1
        }
        None if act.caller.realm.has(Power::OrganisationsWrite) => Basis::Realm,
        None => return Err(StaffError::Forbidden),
    };
    if store::is_in_use(tx, act.realm.id, id).await? {
        return Err(StaffError::InUse);
    }
    store::end(tx, act.realm.id, id, act.now).await?;
    delegations::withdraw_over(tx, act, id).await?;
    appointments::end_at(tx, act, id).await?;
    numbering::take_organisation(tx, act, id).await?;
    Ok((
        Organisation {
            ended_at: Some(act.now),
            ..organisation
        },
        basis,
    ))
}
