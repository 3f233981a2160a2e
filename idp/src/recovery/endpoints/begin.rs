//! `GET|POST /recover`: somebody says who they are and how they want back in. One answer for everybody.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::database::{DatabaseError, Tx};
use platform::encoding::{base64url, hex};
use platform::ephemeral::Slot;
use platform::http::Parameters;
use platform::keys::keyed_hash;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, Recover, RecoverProblem, RecoverSent};
use crate::people::{IdentifierKind, normalise};
use crate::recovery::asks::{Ask, Way, prepare};
use crate::recovery::family;

const ASK: Action = Action::new("recovery.ask");

/// The time over which asks are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// Why nothing was begun.
enum Refused {
    Problem(RecoverProblem),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Shows the form.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    match View::new(&hub, &call, None) {
        Ok(view) => render(view, "", None),
        Err(_) => unavailable(),
    }
}

fn render(view: View<'_>, typed: &str, problem: Option<RecoverProblem>) -> Response {
    let csrf = view.csrf();
    let settings = view.call.realm.settings;
    let page = Recover {
        frame: view.frame("/recover"),
        form: Form {
            action: "/recover",
            csrf: &csrf,
            hidden: &[],
        },
        typed,
        mail: settings.recovery_by_mail,
        family: settings.recovery_by_family,
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(RecoverProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// The answer to everybody who asked for a mail.
pub(super) async fn sent(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let page = RecoverSent {
        frame: view.frame("/recover/sent"),
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Takes the form.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(mut view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(Ok(form)) = call.form() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "recovery.form").await;
    };
    let typed = form.get("name").unwrap_or_default();
    match view.is_foreign(&hub, &form, "recovery.csrf").await {
        Ok(false) => {}
        Ok(true) => return render(view, typed, Some(RecoverProblem::Expired)),
        Err(error) => return view.oauth_error(error),
    }
    match ask(&hub, &call, &form).await {
        Ok(Some(secret)) => {
            view.set_recovery(&secret);
            view.redirect("/recover/family")
        }
        Ok(None) => view.redirect("/recover/sent"),
        Err(Refused::Problem(problem)) => render(view, typed, Some(problem)),
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

/// Counts, logs and keeps what is asked for; the secret of a recovery, if people of trust are to be asked. Nothing here
/// looks anybody up.
async fn ask(hub: &Hub, call: &Call, form: &Parameters) -> Result<Option<String>, Refused> {
    let name = || Refused::Problem(RecoverProblem::Name);
    let typed = form.get("name").ok_or_else(name)?;
    let normal = normalise(IdentifierKind::Login, typed).map_err(|_| name())?;
    let realm = &call.realm;
    let way = match form.get("way") {
        Some("family") if realm.settings.recovery_by_family => Way::Family,
        Some("mail") | None if realm.settings.recovery_by_mail => Way::Mail,
        _ => return Err(name()),
    };
    let typed_hash = hex(keyed_hash(
        &realm.keys.identifiers,
        "log.login",
        normal.as_bytes(),
    ));
    if !counted(hub, call, &normal).await? {
        let refused = call.deny(ASK, "recovery.throttled").detail("login", typed_hash);
        hub.record(refused).await?;
        let seconds = WINDOW.as_secs();
        return Err(Refused::Problem(RecoverProblem::Wait { seconds }));
    }
    hub.record(call.permit(ASK).detail("login", typed_hash)).await?;
    if way == Way::Family {
        return Ok(Some(family::begin(hub, realm, normal).await?));
    }
    let ask = Ask {
        name: normal,
        way,
        recovery: None,
    };
    let prepared = prepare(hub, realm, &ask)?;
    hub.store
        .write(move |tx: &Tx| Box::pin(prepared.write(tx)))
        .await
        .map_err(|error: DatabaseError| OAuthError::from(error))?;
    Ok(None)
}

/// Counts an ask by network and by name; whether it may be made. A name of nobody counts as any other.
async fn counted(hub: &Hub, call: &Call, normal: &str) -> Result<bool, OAuthError> {
    let (realm, limits) = (&call.realm, &hub.settings.limits);
    let scopes = [
        (
            "recoveries-network",
            call.origin.network(),
            limits.recoveries_per_address,
        ),
        ("recoveries-name", normal.to_owned(), limits.mails_per_address),
    ];
    for (kind, name, limit) in scopes {
        let name = base64url(realm.token_hash(kind, &name));
        let count = hub
            .ephemeral
            .increment(&Slot::new(realm.id, kind, &name), WINDOW)
            .await?;
        if count > limit {
            return Ok(false);
        }
    }
    Ok(true)
}
