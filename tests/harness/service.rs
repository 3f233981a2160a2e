//! A service that calls the hub's own API with a token of its own.

use reqwest::Method;
use serde_json::Value;

use crate::{Party, Server, party};

/// A service with an access token.
pub struct Service<'a> {
    server: &'a Server,
    token: String,
}

/// What the API answered.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Answered {
    /// The body; null if it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The stable id of the problem that it is.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.replace("urn:musubi:problem:", "")
    }

    /// A header, empty if it is not there.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// Says that it went well, and gives its JSON.
    pub fn good(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.json()
    }
}

impl<'a> Service<'a> {
    /// One made by the command line, with a token for `scope`.
    pub async fn with(server: &'a Server, scope: &str) -> Self {
        let party = Party::service(server, scope);
        let reply = party.token(&[("grant_type", "client_credentials")]).await.good();
        Self::bearing(server, reply.text("access_token"))
    }

    /// Whoever has this token.
    pub fn bearing(server: &'a Server, token: &str) -> Self {
        Self {
            server,
            token: token.to_owned(),
        }
    }

    /// Calls with headers of the caller's choice.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answered {
        let mut request = party::http()
            .request(method, self.server.url(path))
            .header("host", format!("localhost:{}", self.server.port()))
            .bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        Answered {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            text: answer.text().await.unwrap(),
        }
    }

    /// Calls; the status and the body.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
        let answer = self.send(method, path, &[], body).await;
        (answer.status, answer.text)
    }

    /// Calls; it must go well. Gives the JSON.
    pub async fn json(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        self.send(method, path, &[], body).await.good()
    }

    /// The number of the person with this login name.
    pub async fn number_of(&self, login: &str) -> String {
        let found = self
            .json(
                Method::POST,
                "/api/v1/people/search",
                Some(serde_json::json!({"login": login})),
            )
            .await;
        found["items"][0]["number"].as_str().expect("a number").to_owned()
    }
}
