//! `/account/consents…`: what a person allows and forbids with their data (requirements H5.2, S6.2, C3).

mod change;
mod confirm;
mod lines;
mod list;
mod new;
mod place;
mod receipt;
#[cfg(test)]
mod tests;
mod whose;

pub(super) use change::{choose, withdraw};
pub(super) use list::show;
pub(super) use new::{ask, give};
pub(super) use place::{choose as choose_place, find as find_place};
pub(super) use receipt::{show as show_receipt, signed};

use crate::consent::ConsentError;
use crate::http::Call;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::ConsentProblem;
use crate::signin::{ShownAgain, SignedIn, show_again};
use platform::http::Parameters;

const GIVE: Action = Action::new("access.allow");
const WITHDRAW: Action = Action::new("access.withdraw");

/// Why nothing was done.
enum Refused {
    Problem(ConsentProblem),
    Broken(OAuthError),
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Self::Broken(error)
    }
}

impl From<ConsentError> for Refused {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Unknown | ConsentError::Raced => Self::Problem(ConsentProblem::Gone),
            ConsentError::Invalid(_) => Self::Problem(ConsentProblem::Incomplete),
            other => Self::Broken(other.into()),
        }
    }
}

/// A thief of the session must not let others see the person's data.
async fn again(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<(), Refused> {
    let problem = match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => return Ok(()),
        ShownAgain::SignInAgain => ConsentProblem::SignInAgain,
        ShownAgain::Wrong => ConsentProblem::Password,
        ShownAgain::Wait(seconds) => ConsentProblem::Wait { seconds },
        ShownAgain::Busy => ConsentProblem::Busy { seconds: 5 },
    };
    Err(Refused::Problem(problem))
}
