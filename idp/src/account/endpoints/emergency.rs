//! `/account/emergency`: staff of medicine declare an emergency about somebody, and end it.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use super::{enter, entry, posted, read, refusal};
use crate::access::emergency::{self, NotDeclared, Reason, may_declare};
use crate::access::{AccessError, Standing, agreed, is_licensed, standings};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::OrganisationId;
use crate::log::Action;
use crate::notices::{self, Notice, Prepared};
use crate::numbers::Number;
use crate::oauth::OAuthError;
use crate::pages::{DeclaredLine, Emergency, EmergencyNotice, EmergencyProblem, Form, Moment, PlaceChoice};
use crate::people::{Person, person_by_number};
use crate::signin::{ShownAgain, SignedIn, asks_password, show_again};
use crate::staff::organisations;

const DECLARE: Action = Action::new("access.emergency");
const END: Action = Action::new("access.emergency.end");

/// Why nothing was done.
enum Refused {
    Problem(EmergencyProblem),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "emergency").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &who, None).await
}

/// Declares an emergency.
pub(super) async fn declare(State(hub): State<Shared>, call: Call) -> Response {
    submit(
        &hub,
        &call,
        "/account/emergency?done=declared",
        async |form, who| carry_out(&hub, &call, form, who).await,
    )
    .await
}

/// Ends one before its time.
pub(super) async fn end(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/emergency?done=ended", async |form, who| {
        let over = || Refused::Problem(EmergencyProblem::Over);
        let id = form.get("emergency").and_then(|text| text.parse().ok());
        let id = id.ok_or_else(over)?;
        hub.record(entry(&call, END, who)).await?;
        if emergency::end(&hub, &call.realm, who.person.id, id).await? {
            Ok(())
        } else {
            Err(over())
        }
    })
    .await
}

async fn carry_out(hub: &Hub, call: &Call, form: &Parameters, who: &SignedIn) -> Result<(), Refused> {
    let text = |name: &str| form.get(name).unwrap_or_default();
    let reason = match Reason::new(text("reason")) {
        Ok(reason) => reason,
        Err(refused) => return refuse(hub, call, who, refused).await,
    };
    again(hub, call, who, form).await?;
    let Some(subject) = named(hub, call, text("person")).await? else {
        return refuse(hub, call, who, NotDeclared::Themselves).await;
    };
    let Ok(place) = text("place").parse::<OrganisationId>() else {
        return refuse(hub, call, who, NotDeclared::Occupation).await;
    };
    let realm = &call.realm;
    let theirs = standings(hub, realm, who.person.id).await?;
    let mut allowed = agreed(hub, realm, subject.id).await?;
    let above: Vec<OrganisationId> = theirs.iter().flat_map(|one| one.above.iter().copied()).collect();
    allowed.extend(emergency::is_allowed(hub, realm, &above).await?);
    let standing = match may_declare((who.person.id, subject.id), place, &theirs, &allowed) {
        Ok(standing) => standing,
        Err(refused) => return refuse(hub, call, who, refused).await,
    };
    let told = tell(hub, call, (who, &*subject), standing).await?;
    let mut row = entry(call, DECLARE, who)
        .subject(subject.id)
        .detail("reason", reason.as_str());
    row.key = subject.key.clone();
    row.organisation = Some(standing.organisation.uuid());
    row.occupation = standing.occupation.clone().map(Into::into);
    hub.record(row).await?;
    let about = (who.person.id, &*subject);
    match emergency::declare(hub, realm, about, (standing.organisation, &reason), told).await? {
        Ok(_) => Ok(()),
        Err(refused) => refuse(hub, call, who, refused).await,
    }
}

/// A refusal is on record too.
async fn refuse(hub: &Hub, call: &Call, who: &SignedIn, refused: NotDeclared) -> Result<(), Refused> {
    let (reason, problem) = match refused {
        NotDeclared::Reason => ("emergency.reason", EmergencyProblem::Reason),
        NotDeclared::Themselves => ("emergency.person", EmergencyProblem::Person),
        NotDeclared::Occupation => ("emergency.occupation", EmergencyProblem::Occupation),
        NotDeclared::Organisation => ("emergency.organisation", EmergencyProblem::Organisation),
        NotDeclared::TooMany => ("emergency.too_many", EmergencyProblem::TooMany),
    };
    hub.record(refusal(call, DECLARE, reason, who)).await?;
    Err(Refused::Problem(problem))
}

async fn named(hub: &Hub, call: &Call, number: &str) -> Result<Option<std::sync::Arc<Person>>, OAuthError> {
    let digits: String = number.chars().filter(|one| !one.is_whitespace()).collect();
    let Ok(number) = Number::parse(&digits) else {
        return Ok(None);
    };
    match person_by_number(&hub.store, &call.realm, number).await? {
        Some(id) => Ok(hub.people.by_id(&call.realm, id).await?),
        None => Ok(None),
    }
}

/// The person, and everybody who administers the organisation.
async fn tell(
    hub: &Hub,
    call: &Call,
    (who, subject): (&SignedIn, &Person),
    standing: &Standing,
) -> Result<Vec<Prepared>, OAuthError> {
    let realm = &call.realm;
    let place = name_of(hub, call, standing.organisation).await?;
    let name = || format!("{place} {}", who.person.display_name());
    let about = Notice::EmergencyDeclared { name: name() };
    let mut told = vec![notices::prepare(hub, realm, subject, about)?];
    for administrator in emergency::administrators(hub, realm, standing.organisation).await? {
        if let Some(person) = hub.people.by_id(realm, administrator).await?
            && person.id != subject.id
        {
            let notice = Notice::EmergencyAt { name: name() };
            told.push(notices::prepare(hub, realm, &person, notice)?);
        }
    }
    Ok(told)
}

async fn name_of(hub: &Hub, call: &Call, id: OrganisationId) -> Result<String, OAuthError> {
    let found = organisations::find(&hub.store, call.realm.id, id).await;
    let found = found.map_err(AccessError::from)?;
    Ok(found.map_or_else(|| "–".to_owned(), |organisation| organisation.name))
}

/// A thief of the session must not look into records.
async fn again(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<(), Refused> {
    let problem = match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => return Ok(()),
        ShownAgain::SignInAgain => EmergencyProblem::SignInAgain,
        ShownAgain::Wrong => EmergencyProblem::Password,
        ShownAgain::Wait(seconds) => EmergencyProblem::Wait { seconds },
        ShownAgain::Busy => EmergencyProblem::Busy { seconds: 5 },
    };
    Err(Refused::Problem(problem))
}

struct Shown {
    ask_password: bool,
    places: Vec<(String, String)>,
    declared: Vec<(String, String, Moment)>,
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Shown, OAuthError> {
    let mut places: Vec<(String, String)> = Vec::new();
    for standing in standings(hub, &call.realm, who.person.id).await? {
        let value = standing.organisation.to_string();
        let licensed = standing.occupation.as_deref().is_some_and(is_licensed);
        if licensed && !places.iter().any(|(known, _)| *known == value) {
            places.push((value, name_of(hub, call, standing.organisation).await?));
        }
    }
    let mut declared = Vec::new();
    for one in emergency::live(hub, &call.realm, who.person.id).await? {
        if let Some(person) = hub.people.by_id(&call.realm, one.subject).await? {
            let until = Moment(one.until.as_micros());
            declared.push((one.id.to_string(), person.display_name().to_owned(), until));
        }
    }
    Ok(Shown {
        ask_password: asks_password(hub, call, who).await?,
        places,
        declared,
    })
}

async fn render(hub: &Hub, view: View<'_>, who: &SignedIn, problem: Option<EmergencyProblem>) -> Response {
    let shown = match gather(hub, view.call, who).await {
        Ok(shown) => shown,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &[],
    };
    let places: Vec<PlaceChoice<'_>> = shown
        .places
        .iter()
        .map(|(value, name)| PlaceChoice { value, name })
        .collect();
    let declared: Vec<DeclaredLine<'_>> = shown
        .declared
        .iter()
        .map(|(id, name, until)| DeclaredLine {
            id,
            name,
            until: *until,
        })
        .collect();
    let page = Emergency {
        frame: view.frame("/account/emergency"),
        done: if problem.is_none() { done(view.call) } else { None },
        problem,
        ask_password: shown.ask_password,
        places: &places,
        declare: form("/account/emergency/declare"),
        declared: &declared,
        end: form("/account/emergency/end"),
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(EmergencyProblem::Wait { .. } | EmergencyProblem::TooMany) => StatusCode::TOO_MANY_REQUESTS,
        Some(EmergencyProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

fn done(call: &Call) -> Option<EmergencyNotice> {
    match call.query().ok()?.get("done")? {
        "declared" => Some(EmergencyNotice::Declared),
        "ended" => Some(EmergencyNotice::Ended),
        _ => None,
    }
}

async fn submit(
    hub: &Hub,
    call: &Call,
    back: &'static str,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<(), Refused>,
) -> Response {
    let (view, who, form) = match posted(hub, call, ("emergency.form", "emergency.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&form, &who).await {
        Ok(()) => view.redirect(back),
        Err(Refused::Problem(problem)) => render(hub, view, &who, Some(problem)).await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}
