//! `/account/trusted`: whom a person trusts, who trusts them, and the help that somebody asks for.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::ephemeral::Slot;
use platform::http::Parameters;

use super::{enter, entry, posted, read, refusal};
use crate::http::pages::RECOVERY;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::{PersonId, RecoveryId};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{AskedLine, Form, PersonLine, TrustNotice, TrustProblem, TrustedPeople};
use crate::people::{IdentifierKind, normalise};
use crate::recovery::endpoints::CANCEL;
use crate::recovery::family::{self, Asked, Code, Confirmation, Invited, Trusted};
use crate::signin::{ShownAgain, SignedIn, asks_password, show_again};

const NAME: Action = Action::new("trusted.name");
const ACCEPT: Action = Action::new("trusted.accept");
const REMOVE: Action = Action::new("trusted.remove");
const CONFIRM: Action = Action::new("recovery.family.confirm");

/// How often somebody may name people in an hour: whoever is named hears of it by mail, as often as they are.
const NAMED: u64 = 10;
const WINDOW: Duration = Duration::from_hours(1);

/// Why nothing was done.
enum Refused {
    Problem(TrustProblem),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

struct Shown {
    ask_password: bool,
    open: Option<RecoveryId>,
    asked: Vec<Asked>,
    trusted: Vec<Trusted>,
    invitations: Vec<Invited>,
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "trusted").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &who, None).await
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Shown, OAuthError> {
    let (realm, id) = (&call.realm, who.person.id);
    Ok(Shown {
        ask_password: asks_password(hub, call, who).await?,
        open: family::open_of(hub, realm, id).await?,
        asked: family::to_confirm(hub, realm, id).await?,
        trusted: family::trusted(hub, realm, id).await?,
        invitations: family::invitations(hub, realm, id).await?,
    })
}

/// How many people wait for an answer of somebody.
pub(super) async fn waiting(hub: &Hub, call: &Call, who: &SignedIn) -> Result<u64, OAuthError> {
    let shown = gather(hub, call, who).await?;
    let asked = shown.asked.iter().filter(|asked| !asked.confirmed).count();
    let invited = shown.invitations.iter().filter(|invited| !invited.accepted);
    let own = usize::from(shown.open.is_some());
    Ok(u64::try_from(asked + invited.count() + own).unwrap_or(u64::MAX))
}

async fn render(hub: &Hub, view: View<'_>, who: &SignedIn, problem: Option<TrustProblem>) -> Response {
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
    let ids: Vec<String> = shown.asked.iter().map(|one| one.id.to_string()).collect();
    let asked: Vec<AskedLine<'_>> = shown
        .asked
        .iter()
        .zip(&ids)
        .map(|(one, id)| AskedLine {
            recovery: id,
            name: &one.name,
            confirmed: one.confirmed,
        })
        .collect();
    let trusted: Vec<(String, &str)> = shown
        .trusted
        .iter()
        .map(|one| (one.person.to_string(), one.name.as_str()))
        .collect();
    let invited = |accepted| -> Vec<(String, &str)> {
        let all = shown.invitations.iter().filter(|one| one.accepted == accepted);
        all.map(|one| (one.person.to_string(), one.name.as_str()))
            .collect()
    };
    let (invited, trusting) = (invited(false), invited(true));
    let page = TrustedPeople {
        frame: view.frame("/account/trusted"),
        done: if problem.is_none() { done(view.call) } else { None },
        problem,
        ask_password: shown.ask_password,
        stop: shown.open.map(|_| form("/account/trusted/stop")),
        asked: &asked,
        help: form("/account/trusted/help"),
        trusted: &lines(&trusted),
        remove: form("/account/trusted/remove"),
        name: form("/account/trusted/name"),
        invited: &lines(&invited),
        accept: form("/account/trusted/accept"),
        trusting: &lines(&trusting),
        decline: form("/account/trusted/decline"),
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(TrustProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(TrustProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

fn lines<'a>(people: &'a [(String, &'a str)]) -> Vec<PersonLine<'a>> {
    people.iter().map(|(id, name)| PersonLine { id, name }).collect()
}

fn done(call: &Call) -> Option<TrustNotice> {
    match call.query().ok()?.get("done")? {
        "named" => Some(TrustNotice::Named),
        "accepted" => Some(TrustNotice::Accepted),
        "ended" => Some(TrustNotice::Ended),
        "confirmed" => Some(TrustNotice::Confirmed),
        "stopped" => Some(TrustNotice::Stopped),
        _ => None,
    }
}

/// Names somebody. The same answer whoever has the login name.
pub(super) async fn name(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/trusted?done=named", async |form, who| {
        let typed = form.get("login").unwrap_or_default();
        let login = normalise(IdentifierKind::Login, typed);
        let login = login.map_err(|_| Refused::Problem(TrustProblem::Login))?;
        again(&hub, &call, who, form).await?;
        if !may_name(&hub, &call, who).await? {
            hub.record(refusal(&call, NAME, "trusted.throttled", who)).await?;
            let seconds = WINDOW.as_secs();
            return Err(Refused::Problem(TrustProblem::Wait { seconds }));
        }
        hub.record(entry(&call, NAME, who)).await?;
        Ok(family::name(&hub, &call.realm, &who.person, &login).await?)
    })
    .await
}

/// Counts a name; whether it may be taken.
async fn may_name(hub: &Hub, call: &Call, who: &SignedIn) -> Result<bool, OAuthError> {
    let slot = Slot::new(call.realm.id, "trusted-named", &who.person.id.to_string());
    Ok(hub.ephemeral.increment(&slot, WINDOW).await? <= NAMED)
}

/// Accepts somebody's trust.
pub(super) async fn accept(State(hub): State<Shared>, call: Call) -> Response {
    submit(
        &hub,
        &call,
        "/account/trusted?done=accepted",
        async |form, who| {
            let by = named(form)?;
            hub.record(entry(&call, ACCEPT, who)).await?;
            found(family::accept(&hub, &call.realm, &who.person, by).await?)
        },
    )
    .await
}

/// Declines somebody's trust, or ends it.
pub(super) async fn decline(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/trusted?done=ended", async |form, who| {
        let by = named(form)?;
        hub.record(entry(&call, REMOVE, who)).await?;
        found(family::decline(&hub, &call.realm, &who.person, by).await?)
    })
    .await
}

/// Trusts somebody no more.
pub(super) async fn remove(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/trusted?done=ended", async |form, who| {
        let trusted = named(form)?;
        again(&hub, &call, who, form).await?;
        hub.record(entry(&call, REMOVE, who)).await?;
        found(family::remove(&hub, &call.realm, &who.person, trusted).await?)
    })
    .await
}

/// Confirms a recovery of somebody who trusts the person, with the code that was read to them.
pub(super) async fn help(State(hub): State<Shared>, call: Call) -> Response {
    submit(
        &hub,
        &call,
        "/account/trusted?done=confirmed",
        async |form, who| {
            let nothing = || Refused::Problem(TrustProblem::Nothing);
            let id = form
                .get("recovery")
                .and_then(|text| text.parse::<RecoveryId>().ok());
            let id = id.ok_or_else(nothing)?;
            again(&hub, &call, who, form).await?;
            if began_here(&hub, &call, id).await? {
                hub.record(refusal(&call, CONFIRM, "recovery.own", who)).await?;
                return Err(Refused::Problem(TrustProblem::Own));
            }
            let code = form.get("code").and_then(Code::typed);
            // Before anything counts; the row about whose account it is follows once that is known.
            let resource = |entry: crate::log::Entry| entry.resource("recovery", [id.to_string()]);
            hub.record(resource(entry(&call, CONFIRM, who))).await?;
            let (outcome, person) = family::confirm(&hub, &call.realm, who.person.id, (id, code)).await?;
            if let Some(person) = person.filter(|_| outcome != Confirmation::Nothing) {
                let mut about = match outcome {
                    Confirmation::Wrong => call.deny(CONFIRM, "recovery.code"),
                    _ => call.permit(CONFIRM),
                };
                about.key = person.key.clone();
                hub.record(resource(about.actor(who.person.id).subject(person.id)))
                    .await?;
            }
            match outcome {
                Confirmation::First | Confirmation::Enough => Ok(()),
                Confirmation::Wrong => Err(Refused::Problem(TrustProblem::Code)),
                Confirmation::Nothing => Err(nothing()),
            }
        },
    )
    .await
}

/// Whether this very browser began it: nobody is asker and helper at once.
async fn began_here(hub: &Hub, call: &Call, id: RecoveryId) -> Result<bool, OAuthError> {
    let Some(secret) = call.cookie(RECOVERY) else {
        return Ok(false);
    };
    let found = family::find(hub, &call.realm, secret).await?;
    Ok(found.is_some_and(|found| found.id == id))
}

/// Stops a recovery of the person's own account.
pub(super) async fn stop(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/trusted?done=stopped", async |_, who| {
        hub.record(entry(&call, CANCEL, who)).await?;
        let open = family::open_of(&hub, &call.realm, who.person.id).await?;
        let stopped = match open {
            Some(id) => family::cancel(&hub, &call.realm, id).await?.is_some(),
            None => false,
        };
        found(stopped)
    })
    .await
}

fn named(form: &Parameters) -> Result<PersonId, Refused> {
    let id = form.get("person").and_then(|text| text.parse().ok());
    id.ok_or(Refused::Problem(TrustProblem::Nothing))
}

fn found(done: bool) -> Result<(), Refused> {
    if done {
        Ok(())
    } else {
        Err(Refused::Problem(TrustProblem::Nothing))
    }
}

/// A thief of the session must not change whom the person trusts, nor help in their name.
async fn again(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<(), Refused> {
    let problem = match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => return Ok(()),
        ShownAgain::SignInAgain => TrustProblem::SignInAgain,
        ShownAgain::Wrong => TrustProblem::Password,
        ShownAgain::Wait(seconds) => TrustProblem::Wait { seconds },
        ShownAgain::Busy => TrustProblem::Busy { seconds: 5 },
    };
    Err(Refused::Problem(problem))
}

async fn submit(
    hub: &Hub,
    call: &Call,
    back: &'static str,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<(), Refused>,
) -> Response {
    let (view, who, form) = match posted(hub, call, ("trusted.form", "trusted.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&form, &who).await {
        Ok(()) => view.redirect(back),
        Err(Refused::Problem(problem)) => render(hub, view, &who, Some(problem)).await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}
