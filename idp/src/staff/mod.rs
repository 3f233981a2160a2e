//! Organisations, who works there, and who administers what (requirement H3, H1.1, DESIGN §2, §4).
//!
//! | file | holds |
//! |---|---|
//! | `words`, `powers`, `term`, `tree` | kinds, occupations, powers, spans of time, what is above what |
//! | `delegation`, `reach`, `moving` | the decisions: what a delegation is worth, what a caller may do and hand on, what a move does |
//! | `act` | one thing that is asked, and what the caller may do in its transaction |
//! | `organisations`, `affiliations`, `delegations`, `invitations` | what is done, and its rows |
//! | `attendance` | when staff came and went |
//! | `responses` | what staff did for people |
//! | `appointments` | when they are expected where, for whom |
//! | `numbering` | numbers of organisations and staff |
//! | `erasure` | what ends when somebody is erased |
//! | `takeout` | what somebody takes away |
//! | `seed` | organisations that are nowhere, staff who are nobody |
//! | `lapse` | the end of affiliations whose term is over |
//!
//! **Attenuation.** A delegation names powers, a subtree, an end, and how often it may be handed on. It carries as long as
//! every link of its chain does, from the realm to its holder: none withdrawn or over, every holder's affiliation live,
//! each link within the one before. So nobody ever holds what no live chain gives, and withdrawing one withdraws what
//! hangs on it. Powers are words of administration ([`powers::Power`]): none of them reads health data.
//!
//! **Nobody acts on themselves**: nobody gives themselves powers, and nobody begins, changes or adds to their own
//! affiliations and occupations, whatever they hold. To give up what one has is always allowed.
//!
//! **One after the other.** Each change of a realm's organisations and staff enters by one row ([`organisations::enter`]);
//! what it checks is read after that, in its own transaction. A withdrawal and a use of what is withdrawn come one after
//! the other on every node: there is no moment between check and use.
//!
//! **What one may not see is absent**: an organisation over which the caller has no power answers as one that does not
//! exist, and is in no list and no total.

pub mod act;
pub mod affiliations;
pub mod appointments;
pub mod attendance;
pub mod conditions;
pub mod delegation;
pub mod delegations;
pub mod erasure;
pub mod error;
pub mod invitations;
pub mod lapse;
pub mod moving;
pub mod numbering;
pub mod organisations;
pub mod powers;
pub mod reach;
pub mod responses;
pub mod seed;
pub mod takeout;
pub mod term;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod words;

use platform::clock::Instant;
use platform::database::Queries;
use platform::ids::RealmId;

use crate::ids::{OrganisationId, PersonId};

pub use affiliations::Occupation;
pub use delegations::appoint;
pub use error::StaffError;

/// Days begin where the people are.
pub const ZONE: &str = "Asia/Tokyo";

/// As what and where somebody acts: one row for each live affiliation and each live occupation in it, and one without an
/// occupation for an affiliation that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where.
    pub organisation: OrganisationId,
    /// What is above that, itself first, the root last.
    pub above: Vec<OrganisationId>,
    /// As what.
    pub occupation: Option<Occupation>,
}

/// As what and where a person may act now: what consents to organisations and occupations are compared with.
pub async fn standing(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    now: Instant,
) -> Result<Vec<Standing>, StaffError> {
    let theirs = affiliations::of_person(queries, realm, person).await?;
    let live: Vec<_> = theirs.into_iter().filter(|one| one.is_live(now)).collect();
    if live.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = live.iter().map(|one| one.id).collect();
    let occupations = affiliations::occupations(queries, realm, &ids).await?;
    let mut standings = Vec::new();
    for affiliation in live {
        let above = organisations::above(queries, realm, affiliation.organisation).await?;
        let mut theirs: Vec<Option<Occupation>> = occupations
            .iter()
            .filter(|one| one.affiliation == affiliation.id && one.is_live(now))
            .cloned()
            .map(Some)
            .collect();
        if theirs.is_empty() {
            theirs.push(None);
        }
        standings.extend(theirs.into_iter().map(|occupation| Standing {
            organisation: affiliation.organisation,
            above: above.clone(),
            occupation,
        }));
    }
    Ok(standings)
}
