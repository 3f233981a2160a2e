//! `GET /api/v1/clock`: how well the node that answers knows the time (requirement H17).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::clock::Status;
use utoipa::ToSchema;

use super::answer::{Refused, json};
use super::desk::Desk;
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;

const READ: Action = Action::new("clock.read");

/// The clock of the node, with every server that it asks. Times are in microseconds since the Unix epoch.
#[derive(Debug, ToSchema)]
#[schema(as = Clock)]
#[expect(dead_code, reason = "it describes platform::clock::Status")]
struct ClockStatus {
    /// The best estimate of the time.
    at: i64,
    /// True time is not before this.
    earliest: i64,
    /// True time is not after this.
    latest: i64,
    /// Correction of the system's clock since the start.
    offset_micros: i64,
    /// Half the width of the interval.
    error_bound_micros: i64,
    /// Stratum (RFC 5905 §7.3); 16 if there is no source.
    stratum: u8,
    /// The server that the reading rests on.
    source: String,
    /// `synchronised`, `holdover` or `unsynchronised`.
    synchronisation: String,
    /// Why the node is not ready because of its clock, if it is not.
    not_ready: Option<String>,
    /// How many servers must agree.
    majority: usize,
    /// Every configured server.
    #[schema(value_type = Vec<Object>)]
    servers: Vec<serde_json::Value>,
}

/// Reads the clock of the node that answers. It is the hub's, so it is for the realm that governs the hub.
#[utoipa::path(
    get, path = "/api/v1/clock", tag = "hub", security(("token" = ["musubi:realms.read"])),
    responses((status = 200, description = "The clock", body = ClockStatus), Refused),
)]
pub(super) async fn read(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, READ, scope::REALMS_READ).await {
        Ok(desk) => desk.finish(show(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>) -> Result<Response, Refusal> {
    desk.no_body()?;
    desk.record(desk.permit().resource("clock", [])).await?;
    let status: Status = desk.hub.clock.status();
    json(StatusCode::OK, &status)
}
