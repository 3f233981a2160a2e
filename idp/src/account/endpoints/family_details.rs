//! `/account/family/details`: somebody changes what is kept about a person who has permitted them to (requirement H2.2).
//! Each row of the log has both: who did it, and for whom.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::details::{Attempt, again, lines, patch, problem, status, values};
use super::{enter, entry, posted, refusal};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::TieId;
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::pages::{DetailsForm, DetailsProblem, ErrorKind, Form};
use crate::people::{By, Person, change};
use crate::signin::{SignedIn, asks_password};
use crate::ties::{self, Power, Tie};

const READ: Action = Action::new("profile.read.family");
const UPDATE: Action = Action::new("profile.update");
const BACK: &str = "/account/family";

/// A tie that permits it, and the person.
struct For {
    tie: Tie,
    person: Arc<Person>,
}

async fn permitted(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    tie: Option<&str>,
) -> Result<Option<For>, OAuthError> {
    let Some(id) = tie.and_then(|text| text.parse::<TieId>().ok()) else {
        return Ok(None);
    };
    let ties = ties::toward(hub, &call.realm, who.person.id).await?;
    let found = ties
        .into_iter()
        .find(|tie| tie.id == id && tie.powers.has(Power::UpdateProfile));
    let Some(tie) = found else { return Ok(None) };
    let person = hub.people.by_id(&call.realm, tie.person).await?;
    Ok(person.map(|person| For { tie, person }))
}

/// A row about the person, by who acts for them.
fn about(mut row: Entry, subject: &For) -> Entry {
    row.subject = Some(subject.person.id);
    row.on_behalf_of = Some(subject.person.id);
    row.granted_by = Some(format!("tie:{}", subject.tie.id).into());
    row.key = subject.person.key.clone();
    row
}

/// Shows the form.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let query = call.query();
    let tie = query.as_ref().ok().and_then(|query| query.get("tie"));
    let found = async {
        let found = permitted(&hub, &call, &who, tie).await?;
        let row = match &found {
            Some(subject) => about(entry(&call, READ, &who), subject),
            None => refusal(&call, READ, "tie.none", &who),
        };
        hub.record(row).await?;
        Ok::<_, OAuthError>(found)
    };
    match found.await {
        Ok(Some(subject)) => render(&hub, view, (&who, &subject), None).await,
        Ok(None) => view.refuse(&hub, ErrorKind::NotFound, "tie.none").await,
        Err(error) => view.oauth_error(error),
    }
}

async fn render(
    hub: &Hub,
    view: View<'_>,
    (who, subject): (&SignedIn, &For),
    attempt: Option<Attempt<'_>>,
) -> Response {
    let ask_password = match asks_password(hub, view.call, who).await {
        Ok(ask) => ask,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let action = format!("/account/family/details?tie={}", subject.tie.id);
    let values = values(&subject.person.profile, attempt.as_ref());
    let page = DetailsForm {
        frame: view.frame(&action),
        of: Some(subject.person.display_name()),
        change: Form {
            action: &action,
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

/// Keeps what was typed.
pub(super) async fn keep(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, form) = match posted(&hub, &call, ("family.form", "family.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let query = call.query();
    let tie = query.as_ref().ok().and_then(|query| query.get("tie"));
    let subject = match permitted(&hub, &call, &who, tie).await {
        Ok(Some(subject)) => subject,
        Ok(None) => {
            return match hub.record(refusal(&call, UPDATE, "tie.none", &who)).await {
                Ok(()) => view.error(ErrorKind::NotFound, "tie.none"),
                Err(error) => view.oauth_error(error),
            };
        }
        Err(error) => return view.oauth_error(error),
    };
    match carry_out(&hub, &call, (&who, &subject), &form).await {
        Ok(None) => view.redirect("/account/family?done=details"),
        Ok(Some(problem)) => {
            let attempt = Attempt { form: &form, problem };
            render(&hub, view, (&who, &subject), Some(attempt)).await
        }
        Err(error) => view.oauth_error(error),
    }
}

async fn carry_out(
    hub: &Hub,
    call: &Call,
    (who, subject): (&SignedIn, &For),
    form: &Parameters,
) -> Result<Option<DetailsProblem>, OAuthError> {
    let refused = |reason| about(refusal(call, UPDATE, reason, who), subject);
    if let Some(problem) = again(hub, call, who, form).await? {
        hub.record(refused("profile.sign_in")).await?;
        return Ok(Some(problem));
    }
    let patch = patch(form);
    let fields = patch.keys().map(|field| field.name().to_owned());
    hub.record(about(entry(call, UPDATE, who), subject).resource("profile", fields))
        .await?;
    let by = By::family(who.person.id, subject.tie.id);
    match change(hub, &call.realm, &subject.person, (patch, by), None).await {
        Ok(_) => Ok(None),
        Err(error) => {
            let problem = problem(error)?;
            hub.record(refused("profile.field")).await?;
            Ok(Some(problem))
        }
    }
}
