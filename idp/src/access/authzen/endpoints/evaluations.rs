//! `POST /access/v1/evaluations` (§7).

use axum::extract::State;
use axum::response::Response;
use serde_json::json as value;

use super::{MALFORMED, body, json, open, refuse};
use crate::access::authzen::model::{Answer, Evaluation, Evaluations, MOST};
use crate::access::authzen::resolve::{Asking, Desk};
use crate::admin::Refusal;
use crate::http::Call;
use crate::hub::Shared;

/// Answers many questions; without `evaluations`, or with none in it, the one that the defaults make (§7.1).
pub(super) async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let desk = match open(&hub, &call).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let asked: Evaluations = match body(&call) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(&hub, &call, refusal).await,
    };
    let answered = match asked.each.as_deref() {
        None | Some([]) => match desk.evaluate(&asked.defaults).await {
            Ok(answer) => return json(&hub, &call, &answer),
            Err(Asking::Malformed) => Err(MALFORMED),
            Err(Asking::Refused(refusal)) => Err(refusal),
        },
        Some(all) if all.len() > MOST => Err(MALFORMED),
        Some(all) => each(&desk, &asked, all).await,
    };
    match answered {
        Ok(answers) => json(&hub, &call, &value!({"evaluations": answers})),
        Err(refusal) => refuse(&hub, &call, refusal).await,
    }
}

async fn each(
    desk: &Desk<'_>,
    asked: &Evaluations,
    all: &[serde_json::Value],
) -> Result<Vec<Answer>, Refusal> {
    let mut answers = Vec::with_capacity(all.len());
    for one in all {
        let answer = match serde_json::from_value::<Evaluation>(one.clone()) {
            Err(_) => Answer::malformed(),
            Ok(evaluation) => match desk.evaluate(&evaluation.or(&asked.defaults)).await {
                Ok(answer) => answer,
                Err(Asking::Malformed) => Answer::malformed(),
                Err(Asking::Refused(refusal)) => return Err(refusal),
            },
        };
        let last = asked.options.evaluations_semantic.ends_with(answer.decision);
        answers.push(answer);
        if last {
            break;
        }
    }
    Ok(answers)
}
