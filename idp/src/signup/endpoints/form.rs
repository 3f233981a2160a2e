//! `GET|POST /signup`: somebody says who they are and chooses a password. Whoever gives an address gets one answer.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::database::{DatabaseError, Tx};
use platform::ephemeral::Slot;
use platform::http::Parameters;
use platform::mail::MailAddress;

use super::{Made, about, make};
use crate::credentials::{PasswordHash, Rejected, chosen_for, rules_for_new};
use crate::email::Code;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::mail::{self, Sent, may_send, queue_for_nobody};
use crate::oauth::OAuthError;
use crate::pages::{Content, ErrorKind, Form, PasswordProblem, SignUp, SignUpBy, SignUpProblem};
use crate::signin::{Context, Next, context};
use crate::signup::drafts::{Draft, Drafts, LIFE};
use crate::signup::model::{self, Known};

const ASK: Action = Action::new("sign_up.ask");
/// The time over which sign-ups are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// Why there is no account.
enum Refused {
    Problems(Vec<SignUpProblem>),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl From<SignUpProblem> for Refused {
    fn from(problem: SignUpProblem) -> Self {
        Self::Problems(vec![problem])
    }
}

/// What this realm takes.
fn by(hub: &Hub, call: &Call) -> SignUpBy {
    model::by(call.realm.settings.self_registration, mail::is_configured(hub))
}

/// Shows the form.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    if !call.realm.takes_sign_ups() {
        return view.refuse(&hub, ErrorKind::NotFound, "sign_up.off").await;
    }
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let context = match context(&hub, &view, &query).await {
        Ok(Some(context)) => context,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_up.interaction")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    if context.again && query.get("interaction").is_none() {
        return view.redirect("/account");
    }
    let view = context.localise(&hub, &call, view);
    render(&hub, view, &context, (context.hint(), ""), &[])
}

fn render(
    hub: &Hub,
    view: View<'_>,
    context: &Context,
    (login, name): (&str, &str),
    problems: &[SignUpProblem],
) -> Response {
    let here = context.place.on("/signup");
    let sign_in = context.place.on("/signin");
    let hidden: Vec<(&str, &str)> = context.place.parameter().into_iter().collect();
    let csrf = view.csrf();
    let page = SignUp {
        frame: view.frame(&here),
        form: Form {
            action: "/signup",
            csrf: &csrf,
            hidden: &hidden,
        },
        by: by(hub, view.call),
        login,
        name,
        client_name: context.client_name(&view),
        rules: &rules_for_new(hub),
        problems,
        sign_in_url: &sign_in,
    };
    let status = match problems {
        [] => StatusCode::OK,
        [SignUpProblem::Wait { .. }] => StatusCode::TOO_MANY_REQUESTS,
        [SignUpProblem::Password(PasswordProblem::Busy { .. })] => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the form.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(mut view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(Ok(form)) = call.form() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "sign_up.form").await;
    };
    if !call.realm.takes_sign_ups() {
        return view.refuse(&hub, ErrorKind::NotFound, "sign_up.off").await;
    }
    let context = match context(&hub, &view, &form).await {
        Ok(Some(context)) => context,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_up.interaction")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let typed = |name| form.get(name).unwrap_or_default();
    let typed = (typed("login"), typed("name"));
    match view.is_foreign(&hub, &form, "sign_up.csrf").await {
        Ok(false) => {}
        Ok(true) => return render(&hub, view, &context, typed, &[SignUpProblem::Expired]),
        Err(error) => return view.oauth_error(error),
    }
    match sign_up(&hub, &view, &form, &context).await {
        Ok(Next::SignedIn(opened)) => {
            view.enter(&opened);
            view.redirect(&context.place.address())
        }
        Ok(Next::Step(address)) => view.redirect(&address),
        Err(Refused::Problems(problems)) => render(&hub, view, &context, typed, &problems),
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

async fn sign_up(hub: &Hub, view: &View<'_>, form: &Parameters, context: &Context) -> Result<Next, Refused> {
    let call = view.call;
    if !counted(hub, call).await? {
        hub.record(call.deny(ASK, "sign_up.throttled")).await?;
        let seconds = WINDOW.as_secs();
        return Err(SignUpProblem::Wait { seconds }.into());
    }
    let (known, name, password) = read(hub, call, form).await?;
    let address = match &known {
        Known::Address(address) => address,
        Known::Login(login) => {
            if hub.people.has_name(&call.realm, login).await? {
                hub.record(about(call, call.deny(ASK, "sign_up.taken"), login))
                    .await?;
                return Err(SignUpProblem::Taken.into());
            }
            let language = view.texts.language().tag();
            let made = make(
                hub,
                view,
                known.profile(name),
                (language, &password),
                &context.place,
            );
            return match made.await? {
                Made::Next(next) => Ok(next),
                Made::Taken => Err(SignUpProblem::Taken.into()),
            };
        }
    };
    if !may_send(hub, &call.realm, Sent::ToSignUp, address).await? {
        let refused = call.deny(ASK, "sign_up.throttled");
        hub.record(about(call, refused, address.as_str())).await?;
        let seconds = mail::WINDOW.as_secs();
        return Err(SignUpProblem::Wait { seconds }.into());
    }
    hub.record(about(call, call.permit(ASK), address.as_str()))
        .await?;
    let draft = Draft {
        address: address.as_str().to_owned(),
        name,
        language: view.texts.language().tag().to_owned(),
        phc: password.to_phc(),
        place: context.place.clone(),
    };
    let id = begin(hub, view, draft, address).await?;
    Ok(Next::Step(format!("/signup/confirm?step={id}")))
}

/// Everything that is wrong, or what is wanted. The password is hashed before anybody is looked up.
async fn read(
    hub: &Hub,
    call: &Call,
    form: &Parameters,
) -> Result<(Known, Option<String>, PasswordHash), Refused> {
    let known = model::known(by(hub, call), form.get("login").unwrap_or_default());
    let name = model::full_name(form.get("name").unwrap_or_default());
    let mut problems = Vec::new();
    problems.extend(known.as_ref().err());
    problems.extend(name.as_ref().err());
    let profile = match (&known, &name) {
        (Ok(known), Ok(name)) => known.profile(name.clone()),
        _ => return Err(Refused::Problems(problems)),
    };
    match (known, name, chosen_for(hub, &call.realm, &profile, form).await) {
        (Ok(known), Ok(name), Ok(password)) => Ok((known, name, password)),
        (_, _, Err(Rejected(found))) => {
            problems.extend(found.into_iter().map(SignUpProblem::Password));
            Err(Refused::Problems(problems))
        }
        _ => Err(Refused::Problems(problems)),
    }
}

/// Keeps the draft, and writes to the address: the code, or that somebody has an account with it. Either way the same is
/// done here.
async fn begin(
    hub: &Hub,
    view: &View<'_>,
    draft: Draft,
    address: &MailAddress,
) -> Result<String, OAuthError> {
    let realm = &view.call.realm;
    let taken = hub.people.has_name(realm, address.as_str()).await?;
    let code = Code::generate(&hub.entropy)?;
    let id = Drafts::new(hub, realm)
        .begin(view.browser(), draft, &code)
        .await?;
    let url = realm.url("/signin");
    let content = if taken {
        Content::SignUpKnown { url: &url }
    } else {
        Content::SignUp {
            code: code.expose(),
            minutes: LIFE.as_secs() / 60,
        }
    };
    let language = view.texts.language();
    if let Some(letter) = queue_for_nobody(hub, realm, language, address, (content, LIFE))? {
        hub.store
            .write(move |tx: &Tx| Box::pin(letter.write(tx)))
            .await
            .map_err(|error: DatabaseError| error)?;
    }
    Ok(id)
}

/// Counts a sign-up by network; whether it may be made.
async fn counted(hub: &Hub, call: &Call) -> Result<bool, OAuthError> {
    let slot = Slot::new(call.realm.id, "sign-ups", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, WINDOW).await?;
    Ok(count <= hub.settings.limits.accounts_per_address)
}
