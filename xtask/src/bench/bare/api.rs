//! Its routes: one that does nothing, one that hashes and does nothing else.

use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::hashing::{self, Hashing};

/// As long as the answer of a token endpoint.
const ANSWER: &str = concat!(
    r#"{"access_token":"eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IlJFRkVSRU5DRSJ9."#,
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    r#"","token_type":"Bearer","expires_in":300,"scope":"bench:x"}"#,
);

pub(super) async fn serve(address: SocketAddr) -> Result<()> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/oauth/token", post(token))
        .route("/hash", post(hash))
        .with_state(hashing::start()?);
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // A socket that refuses this is about to be closed anyway.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn token(_body: Bytes) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")],
        ANSWER,
    )
}

async fn hash(State(hashing): State<Hashing>, body: Bytes) -> (StatusCode, &'static str) {
    let (reply, answer) = oneshot::channel();
    if hashing.send((body, reply)).is_ok() && answer.await.is_ok() {
        (StatusCode::OK, "hashed")
    } else {
        (StatusCode::INTERNAL_SERVER_ERROR, "not hashed")
    }
}
