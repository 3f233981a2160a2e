//! `GET /account/consents`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::lines::{Named, named, organisation, person};
use super::whose::{Ward, Whose, enter_for, wards};
use crate::access::{emergency, is_licensed, standings};
use crate::consent::{self, ConsentError, Level, Origin};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::pages::{
    ConsentLine, ConsentNotice, ConsentProblem, Consents, EmergencyLine, Form, Moment, RuleLine, WardLine,
};
use crate::signin::{SignedIn, asks_password};

/// Shows what applies.
pub(in crate::account::endpoints) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, whose) = match enter_for(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = whose.read(&hub, &call, &who, "consents").await {
        return view.oauth_error(error);
    }
    render(&hub, view, (&who, &whose), None).await
}

struct Shown {
    ask_password: bool,
    level: Option<Level>,
    consents: Vec<Named>,
    emergencies: Vec<Told>,
    may_declare: bool,
    wards: Vec<Ward>,
}

async fn gather(hub: &Hub, view: &View<'_>, (who, whose): (&SignedIn, &Whose)) -> Result<Shown, OAuthError> {
    let call = view.call;
    let kept = consent::list(hub, &call.realm, &whose.person).await?;
    let (mut level, mut consents) = (None, Vec::new());
    for one in kept.iter().filter(|one| one.is_active()) {
        if one.origin == Origin::Level {
            let rules = one.rules().map_err(ConsentError::from)?;
            level = level.or(Level::of(&rules));
        }
        consents.push(named(hub, view, whose, one).await?);
    }
    let ask_password = asks_password(hub, call, who).await?;
    if whose.ward().is_some() {
        return Ok(Shown {
            emergencies: Vec::new(),
            may_declare: false,
            wards: Vec::new(),
            ask_password,
            level: None,
            consents,
        });
    }
    let emergencies = emergency_lines(hub, view, who).await?;
    let theirs = standings(hub, &call.realm, who.person.id).await?;
    Ok(Shown {
        emergencies,
        may_declare: theirs
            .iter()
            .any(|one| one.occupation.as_deref().is_some_and(is_licensed)),
        wards: wards(hub, call, who).await?,
        ask_password,
        level,
        consents,
    })
}

/// An emergency about the reader, with the names of who declared it and where.
struct Told {
    place: String,
    name: String,
    row: emergency::Told,
}

async fn emergency_lines(hub: &Hub, view: &View<'_>, who: &SignedIn) -> Result<Vec<Told>, OAuthError> {
    let realm = &view.call.realm;
    let mut lines = Vec::new();
    for told in emergency::about(hub, realm, &who.person).await? {
        lines.push(Told {
            place: organisation(hub, realm, told.organisation).await?,
            name: person(hub, realm, told.actor).await?,
            row: told,
        });
    }
    Ok(lines)
}

/// The page, with what went wrong.
pub(super) async fn render(
    hub: &Hub,
    view: View<'_>,
    (who, whose): (&SignedIn, &Whose),
    problem: Option<ConsentProblem>,
) -> Response {
    let shown = match gather(hub, &view, (who, whose)).await {
        Ok(shown) => shown,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let rules: Vec<Vec<RuleLine<'_>>> = shown.consents.iter().map(|one| one.rules(whose.ward())).collect();
    let lines = shown.consents.iter().zip(&rules);
    let lines: Vec<ConsentLine<'_>> = lines.map(|(one, rules)| one.line(rules, whose.ward())).collect();
    let emergencies: Vec<EmergencyLine<'_>> = shown
        .emergencies
        .iter()
        .map(|one| EmergencyLine {
            place: &one.place,
            name: &one.name,
            at: Moment(one.row.at.as_micros()),
            until: Moment(one.row.until.as_micros()),
            reason: &one.row.reason,
        })
        .collect();
    let leads = whose.links();
    let withdraw = whose.link("/account/consents/withdraw");
    let wards: Vec<WardLine<'_>> = shown.wards.iter().map(Ward::line).collect();
    let page = Consents {
        frame: view.frame(&leads.list),
        whose: whose.shown(&leads),
        wards: &wards,
        done: if problem.is_none() { done(view.call) } else { None },
        problem,
        ask_password: shown.ask_password,
        level: shown.level,
        choose: posting("/account/consents/level", &csrf),
        consents: &lines,
        withdraw: posting(&withdraw, &csrf),
        emergencies: &emergencies,
        may_declare: shown.may_declare,
    };
    let html = page.render(&view.texts);
    view.page(status(problem), html)
}

fn posting<'a>(action: &'a str, csrf: &'a str) -> Form<'a> {
    Form {
        action,
        csrf,
        hidden: &[],
    }
}

/// The status of a page with a problem in it.
pub(super) fn status(problem: Option<ConsentProblem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(ConsentProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(ConsentProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    }
}

fn done(call: &Call) -> Option<ConsentNotice> {
    match call.query().ok()?.get("done")? {
        "given" => Some(ConsentNotice::Given),
        "withdrawn" => Some(ConsentNotice::Withdrawn),
        "level" => Some(ConsentNotice::Level),
        _ => None,
    }
}
