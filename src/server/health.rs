//! `/healthz`, `/readyz`, `/metrics`: on any host name, for those who run the hub.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use idp::hub::Shared;
use platform::telemetry::Telemetry;
use serde_json::{Value, json};

/// A part that does not answer within this time is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the routes look at.
#[derive(Clone)]
struct Watched {
    hub: Shared,
    telemetry: Arc<Telemetry>,
}

/// The three routes.
pub fn router(hub: Shared, telemetry: Arc<Telemetry>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Watched { hub, telemetry })
}

async fn alive() -> Response {
    ([(CACHE_CONTROL, "no-store")], "alive\n").into_response()
}

async fn metrics(State(Watched { telemetry, .. }): State<Watched>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")],
        telemetry.render_metrics(),
    )
        .into_response()
}

/// Why something is not ready stands in the hub's own lines: this answer is for anybody.
async fn ready(State(Watched { hub, .. }): State<Watched>) -> Response {
    let (database, ephemeral) = tokio::join!(
        answers("database", async { hub.realms.list(None, 1).await.map(drop) }),
        answers("ephemeral", hub.ephemeral.ready()),
    );
    let (log, time) = (hub.log.ready(), hub.clock.ready());
    if let Err(reason) = &time {
        tracing::warn!(%reason, "the clock is not ready");
    }
    let all = database && ephemeral && log && time.is_ok();
    let reading = hub.clock.reading();
    let body: Value = json!({
        "ready": all,
        "database": { "ready": database },
        "log": { "ready": log },
        "ephemeral": { "ready": ephemeral },
        "clock": {
            "ready": time.is_ok(),
            "synchronisation": reading.synchronisation,
            "stratum": reading.stratum,
            "offset_micros": reading.offset_micros,
            "error_bound_micros": reading.error_bound_micros,
        },
    });
    let status = if all {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn answers<E: std::fmt::Display>(
    part: &'static str,
    asked: impl Future<Output = Result<(), E>>,
) -> bool {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::warn!(part, %error, "not ready");
            false
        }
        Err(_) => {
            tracing::warn!(part, "not ready: no answer in time");
            false
        }
    }
}
