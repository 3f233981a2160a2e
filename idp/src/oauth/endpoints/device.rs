//! `GET|POST /device` and `POST /device/answer`: where a person types the code of another device and answers (RFC 8628
//! §3.3).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::keys::{constant_time_eq, keyed_hash};

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::clients::Client;
use crate::oauth::consents::Recipient;
use crate::oauth::device::{Answer, DeviceRequests, PLACE, Standing, UserCode};
use crate::oauth::tokens::subject;
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{DeviceAnswered, DeviceCode, DeviceConfirm, DeviceProblem, ErrorKind, Form, Papers};
use crate::signin::{Place, SignedIn, signed_in};

const LOOK: Action = Action::new("device.look");
const ALLOW: Action = Action::new("device.allow");
const DENY: Action = Action::new("device.deny");
/// Within which codes that were typed wrong count.
const WINDOW: Duration = Duration::from_mins(15);

/// Shows the field for the code. An address with the code in it fills the field in and does no more.
pub async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let code = query.get("user_code").and_then(UserCode::parse);
    match signed_in(&hub, &call).await {
        Ok(Some(_)) => {
            let typed = code.map(|code| code.grouped()).unwrap_or_default();
            field(view, &typed, None)
        }
        Ok(None) => {
            let place = Place::Device(code.map(|code| code.grouped()));
            view.redirect(&place.sign_in())
        }
        Err(error) => view.oauth_error(error),
    }
}

fn field(view: View<'_>, typed: &str, problem: Option<DeviceProblem>) -> Response {
    let csrf = view.csrf();
    let here = match UserCode::parse(typed) {
        Some(code) => format!("/device?user_code={}", code.grouped()),
        None => "/device".to_owned(),
    };
    let page = DeviceCode {
        frame: view.frame(&here),
        form: Form {
            action: "/device",
            csrf: &csrf,
            hidden: &[],
        },
        typed,
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(DeviceProblem::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the code that was typed, and shows who asks for what.
pub async fn look(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(Ok(form)) = call.form() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "device.form").await;
    };
    let typed: String = form
        .get("user_code")
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    match view.is_foreign(&hub, &form, "device.csrf").await {
        Ok(false) => {}
        Ok(true) => return field(view, &typed, Some(DeviceProblem::Expired)),
        Err(error) => return view.oauth_error(error),
    }
    let who = match signed_in(&hub, &call).await {
        Ok(Some(who)) => who,
        Ok(None) => return view.redirect("/device"),
        Err(error) => return view.oauth_error(error),
    };
    match find(&hub, &call, &who, &typed).await {
        Ok(Found::Request(question)) => confirm(view, &who, &question),
        Ok(Found::Wrong) => field(view, &typed, Some(DeviceProblem::Unknown)),
        Ok(Found::Throttled) => {
            let seconds = WINDOW.as_secs();
            field(view, &typed, Some(DeviceProblem::Throttled { seconds }))
        }
        Err(error) => view.oauth_error(error),
    }
}

/// What a person is asked.
struct Question {
    code: UserCode,
    standing: Standing,
    client: Arc<Client>,
}

enum Found {
    Request(Box<Question>),
    Wrong,
    Throttled,
}

/// Looks a code up. It counts as wrong before anybody knows whether it is, and is taken back if it was right: of many
/// guesses at once no more are looked up than the limit allows.
async fn find(hub: &Hub, call: &Call, who: &SignedIn, typed: &str) -> Result<Found, OAuthError> {
    let limits = &hub.settings.limits;
    let realm = &call.realm;
    let guesses = [
        (
            Slot::new(realm.id, "device-guesses", &who.person.id.to_string()),
            limits.failures_per_account,
        ),
        (
            Slot::new(realm.id, "device-guesses-network", &call.origin.network()),
            limits.failures_per_address,
        ),
    ];
    let mut within = true;
    for (slot, limit) in &guesses {
        within &= hub.ephemeral.increment(slot, WINDOW).await? <= *limit;
    }
    if !within {
        hub.record(entry(call.deny(LOOK, "device.throttled"), who))
            .await?;
        return Ok(Found::Throttled);
    }
    let question = match UserCode::parse(typed) {
        Some(code) => question(hub, call, code).await?,
        None => None,
    };
    let Some(question) = question else {
        hub.record(entry(call.deny(LOOK, "device.user_code.unknown"), who))
            .await?;
        return Ok(Found::Wrong);
    };
    for (slot, _) in &guesses {
        hub.ephemeral.decrement(slot).await?;
    }
    let row = entry(call.permit(LOOK), who).client(question.client.id.clone());
    hub.record(row).await?;
    Ok(Found::Request(Box::new(question)))
}

async fn question(hub: &Hub, call: &Call, code: UserCode) -> Result<Option<Question>, OAuthError> {
    let found = DeviceRequests::new(&hub.ephemeral, &call.realm)
        .by_user_code(&code, hub.clock.now())
        .await?;
    let Some(standing) = found else { return Ok(None) };
    let client = hub.clients.find(&call.realm, &standing.request.client_id).await?;
    Ok(client.map(|client| Question {
        code,
        standing,
        client,
    }))
}

fn entry(entry: Entry, who: &SignedIn) -> Entry {
    let mut entry = entry.person(who.person.id).session(who.session.sid);
    entry.key = who.person.key.clone();
    entry
}

/// Binds an answer to the question as it was asked: to this person, in this session, about these scopes of this client.
fn seal(call: &Call, who: &SignedIn, question: &Question) -> String {
    let asked = format!(
        "{} {} {} {}",
        question.code.grouped(),
        who.session.sid,
        question.client.id,
        question.standing.request.scope
    );
    base64url(keyed_hash(
        &call.realm.keys.tokens,
        "device.question",
        asked.as_bytes(),
    ))
}

fn confirm(view: View<'_>, who: &SignedIn, question: &Question) -> Response {
    let request = &question.standing.request;
    let csrf = view.csrf();
    let seal = seal(view.call, who, question);
    let code = question.code.grouped();
    let here = format!("/device?user_code={code}");
    let hidden = [("user_code", code.as_str()), ("question", seal.as_str())];
    let scopes: Vec<&str> = request.scope.iter().collect();
    let page = DeviceConfirm {
        frame: view.frame(&here),
        form: Form {
            action: "/device/answer",
            csrf: &csrf,
            hidden: &hidden,
        },
        client_name: question.client.name_in(view.texts.language().tag()),
        papers: Papers::of(&question.client, view.texts.language().tag()),
        self_registered: question.client.self_registered,
        code: &code,
        address: &request.address,
        scopes: &scopes,
        signed_in_as: who.person.display_name(),
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Takes the answer.
pub async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(&hub, "device.form", "device.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let who = match signed_in(&hub, &call).await {
        Ok(Some(who)) => who,
        Ok(None) => return view.redirect("/device"),
        Err(error) => return view.oauth_error(error),
    };
    let allow = match form.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return view.refuse(&hub, ErrorKind::BadRequest, "device.decision").await,
    };
    let (code, offered) = (form.get("user_code"), form.get("question"));
    let (Some(code), Some(offered)) = (code.and_then(UserCode::parse), offered) else {
        return view.refuse(&hub, ErrorKind::BadRequest, "device.question").await;
    };
    match keep(&hub, &call, &who, (code, offered), allow).await {
        Ok(client) => answered(view, allow, &client),
        Err(error) if error == OVER => view.refuse(&hub, ErrorKind::SessionExpired, error.id).await,
        Err(error) => view.oauth_error(error),
    }
}

const OVER: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "device.over",
    "there is nothing to answer any more",
);

/// Keeps the answer, if it is one to the question that this person was asked; the client.
async fn keep(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    (code, offered): (UserCode, &str),
    allow: bool,
) -> Result<Arc<Client>, OAuthError> {
    let question = question(hub, call, code).await?.ok_or(OVER)?;
    let asked = seal(call, who, &question);
    if !constant_time_eq(asked.as_bytes(), offered.as_bytes()) {
        return Err(OVER);
    }
    let scope = &question.standing.request.scope;
    let row = entry(call.permit(if allow { ALLOW } else { DENY }), who)
        .client(question.client.id.clone())
        .detail("scope", scope.to_string())
        .detail("device_address", question.standing.request.address.clone());
    hub.record(row).await?;
    let now = hub.clock.now();
    let answer = if allow {
        let recipient = Recipient {
            client_id: question.client.id.clone(),
            place: PLACE.to_owned(),
        };
        let known_as = subject(&call.realm, who.person.id, &question.client);
        hub.consents
            .grant(&call.realm, who.person.id, (&recipient, known_as), scope, now)
            .await?;
        Answer::Allow {
            person: who.person.id,
            sid: who.session.sid,
        }
    } else {
        Answer::Deny
    };
    let kept = DeviceRequests::new(&hub.ephemeral, &call.realm)
        .answer(&question.code, &question.standing, answer, now)
        .await?;
    if kept { Ok(question.client) } else { Err(OVER) }
}

fn answered(view: View<'_>, allowed: bool, client: &Client) -> Response {
    let page = DeviceAnswered {
        frame: view.frame("/device"),
        allowed,
        client_name: client.name_in(view.texts.language().tag()),
        account_url: "/account",
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}
