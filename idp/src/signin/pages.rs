//! `GET|POST /signin`.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use platform::encoding::hex;
use platform::http::Parameters;
use platform::keys::keyed_hash;
use secrecy::SecretString;
use uuid::Uuid;

use super::context::{Context, context};
use super::endpoints;
use super::first::{Next, after_password};
use super::place::Place;
use super::throttle::{Admission, Throttle};
use crate::credentials::PasswordHash;
use crate::factors::passkeys;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, SignIn, SignInProblem};
use crate::people::{IdentifierKind, Person, normalise};
use crate::realms::Realm;

const SIGN_IN: Action = Action::new("sign_in.password");

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/signin", get(show).post(submit))
        .merge(endpoints::router())
}

/// Why nobody is signed in.
enum Failure {
    Problem(SignInProblem),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Shows the form. Who is signed in and came by themselves goes to their account.
async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let context = match context(&hub, &view, &query).await {
        Ok(Some(context)) => context,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_in.interaction")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    if context.place == Place::Account && context.again {
        return view.redirect("/account");
    }
    let view = context.localise(&hub, &call, view);
    let problem = (query.get("problem") == Some("passkey")).then_some(SignInProblem::Passkey);
    render(view, &context, context.hint(), problem)
}

fn render(view: View<'_>, context: &Context, login: &str, problem: Option<SignInProblem>) -> Response {
    let here = context.place.on("/signin");
    let hidden: Vec<(&str, &str)> = context.place.parameter().into_iter().collect();
    let csrf = view.csrf();
    let sign_up = context.place.on("/signup");
    let page = SignIn {
        frame: view.frame(&here),
        form: Form {
            action: "/signin",
            csrf: &csrf,
            hidden: &hidden,
        },
        passkey: passkeys::available(&view.call.realm).then_some(Form {
            action: "/signin/passkey",
            csrf: &csrf,
            hidden: &hidden,
        }),
        login,
        client_name: context.client_name(&view),
        again: context.again,
        sign_up_url: view.call.realm.takes_sign_ups().then_some(sign_up.as_str()),
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(SignInProblem::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(SignInProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(SignInProblem::WrongCredentials | SignInProblem::Passkey) => StatusCode::UNAUTHORIZED,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.scripted_page(status, html)
}

/// Takes the form.
async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(mut view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(Ok(form)) = call.form() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "sign_in.form").await;
    };
    let context = match context(&hub, &view, &form).await {
        Ok(Some(context)) => context,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_in.interaction")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let login = form.get("login").unwrap_or_default().to_owned();
    match view.is_foreign(&hub, &form, "sign_in.csrf").await {
        Ok(false) => {}
        Ok(true) => return render(view, &context, &login, Some(SignInProblem::Expired)),
        Err(error) => return view.oauth_error(error),
    }
    match sign_in(&hub, &view, &form, &context.place).await {
        Ok(Next::SignedIn(opened)) => {
            view.enter(&opened);
            view.redirect(&context.place.address())
        }
        Ok(Next::Step(address)) => view.redirect(&address),
        Err(Failure::Problem(problem)) => render(view, &context, &login, Some(problem)),
        Err(Failure::Broken(error)) => view.oauth_error(error),
    }
}

/// Checks the password, and begins a session if there is nothing else to be shown.
async fn sign_in(hub: &Hub, view: &View<'_>, form: &Parameters, place: &Place) -> Result<Next, Failure> {
    let call = view.call;
    let realm = &call.realm;
    let typed = form
        .get("login")
        .ok_or(Failure::Problem(SignInProblem::LoginMissing))?;
    let password = form
        .get("password")
        .ok_or(Failure::Problem(SignInProblem::PasswordMissing))?;
    let normal = normalise(IdentifierKind::Login, typed).unwrap_or_default();
    // What was typed may be anything, a password included: the log keeps a keyed hash of it.
    let typed_hash = hex(keyed_hash(
        &realm.keys.identifiers,
        "log.login",
        normal.as_bytes(),
    ));

    let refused = |reason| call.deny(SIGN_IN, reason).detail("login", typed_hash.clone());
    let throttle = Throttle::new(hub, realm, &normal, &call.origin.network());
    let admission = match throttle.admit(hub).await {
        Ok(admission) => admission,
        // Who cannot be counted is not answered.
        Err(error) => {
            hub.record(refused("sign_in.unavailable")).await?;
            return Err(error.into());
        }
    };
    if let Admission::Wait(time) = admission {
        hub.record(refused("sign_in.throttled")).await?;
        let seconds = time.as_secs();
        return Err(Failure::Problem(SignInProblem::Throttled { seconds }));
    }
    let (person, hash) = match check(hub, realm, &normal, password).await {
        Ok(Checked::Right(person, hash)) => (person, hash),
        Ok(Checked::Wrong) => {
            hub.record(refused("sign_in.wrong")).await?;
            throttle.failed(hub).await?;
            return Err(Failure::Problem(SignInProblem::WrongCredentials));
        }
        Ok(Checked::Busy) => {
            hub.record(refused("sign_in.busy")).await?;
            throttle.undecided(hub).await?;
            return Err(Failure::Problem(SignInProblem::Busy { seconds: 5 }));
        }
        Err(error) => {
            hub.record(refused("sign_in.unavailable")).await?;
            throttle.undecided(hub).await?;
            return Err(error.into());
        }
    };
    if let Err(error) = throttle.succeeded(hub).await {
        hub.record(refused("sign_in.unavailable")).await?;
        return Err(error.into());
    }
    let verified = (&*person, &hash);
    if let Some(next) = after_password(hub, view, SIGN_IN, verified, place).await? {
        return Ok(next);
    }
    hub.record(refused("sign_in.password_changed").person(person.id))
        .await?;
    Err(Failure::Problem(SignInProblem::WrongCredentials))
}

/// What became of a password.
enum Checked {
    Right(Box<Person>, PasswordHash),
    Wrong,
    Busy,
}

/// Checks a password; an unknown name costs as much as a known one.
async fn check(hub: &Hub, realm: &Realm, login: &str, password: &str) -> Result<Checked, OAuthError> {
    let found = hub
        .people
        .by_identifier(realm, IdentifierKind::Login, login)
        .await;
    let person = found?;
    // An unknown name is looked up as often as a known one: as that of a person whom nobody is.
    let id = person
        .as_ref()
        .map_or_else(|| Uuid::nil().into(), |person| person.id);
    let hash = hub.passwords.hash_of(realm, id).await?;
    let verified = hub
        .hasher
        .verify(SecretString::from(password), hash.clone())
        .await;
    Ok(match (verified, person, hash) {
        (Err(_), ..) => Checked::Busy,
        (Ok(true), Some(person), Some(hash)) if person.may_sign_in() => {
            Checked::Right(Box::new(person), hash)
        }
        _ => Checked::Wrong,
    })
}
