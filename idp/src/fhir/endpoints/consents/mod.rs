//! `/fhir/Consent…`: what the person behind the token allows and forbids.

mod change;
mod list;
mod read;
mod shown;

pub(super) use change::{create, delete, update};
pub(super) use list::{history, search, search_posted};
pub(super) use read::{read, version};

use crate::consent::{self, Kept};
use crate::fhir::endpoints::desk::FhirDesk;
use crate::fhir::outcome::{Outcome, UNKNOWN};
use crate::log::Action;

const READ: Action = Action::new("access.read");
const ALLOW: Action = Action::new("access.allow");
const WITHDRAW: Action = Action::new("access.withdraw");

/// A consent of the person, in its newest version.
async fn found(desk: &FhirDesk<'_>, id: &str) -> Result<Kept, Outcome> {
    let id = id.parse().map_err(|_| UNKNOWN)?;
    let found = consent::find(desk.hub, &desk.call.realm, &desk.person, id).await?;
    found.ok_or(UNKNOWN)
}

/// Every version of a consent of the person, the first first; there is one at least.
async fn versions_of(desk: &FhirDesk<'_>, id: &str) -> Result<Vec<Kept>, Outcome> {
    let id = id.parse().map_err(|_| UNKNOWN)?;
    let all = consent::history(desk.hub, &desk.call.realm, &desk.person, id).await?;
    if all.is_empty() { Err(UNKNOWN) } else { Ok(all) }
}
