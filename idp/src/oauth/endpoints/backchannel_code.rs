//! `/account/requests/code`: the code with which a person lets themselves be asked by the back channel (CIBA §7.1).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;
use secrecy::SecretString;

use crate::account::endpoints::{enter, entry, read};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::oauth::backchannel::codes::{Code, Codes, Weakness};
use crate::pages::{BackchannelCode, BackchannelCodeProblem, Form};
use crate::signin::{ShownAgain, SignedIn, asks_password, show_again};

const SET: Action = Action::new("backchannel.code.set");
const REMOVE: Action = Action::new("backchannel.code.remove");
const HERE: &str = "/account/requests/code";

/// Why nothing was changed.
enum Refused {
    Problem(BackchannelCodeProblem),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Shows whether there is a code, and the forms.
pub async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    match read(&hub, &call, &who, "requests").await {
        Ok(()) => render(&hub, view, &who, None).await,
        Err(error) => view.oauth_error(error),
    }
}

async fn render(
    hub: &Hub,
    view: View<'_>,
    who: &SignedIn,
    problem: Option<BackchannelCodeProblem>,
) -> Response {
    let realm = &view.call.realm;
    let known = Codes::new(&hub.store).hash_of(realm, who.person.id).await;
    let (has_code, ask_password) = match (known, asks_password(hub, view.call, who).await) {
        (Ok(known), Ok(asks)) => (known.is_some(), asks),
        (Err(error), _) => return view.oauth_error(error.into()),
        (_, Err(error)) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let done = view.call.query().ok();
    let page = BackchannelCode {
        frame: view.frame(HERE),
        form: Form {
            action: HERE,
            csrf: &csrf,
            hidden: &[],
        },
        has_code,
        ask_password,
        problem,
        done: problem.is_none() && done.is_some_and(|query| query.get("done").is_some()),
        back_url: "/account/requests",
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(BackchannelCodeProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(BackchannelCodeProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Sets the code, or removes it.
pub async fn change(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let (view, form) = match view
        .posted(&hub, "backchannel.code.form", "backchannel.code.csrf")
        .await
    {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    match carry_out(&hub, &call, &who, &form).await {
        Ok(()) => view.redirect("/account/requests/code?done=changed"),
        Err(Refused::Problem(problem)) => render(&hub, view, &who, Some(problem)).await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

async fn carry_out(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<(), Refused> {
    let (realm, codes) = (&call.realm, Codes::new(&hub.store));
    if form.get("decision") == Some("remove") {
        again(hub, call, who, form).await?;
        hub.record(entry(call, REMOVE, who)).await?;
        codes.remove(realm, who.person.id).await?;
        return Ok(());
    }
    let typed = form.get("code").unwrap_or_default();
    let code = Code::new(typed, &who.person.profile.login).map_err(|weakness| {
        Refused::Problem(match weakness {
            Weakness::Shape => BackchannelCodeProblem::Shape,
            Weakness::Guessable => BackchannelCodeProblem::Guessable,
        })
    })?;
    if Code::typed(form.get("code_again").unwrap_or_default()) != code.expose() {
        return Err(Refused::Problem(BackchannelCodeProblem::Mismatch));
    }
    again(hub, call, who, form).await?;
    let hash = hub.hasher.hash(SecretString::from(code.expose())).await;
    let hash = hash.map_err(|_| Refused::Problem(BackchannelCodeProblem::Busy { seconds: 5 }))?;
    hub.record(entry(call, SET, who)).await?;
    codes.set(realm, who.person.id, &hash, hub.clock.now()).await?;
    Ok(())
}

/// A thief of the session must not open the way to requests that the person has closed.
async fn again(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<(), Refused> {
    let problem = match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => return Ok(()),
        ShownAgain::SignInAgain => BackchannelCodeProblem::SignInAgain,
        ShownAgain::Wrong => BackchannelCodeProblem::Password,
        ShownAgain::Wait(seconds) => BackchannelCodeProblem::Wait { seconds },
        ShownAgain::Busy => BackchannelCodeProblem::Busy { seconds: 5 },
    };
    Err(Refused::Problem(problem))
}
