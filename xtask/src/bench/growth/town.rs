//! The people whom a hub was seeded with, asked for over its API.

use anyhow::{Context, Result, ensure};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::bench::connection::{self, Connection, Template};
use crate::bench::hub::Hub;
use crate::bench::parties::Client;

/// Somebody with a token who asks the API.
pub(super) struct Desk {
    connection: Connection,
    bearer: HeaderValue,
}

impl Desk {
    /// A service with these scopes.
    pub(super) async fn open(hub: &Hub<'_>, scope: &str) -> Result<Self> {
        let token = Client::service(hub, scope)?.own_token(hub).await?;
        Ok(Self {
            connection: Connection::open(hub.address).await?,
            bearer: HeaderValue::from_str(&format!("Bearer {token}"))?,
        })
    }

    /// A request to read something.
    pub(super) fn get(&self, path: &str) -> Result<Template> {
        Ok(self.with(connection::get(path)?))
    }

    /// A request with a body.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Template> {
        Ok(self.with(connection::post_json(path, body)?))
    }

    fn with(&self, mut request: Template) -> Template {
        request.headers_mut().insert(AUTHORIZATION, self.bearer.clone());
        request
    }

    /// Sends it.
    pub(super) async fn ask(&mut self, request: Template) -> Result<Value> {
        let answer = self.connection.send(request).await?;
        ensure!(answer.status.is_success(), "{answer}");
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The number of the person at a place among the seeded.
    pub(super) async fn number(&mut self, place: u64) -> Result<String> {
        let email = format!("p{place:07}@seed.example.jp");
        let request = self.post("/api/v1/people/search", &json!({ "email": email }))?;
        let found = self.ask(request).await?;
        let number = found.pointer("/items/0/number").and_then(Value::as_str);
        Ok(number.with_context(|| format!("nobody is {email}"))?.to_owned())
    }
}

/// `count` places spread over 1 to `size`, in an order that visits far ones after each other.
pub(super) fn places(size: u64, count: u64) -> impl Iterator<Item = u64> {
    // A prime step; the order is the same in every run.
    (0..count).map(move |turn| (turn * 7_368_787) % size + 1)
}
