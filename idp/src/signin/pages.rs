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

use super::begin::{about, begin};
use super::place::Place;
use super::progress::{Class, First, InProgress, Wanted, fingerprint};
use super::throttle::{Admission, Throttle};
use super::{endpoints, signed_in};
use crate::credentials::{Level, PasswordHash, method};
use crate::factors::passkeys;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::oauth::authorization::{Interaction, Interactions};
use crate::oauth::endpoints::authorize::reopen;
use crate::pages::{ErrorKind, Form, SignIn, SignInProblem};
use crate::people::{IdentifierKind, Person, normalise};
use crate::realms::{Realm, SecondFactor};

const SIGN_IN: Action = Action::new("sign_in.password");
const FIRST: Action = Action::new("sign_in.first_factor");

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

/// What the page is shown for.
struct Context {
    interaction: Option<(String, Interaction)>,
    client_name: Option<String>,
    place: Place,
    again: bool,
}

/// What a right password leads to.
enum Next {
    /// A session with this secret.
    SignedIn(String),
    /// Another step, at this address.
    Step(String),
}

/// Shows the form. Who is signed in and came by themselves goes to their account.
async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.error(ErrorKind::BadRequest, "request.query");
    };
    let context = match context(&hub, &view, &query).await {
        Ok(Some(context)) => context,
        Ok(None) => return view.error(ErrorKind::SessionExpired, "sign_in.interaction"),
        Err(error) => return view.oauth_error(error),
    };
    if context.place == Place::Account && context.again {
        return view.redirect("/account");
    }
    let view = match &context.interaction {
        Some((_, interaction)) => match View::new(&hub, &call, interaction.request.ui_locales.as_deref()) {
            // A fresh browser value would orphan the interaction, which was found by the old one.
            Ok(localised) if localised.browser() == view.browser() => localised,
            _ => view,
        },
        None => view,
    };
    let hint = context
        .interaction
        .as_ref()
        .and_then(|(_, interaction)| interaction.request.login_hint.clone());
    let problem = (query.get("problem") == Some("passkey")).then_some(SignInProblem::Passkey);
    render(view, &context, hint.as_deref().unwrap_or_default(), problem)
}

async fn context(hub: &Hub, view: &View<'_>, parameters: &Parameters) -> Result<Option<Context>, OAuthError> {
    let again = signed_in(hub, view.call).await?.is_some();
    let place = Place::read(parameters);
    let Some(id) = parameters.get("interaction") else {
        return Ok(Some(Context {
            interaction: None,
            client_name: None,
            place,
            again,
        }));
    };
    let realm = &view.call.realm;
    let found = Interactions::new(&hub.ephemeral, realm)
        .find(id, Some(view.browser()))
        .await?;
    let Some(interaction) = found else { return Ok(None) };
    let (client, _) = reopen(hub, realm, &interaction).await?;
    let client_name = Some(client.name().to_owned());
    Ok(Some(Context {
        interaction: Some((id.to_owned(), interaction)),
        client_name,
        place,
        again,
    }))
}

fn render(view: View<'_>, context: &Context, login: &str, problem: Option<SignInProblem>) -> Response {
    let here = context.place.on("/signin");
    let hidden: Vec<(&str, &str)> = context.place.parameter().into_iter().collect();
    let csrf = view.csrf();
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
        client_name: context.client_name.as_deref(),
        again: context.again,
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
        return view.error(ErrorKind::BadRequest, "sign_in.form");
    };
    let context = match context(&hub, &view, &form).await {
        Ok(Some(context)) => context,
        Ok(None) => return view.error(ErrorKind::SessionExpired, "sign_in.interaction"),
        Err(error) => return view.oauth_error(error),
    };
    let login = form.get("login").unwrap_or_default().to_owned();
    if !view.csrf_holds(&form) {
        return render(view, &context, &login, Some(SignInProblem::Expired));
    }
    match sign_in(&hub, &view, &form, &context.place).await {
        Ok(Next::SignedIn(secret)) => {
            view.set_session(&secret);
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
    if let Some(address) = another_step(hub, view, &person, &hash, place).await? {
        return Ok(Next::Step(address));
    }
    let shown = (method::PASSWORD, (&hash).into());
    if let Some(secret) = begin(hub, call, &person, SIGN_IN, shown).await? {
        return Ok(Next::SignedIn(secret));
    }
    hub.record(refused("sign_in.password_changed").person(person.id))
        .await?;
    Err(Failure::Problem(SignInProblem::WrongCredentials))
}

/// Where the person goes to show another factor, if they have one, or to make one, if the realm asks for one.
async fn another_step(
    hub: &Hub,
    view: &View<'_>,
    person: &Person,
    verified: &PasswordHash,
    place: &Place,
) -> Result<Option<String>, OAuthError> {
    let realm = &view.call.realm;
    let wanted = if hub.factors.any_second(realm, person.id).await? {
        Wanted::Factor(Class::of(Level::Multi))
    } else if needs_factor(hub, realm, person).await? {
        Wanted::NewFactor
    } else {
        return Ok(None);
    };
    hub.record(about(view.call.permit(FIRST), person)).await?;
    let first = First::Password(fingerprint(realm, verified));
    let id = InProgress::new(&hub.ephemeral, realm)
        .begin(
            &hub.entropy,
            (view.browser(), &view.call.origin.network()),
            person.id,
            (first, wanted),
            place.clone(),
        )
        .await?;
    Ok(Some(match wanted {
        Wanted::Factor(_) => format!("/signin/second?step={id}"),
        Wanted::NewFactor => format!("/signin/enrol?step={id}"),
    }))
}

async fn needs_factor(hub: &Hub, realm: &Realm, person: &Person) -> Result<bool, OAuthError> {
    Ok(match realm.sign_in.second_factor {
        SecondFactor::Optional => false,
        SecondFactor::Everybody => true,
        SecondFactor::Administrators => !hub.people.powers(realm, person.id).await?.is_empty(),
    })
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
