//! `/account/profile/details`: a person changes what is kept about them.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use super::{enter, entry, posted, read, refusal};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{DetailsForm, DetailsProblem, FieldLine, Form};
use crate::people::{By, Field, InvalidField, Patch, PeopleError, Profile, change};
use crate::signin::{ShownAgain, SignedIn, asks_password, show_again};

const UPDATE: Action = Action::new("profile.update");
const HERE: &str = "/account/profile/details";
const BACK: &str = "/account/profile";

/// What was typed, and what is wrong with it.
pub(super) struct Attempt<'a> {
    pub form: &'a Parameters,
    pub problem: DetailsProblem,
}

/// Shows the form.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "details").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &who, None).await
}

async fn render(hub: &Hub, view: View<'_>, who: &SignedIn, attempt: Option<Attempt<'_>>) -> Response {
    let ask_password = match asks_password(hub, view.call, who).await {
        Ok(ask) => ask,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let values = values(&who.person.profile, attempt.as_ref());
    let page = DetailsForm {
        frame: view.frame(HERE),
        of: None,
        change: Form {
            action: HERE,
            csrf: &csrf,
            hidden: &[],
        },
        fields: &lines(&values),
        ask_password,
        problem: attempt.as_ref().map(|attempt| attempt.problem),
        back: BACK,
    };
    let status = status(attempt.map(|attempt| attempt.problem));
    let html = page.render(&view.texts);
    view.page(status, html)
}

pub(super) fn status(problem: Option<DetailsProblem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(DetailsProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(DetailsProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(DetailsProblem::Raced) => StatusCode::CONFLICT,
        Some(_) => StatusCode::BAD_REQUEST,
    }
}

/// What stands in the fields: what was typed, else what is kept.
pub(super) fn values(profile: &Profile, attempt: Option<&Attempt<'_>>) -> Vec<(Field, String)> {
    let personal = Field::ALL.iter().filter(|field| field.is_personal());
    let value = |field: Field| {
        let typed = attempt.and_then(|attempt| attempt.form.get(field.name()));
        typed.map_or_else(|| field.read(profile).unwrap_or_default(), str::to_owned)
    };
    personal.map(|field| (*field, value(*field))).collect()
}

pub(super) fn lines(values: &[(Field, String)]) -> Vec<FieldLine<'_>> {
    values
        .iter()
        .map(|(field, value)| FieldLine { field: *field, value })
        .collect()
}

/// The fields that a form has; an empty one takes its value away.
pub(super) fn patch(form: &Parameters) -> Patch {
    let personal = Field::ALL.iter().filter(|field| field.is_personal());
    let sent = personal.filter_map(|field| Some((*field, form.get(field.name())?)));
    sent.map(|(field, text)| (field, Some(text.to_owned()))).collect()
}

/// What a failed change says to people.
pub(super) fn problem(error: PeopleError) -> Result<DetailsProblem, OAuthError> {
    match error {
        PeopleError::Field(InvalidField(field)) => Ok(DetailsProblem::Field(field)),
        PeopleError::Raced => Ok(DetailsProblem::Raced),
        PeopleError::Ward => Ok(DetailsProblem::Ward),
        other => Err(other.into()),
    }
}

/// Whether somebody has shown again that it is they; what they have to do, if not.
pub(super) async fn again(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    form: &Parameters,
) -> Result<Option<DetailsProblem>, OAuthError> {
    Ok(match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => None,
        ShownAgain::SignInAgain => Some(DetailsProblem::SignInAgain),
        ShownAgain::Wrong => Some(DetailsProblem::Password),
        ShownAgain::Wait(seconds) => Some(DetailsProblem::Wait { seconds }),
        ShownAgain::Busy => Some(DetailsProblem::Busy { seconds: 5 }),
    })
}

/// Keeps what was typed.
pub(super) async fn keep(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, form) = match posted(&hub, &call, ("details.form", "details.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&hub, &call, &who, &form).await {
        Ok(None) => view.redirect("/account/profile?done=details"),
        Ok(Some(problem)) => {
            let attempt = Attempt { form: &form, problem };
            render(&hub, view, &who, Some(attempt)).await
        }
        Err(error) => view.oauth_error(error),
    }
}

async fn carry_out(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    form: &Parameters,
) -> Result<Option<DetailsProblem>, OAuthError> {
    if let Some(problem) = again(hub, call, who, form).await? {
        hub.record(refusal(call, UPDATE, "profile.sign_in", who)).await?;
        return Ok(Some(problem));
    }
    let patch = patch(form);
    let fields = patch.keys().map(|field| field.name().to_owned());
    hub.record(entry(call, UPDATE, who).resource("profile", fields))
        .await?;
    let by = By::person(who.person.id);
    match change(hub, &call.realm, &who.person, (patch, by), None).await {
        Ok(_) => Ok(None),
        Err(error) => {
            let problem = problem(error)?;
            hub.record(refusal(call, UPDATE, "profile.field", who)).await?;
            Ok(Some(problem))
        }
    }
}
