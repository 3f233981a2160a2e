//! One of several realms of one server: process, databases and keys are the same, so that only the look-ups tell them
//! apart.

use serde_json::Value;
use url::Url;

use crate::{Actor, Party, Person, Server};

/// A realm of a server.
#[derive(Debug, Clone)]
pub struct Realm<'s> {
    server: &'s Server,
    issuer: String,
}

impl<'s> Realm<'s> {
    /// The one that a server begins with.
    pub fn first(server: &'s Server) -> Self {
        Self {
            server,
            issuer: server.issuer(),
        }
    }

    /// Another one, at another host name of the same server.
    pub fn add(server: &'s Server) -> Self {
        let issuer = format!("http://127.0.0.1:{}", server.port());
        server.musubi(&["realm", "add", "--issuer", &issuer, "--name", "Other"], "");
        Self { server, issuer }
    }

    /// Its server.
    pub fn server(&self) -> &'s Server {
        self.server
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its host name with its port.
    pub fn host(&self) -> &str {
        self.issuer.strip_prefix("http://").expect("plain HTTP")
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.issuer).parse().expect("an address")
    }

    /// Runs a command about it.
    pub fn musubi(&self, arguments: &[&str], input: &str) -> Value {
        let about = [arguments, &["--realm", self.host()]].concat();
        self.server.musubi(&about, input)
    }

    /// Makes a person whose address is known to be theirs.
    pub fn person(&self, login: &str) -> Person {
        let more = ["--email-verified", "--realm", self.host()];
        self.server.person_with(login, &more)
    }

    /// A browser in front of it.
    pub fn actor(&self) -> Actor {
        Actor::at(self.server, self.url("/"))
    }

    /// An initial access token.
    pub fn registration_token(&self) -> String {
        let made = self.musubi(&["client", "registration-token", "--uses", "1"], "");
        let token = made["initial_access_token"].as_str().expect("a token");
        self.server.secret(token);
        token.to_owned()
    }

    /// A client that registered itself.
    pub async fn party(&self, changes: Value) -> Party {
        let token = self.registration_token();
        Party::register_at(self.server, (&self.issuer, &token), changes).await
    }

    /// A client that an administrator made from a file.
    pub fn made(&self, metadata: &Value) -> Party {
        let made = self.musubi(&["client", "create", "--file", "-"], &metadata.to_string());
        if let Some(secret) = made["client_secret"].as_str() {
            self.server.secret(secret);
        }
        Party::at(self.server, &self.issuer, made)
    }
}
