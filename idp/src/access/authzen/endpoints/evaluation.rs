//! `POST /access/v1/evaluation` (§6).

use axum::extract::State;
use axum::response::Response;

use super::{MALFORMED, body, json, open, refuse};
use crate::access::authzen::model::Evaluation;
use crate::access::authzen::resolve::Asking;
use crate::http::Call;
use crate::hub::Shared;

/// Answers one question.
pub(super) async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let desk = match open(&hub, &call).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let evaluation: Evaluation = match body(&call) {
        Ok(evaluation) => evaluation,
        Err(refusal) => return refuse(&hub, &call, refusal).await,
    };
    match desk.evaluate(&evaluation).await {
        Ok(answer) => json(&hub, &call, &answer),
        Err(Asking::Malformed) => refuse(&hub, &call, MALFORMED).await,
        Err(Asking::Refused(refusal)) => refuse(&hub, &call, refusal).await,
    }
}
