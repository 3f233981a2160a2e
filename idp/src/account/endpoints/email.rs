//! `POST /account/email`, `POST /account/email/confirm`.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;
use platform::mail::MailAddress;

use super::profile::render;
use super::{entry, posted, refusal};
use crate::email::{self, Code, Outcome};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::mail;
use crate::oauth::OAuthError;
use crate::pages::ProfileProblem;
use crate::people::{IdentifierKind, normalise};
use crate::signin::{ShownAgain, SignedIn, show_again};

const ASK: Action = Action::new("email.ask");
const CONFIRM: Action = Action::new("email.confirm");

/// Why nothing was done.
enum Refused {
    Problem(ProfileProblem),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Sends a code to an address. The same answer whoever else has the address.
pub(super) async fn ask(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/profile?done=code", async |form, who| {
        let typed = form.get("email").unwrap_or_default();
        let problem = |problem| Refused::Problem(problem);
        // The form in which addresses are compared is the one that is kept: nobody is two people by spelling.
        let normal = normalise(IdentifierKind::Email, typed);
        let normal = normal.map_err(|_| problem(ProfileProblem::Address))?;
        let address = MailAddress::parse(&normal).map_err(|_| problem(ProfileProblem::Address))?;
        if !mail::is_configured(&hub) {
            return Err(problem(ProfileProblem::Address));
        }
        again(&hub, &call, who, form.get("current")).await?;
        if !mail::may_send(&hub, &call.realm, mail::Sent::ToConfirm, &address).await? {
            let refusal = refusal(&call, ASK, "email.throttled", who);
            hub.record(refusal).await?;
            let seconds = mail::WINDOW.as_secs();
            return Err(problem(ProfileProblem::Wait { seconds }));
        }
        hub.record(entry(&call, ASK, who)).await?;
        Ok(email::ask(&hub, &call.realm, &who.person, &address).await?)
    })
    .await
}

/// A thief of the session must not change the address: who did not sign in just now shows the password.
async fn again(hub: &Hub, call: &Call, who: &SignedIn, current: Option<&str>) -> Result<(), Refused> {
    let problem = match show_again(hub, call, who, current).await? {
        ShownAgain::Yes => return Ok(()),
        ShownAgain::SignInAgain => ProfileProblem::SignInAgain,
        ShownAgain::Wrong => ProfileProblem::Password,
        ShownAgain::Wait(seconds) => ProfileProblem::Wait { seconds },
        ShownAgain::Busy => ProfileProblem::Busy { seconds: 5 },
    };
    Err(Refused::Problem(problem))
}

/// Takes a code.
pub(super) async fn confirm(State(hub): State<Shared>, call: Call) -> Response {
    submit(
        &hub,
        &call,
        "/account/profile?done=confirmed",
        async |form, who| {
            let code = form.get("code").and_then(Code::typed);
            hub.record(entry(&call, CONFIRM, who)).await?;
            let reason = match email::confirm(&hub, &call.realm, &who.person, code).await? {
                Outcome::Confirmed => return Ok(()),
                Outcome::Wrong => ("email.code", ProfileProblem::Code),
                Outcome::Taken => ("email.taken", ProfileProblem::Taken),
            };
            hub.record(refusal(&call, CONFIRM, reason.0, who)).await?;
            Err(Refused::Problem(reason.1))
        },
    )
    .await
}

async fn submit(
    hub: &Hub,
    call: &Call,
    back: &'static str,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<(), Refused>,
) -> Response {
    let (view, who, form) = match posted(hub, call, ("email.form", "email.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&form, &who).await {
        Ok(()) => view.redirect(back),
        Err(Refused::Problem(problem)) => {
            let typed = form.get("email").unwrap_or_default();
            render(hub, view, &who, typed, Some(problem)).await
        }
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}
