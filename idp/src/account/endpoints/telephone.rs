//! `POST /account/telephone`, `POST /account/telephone/confirm`.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::profile::render;
use super::{entry, posted, refusal};
use crate::email::Code;
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::ProfileProblem;
use crate::people::Telephone;
use crate::signin::{ShownAgain, SignedIn, show_again};
use crate::telephone::{self, Asked, Outcome};

const ASK: Action = Action::new("telephone.ask");
const CONFIRM: Action = Action::new("telephone.confirm");

/// Sends a code to the number that stands in the profile.
pub(super) async fn ask(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/profile?done=message", async |form, who| {
        let number = who.person.profile.details.phone_number.as_deref();
        let number = number
            .and_then(Telephone::parse)
            .filter(Telephone::takes_messages);
        let Some(number) = number else {
            return Ok(Some(ProfileProblem::NotSent));
        };
        if let Some(problem) = again(&hub, &call, who, form).await? {
            return Ok(Some(problem));
        }
        hub.record(entry(&call, ASK, who)).await?;
        Ok(
            match telephone::ask(&hub, &call.realm, &who.person, &number).await? {
                Asked::Sent => None,
                Asked::NotSent => Some(ProfileProblem::NotSent),
                Asked::Wait(seconds) => {
                    hub.record(refusal(&call, ASK, "telephone.throttled", who))
                        .await?;
                    Some(ProfileProblem::Wait { seconds })
                }
            },
        )
    })
    .await
}

async fn again(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    form: &Parameters,
) -> Result<Option<ProfileProblem>, OAuthError> {
    Ok(match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => None,
        ShownAgain::SignInAgain => Some(ProfileProblem::SignInAgain),
        ShownAgain::Wrong => Some(ProfileProblem::Password),
        ShownAgain::Wait(seconds) => Some(ProfileProblem::Wait { seconds }),
        ShownAgain::Busy => Some(ProfileProblem::Busy { seconds: 5 }),
    })
}

/// Takes a code.
pub(super) async fn confirm(State(hub): State<Shared>, call: Call) -> Response {
    submit(
        &hub,
        &call,
        "/account/profile?done=telephone",
        async |form, who| {
            let code = form.get("telephone_code").and_then(Code::typed);
            hub.record(entry(&call, CONFIRM, who)).await?;
            let (reason, problem) = match telephone::confirm(&hub, &call.realm, &who.person, code).await? {
                Outcome::Confirmed => return Ok(None),
                Outcome::Wrong => ("telephone.code", ProfileProblem::TelephoneCode),
                Outcome::Taken => ("telephone.taken", ProfileProblem::TelephoneTaken),
            };
            hub.record(refusal(&call, CONFIRM, reason, who)).await?;
            Ok(Some(problem))
        },
    )
    .await
}

async fn submit(
    hub: &Hub,
    call: &Call,
    back: &'static str,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<Option<ProfileProblem>, OAuthError>,
) -> Response {
    let (view, who, form) = match posted(hub, call, ("telephone.form", "telephone.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&form, &who).await {
        Ok(None) => view.redirect(back),
        Ok(Some(problem)) => render(hub, view, &who, "", Some(problem)).await,
        Err(error) => view.oauth_error(error),
    }
}
