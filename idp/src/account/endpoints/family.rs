//! `/account/family`: who may do something for a person, for whom they may, and invitations.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::http::Parameters;

use super::{enter, entry, posted, read, refusal};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::TieId;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{
    FamilyNotice, FamilyPage, FamilyProblem, Form, InvitationLine, Moment, SentLine, TieLine,
};
use crate::people::{By, IdentifierKind, normalise};
use crate::signin::{ShownAgain, SignedIn, asks_password, show_again};
use crate::ties::{self, Basis, Code, Invitation, Power, Powers, Preview, Relation, Tie, Who, majority};

const INVITE: Action = Action::new("tie.invite");
const OPEN: Action = Action::new("tie.open");
const ACCEPT: Action = Action::new("tie.accept");
const WITHDRAW: Action = Action::new("tie.withdraw");
const END: Action = Action::new("tie.end");
const HERE: &str = "/account/family";

/// Wrong codes of one person in a quarter of an hour.
const GUESSES: u64 = 10;
const WINDOW: std::time::Duration = std::time::Duration::from_mins(15);

/// What became of a form.
enum Outcome {
    /// Back to the page, which says so.
    Done(&'static str),
    /// The page, with a code to hand over.
    Code(Code),
    /// The page, with an invitation whose code was typed.
    Preview(Box<Preview>, String),
    /// The page, with what is wrong.
    Problem(FamilyProblem),
}

#[derive(Default)]
struct Extra {
    code: Option<String>,
    typed: Option<(Preview, String)>,
    problem: Option<FamilyProblem>,
}

struct Shown {
    ask_password: bool,
    mine: Vec<(Tie, String, Option<Moment>)>,
    theirs: Vec<(Tie, String, Option<Moment>)>,
    invited: Vec<Preview>,
    sent: Vec<Invitation>,
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "family").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &who, Extra::default()).await
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Shown, OAuthError> {
    let (realm, id) = (&call.realm, who.person.id);
    let mut mine = Vec::new();
    for tie in ties::of(hub, realm, id).await? {
        if let Some(other) = hub.people.by_id(realm, tie.other).await? {
            let until = until(&tie, who.person.profile.details.birthdate.as_deref());
            mine.push((tie, other.display_name().to_owned(), until));
        }
    }
    let mut theirs = Vec::new();
    for tie in ties::toward(hub, realm, id).await? {
        if let Some(person) = hub.people.by_id(realm, tie.person).await? {
            let until = until(&tie, person.profile.details.birthdate.as_deref());
            theirs.push((tie, person.display_name().to_owned(), until));
        }
    }
    Ok(Shown {
        ask_password: asks_password(hub, call, who).await?,
        mine,
        theirs,
        invited: ties::invited(hub, realm, id).await?,
        sent: ties::sent(hub, realm, id).await?,
    })
}

/// When a tie ends by itself.
fn until(tie: &Tie, birthdate: Option<&str>) -> Option<Moment> {
    let of_age = birthdate
        .filter(|_| tie.basis == Some(Basis::Minor))
        .and_then(majority);
    let ends = [tie.until_at, of_age].into_iter().flatten().min();
    ends.map(|at| Moment(at.as_micros()))
}

async fn render(hub: &Hub, view: View<'_>, who: &SignedIn, extra: Extra) -> Response {
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
    let keys = |ties: &[(Tie, String, Option<Moment>)]| -> Vec<(String, String)> {
        let each = ties.iter().map(|(tie, ..)| {
            let url = format!("/account/family/details?tie={}", tie.id);
            (tie.id.to_string(), url)
        });
        each.collect()
    };
    let (mine_keys, their_keys) = (keys(&shown.mine), keys(&shown.theirs));
    let invited: Vec<(String, &Preview, Option<&str>)> = shown
        .invited
        .iter()
        .map(|one| (one.invitation.id.to_string(), one, None))
        .chain(
            extra
                .typed
                .iter()
                .map(|(one, code)| (one.invitation.id.to_string(), one, Some(code.as_str()))),
        )
        .collect();
    let invitations: Vec<InvitationLine<'_>> = invited
        .iter()
        .map(|(id, one, code)| InvitationLine {
            id,
            code: *code,
            name: &one.name,
            relation: one.invitation.relation,
            powers: one.invitation.powers,
        })
        .collect();
    let sent_ids: Vec<String> = shown.sent.iter().map(|one| one.id.to_string()).collect();
    let sent: Vec<SentLine<'_>> = shown
        .sent
        .iter()
        .zip(&sent_ids)
        .map(|(one, id)| SentLine {
            id,
            relation: one.relation,
            until: Moment(one.expires_at.as_micros()),
        })
        .collect();
    let done = if extra.problem.is_none() {
        done(view.call)
    } else {
        None
    };
    let page = FamilyPage {
        frame: view.frame(HERE),
        done,
        problem: extra.problem,
        ask_password: shown.ask_password,
        code: extra.code.as_deref(),
        invitations: &invitations,
        accept: form("/account/family/accept"),
        decline: form("/account/family/decline"),
        mine: &lines(&shown.mine, &mine_keys, false),
        theirs: &lines(&shown.theirs, &their_keys, true),
        end: form("/account/family/end"),
        sent: &sent,
        withdraw: form("/account/family/withdraw"),
        invite: form("/account/family/invite"),
        enter: form("/account/family/code"),
    };
    let status = status(extra.problem);
    let html = page.render(&view.texts);
    view.page(status, html)
}

fn status(problem: Option<FamilyProblem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(FamilyProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(FamilyProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    }
}

fn lines<'a>(
    ties: &'a [(Tie, String, Option<Moment>)],
    keys: &'a [(String, String)],
    for_them: bool,
) -> Vec<TieLine<'a>> {
    ties.iter()
        .zip(keys)
        .map(|((tie, name, until), (id, url))| TieLine {
            id,
            name,
            relation: tie.relation,
            powers: tie.powers,
            by_law: tie.basis.is_some(),
            until: *until,
            details_url: Some(url.as_str()).filter(|_| for_them && tie.powers.has(Power::UpdateProfile)),
        })
        .collect()
}

fn done(call: &Call) -> Option<FamilyNotice> {
    match call.query().ok()?.get("done")? {
        "accepted" => Some(FamilyNotice::Accepted),
        "withdrawn" => Some(FamilyNotice::Withdrawn),
        "ended" => Some(FamilyNotice::Ended),
        "details" => Some(FamilyNotice::Details),
        _ => None,
    }
}

/// Whether somebody has shown again that it is they; what they have to do, if not.
async fn again(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    form: &Parameters,
) -> Result<Option<FamilyProblem>, OAuthError> {
    Ok(match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => None,
        ShownAgain::SignInAgain => Some(FamilyProblem::SignInAgain),
        ShownAgain::Wrong => Some(FamilyProblem::Password),
        ShownAgain::Wait(seconds) => Some(FamilyProblem::Wait { seconds }),
        ShownAgain::Busy => Some(FamilyProblem::Busy { seconds: 5 }),
    })
}

/// Makes an invitation, and shows its code this once.
pub(super) async fn invite(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, async |form, who| {
        let relation = form.get("relation").and_then(Relation::parse);
        let Some(relation) = relation.filter(|relation| *relation != Relation::Guardian) else {
            return Ok(Outcome::Problem(FamilyProblem::Nothing));
        };
        let powers = Power::ALL
            .into_iter()
            .filter(|power| form.get(power.as_str()).is_some());
        let address = match form.get("email").map(str::trim).filter(|typed| !typed.is_empty()) {
            Some(typed) => match normalise(IdentifierKind::Email, typed) {
                Ok(address) => Some(address),
                Err(_) => return Ok(Outcome::Problem(FamilyProblem::Address)),
            },
            None => None,
        };
        if let Some(problem) = again(&hub, &call, who, form).await? {
            return Ok(Outcome::Problem(problem));
        }
        hub.record(entry(&call, INVITE, who)).await?;
        let offered = (relation, Powers::of(powers));
        let code = ties::invite(&hub, &call.realm, &who.person, offered, address.as_deref()).await?;
        Ok(code.map_or(Outcome::Problem(FamilyProblem::TooMany), Outcome::Code))
    })
    .await
}

/// Shows the invitation of a code; guesses are counted.
pub(super) async fn code(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, async |form, who| {
        let name = base64url(call.realm.token_hash("tie-codes", &who.person.id.to_string()));
        let slot = Slot::new(call.realm.id, "tie-codes", &name);
        if hub.ephemeral.increment(&slot, WINDOW).await? > GUESSES {
            hub.record(refusal(&call, OPEN, "tie.throttled", who)).await?;
            let seconds = WINDOW.as_secs();
            return Ok(Outcome::Problem(FamilyProblem::Wait { seconds }));
        }
        let typed = form.get("code").unwrap_or_default();
        let found = match Code::typed(typed) {
            Some(code) => {
                let found = ties::open(&hub, &call.realm, who.person.id, &code).await?;
                found.map(|preview| (preview, code))
            }
            None => None,
        };
        let Some((preview, code)) = found else {
            hub.record(refusal(&call, OPEN, "tie.code", who)).await?;
            return Ok(Outcome::Problem(FamilyProblem::Code));
        };
        hub.record(entry(&call, OPEN, who)).await?;
        Ok(Outcome::Preview(Box::new(preview), code.grouped()))
    })
    .await
}

/// Accepts an invitation.
pub(super) async fn accept(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, async |form, who| {
        let Some(id) = form.get("invitation").and_then(|text| text.parse().ok()) else {
            return Ok(Outcome::Problem(FamilyProblem::Nothing));
        };
        let code = form.get("code").and_then(Code::typed);
        hub.record(entry(&call, ACCEPT, who)).await?;
        let accepted = ties::accept(&hub, &call.realm, &who.person, (id, code)).await?;
        if accepted.is_some() {
            return Ok(Outcome::Done("/account/family?done=accepted"));
        }
        hub.record(refusal(&call, ACCEPT, "tie.code", who)).await?;
        Ok(Outcome::Problem(FamilyProblem::Code))
    })
    .await
}

/// Declines an invitation that is addressed to the person.
pub(super) async fn decline(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, async |form, who| {
        hub.record(entry(&call, WITHDRAW, who)).await?;
        let id = form.get("invitation").and_then(|text| text.parse().ok());
        let gone = match id {
            Some(id) => ties::decline(&hub, &call.realm, who.person.id, id).await?,
            None => false,
        };
        Ok(gone_or_nothing(gone))
    })
    .await
}

/// Withdraws an invitation of the person's.
pub(super) async fn withdraw(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, async |form, who| {
        hub.record(entry(&call, WITHDRAW, who)).await?;
        let id = form.get("invitation").and_then(|text| text.parse().ok());
        let gone = match id {
            Some(id) => ties::withdraw(&hub, &call.realm, who.person.id, id).await?,
            None => false,
        };
        Ok(gone_or_nothing(gone))
    })
    .await
}

fn gone_or_nothing(gone: bool) -> Outcome {
    if gone {
        Outcome::Done("/account/family?done=withdrawn")
    } else {
        Outcome::Problem(FamilyProblem::Nothing)
    }
}

/// Ends a tie from either side.
pub(super) async fn end(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, async |form, who| {
        let Some(tie) = named(&hub, &call, who, form).await? else {
            return Ok(Outcome::Problem(FamilyProblem::Nothing));
        };
        let part = if tie.person == who.person.id {
            Who::Person
        } else {
            Who::Other
        };
        if !tie.may_be_ended_by(part) {
            hub.record(refusal(&call, END, "tie.by_law", who)).await?;
            return Ok(Outcome::Problem(FamilyProblem::ByLaw));
        }
        let by = match part {
            Who::Person => By::person(who.person.id),
            _ => By::family(who.person.id, tie.id),
        };
        let mut row = entry(&call, END, who).resource("tie", [tie.id.to_string()]);
        row.subject = Some(tie.person);
        hub.record(row).await?;
        let ended = ties::end(&hub, &call.realm, &tie, (part, &by)).await?;
        Ok(if ended {
            Outcome::Done("/account/family?done=ended")
        } else {
            Outcome::Problem(FamilyProblem::Nothing)
        })
    })
    .await
}

/// The tie that a form names, if the person is on either side of it.
async fn named(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<Option<Tie>, OAuthError> {
    let id: Option<TieId> = form.get("tie").and_then(|text| text.parse().ok());
    let realm = &call.realm;
    let mut all = ties::of(hub, realm, who.person.id).await?;
    all.extend(ties::toward(hub, realm, who.person.id).await?);
    Ok(all.into_iter().find(|tie| Some(tie.id) == id))
}

async fn submit(
    hub: &Hub,
    call: &Call,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<Outcome, OAuthError>,
) -> Response {
    let (view, who, form) = match posted(hub, call, ("family.form", "family.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let extra = match carry_out(&form, &who).await {
        Ok(Outcome::Done(back)) => return view.redirect(back),
        Ok(Outcome::Code(code)) => Extra {
            code: Some(code.grouped()),
            ..Extra::default()
        },
        Ok(Outcome::Preview(preview, code)) => Extra {
            typed: Some((*preview, code)),
            ..Extra::default()
        },
        Ok(Outcome::Problem(problem)) => Extra {
            problem: Some(problem),
            ..Extra::default()
        },
        Err(error) => return view.oauth_error(error),
    };
    render(hub, view, &who, extra).await
}
