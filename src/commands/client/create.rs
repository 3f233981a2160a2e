//! `musubi client create`.

use std::path::Path;

use anyhow::Context as _;
use idp::log::Action;
use idp::oauth::Clients;
use idp::oauth::clients::{Metadata, Registration};
use idp::realms::Realm;
use platform::clock::Instant;
use serde_json::{Value, json};

use super::read;
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const CREATE: Action = Action::new("client.create");

/// What the client is made from.
pub(super) enum Source<'a> {
    File(&'a Path),
    /// A service with a name and scopes.
    Service(&'a str, &'a str),
}

impl<'a> Source<'a> {
    pub(super) fn of(
        file: Option<&'a Path>,
        name: Option<&'a str>,
        scope: Option<&'a str>,
    ) -> anyhow::Result<Self> {
        match (file, name, scope) {
            (Some(file), ..) => Ok(Self::File(file)),
            (None, Some(name), Some(scope)) => Ok(Self::Service(name, scope)),
            _ => anyhow::bail!("give --file, or --name and --scope"),
        }
    }
}

/// Makes it, and prints its id and its secret.
pub(super) async fn make(
    hub: &Installation,
    realm: &Realm,
    source: Source<'_>,
    output: Output,
) -> anyhow::Result<()> {
    let (metadata, standing) = match source {
        Source::File(file) => read(hub, realm, file).await?,
        Source::Service(name, scope) => (service(realm, name, scope)?, None),
    };
    let entry = record::entry(realm, CREATE)
        .detail("client_name", metadata.about.client_name.clone())
        .detail("scope", metadata.scope.clone())
        .detail(
            "first_party",
            standing.as_ref().is_some_and(|standing| standing.first_party),
        );
    record::append(hub, entry).await?;
    let clients = Clients::new(hub.store.clone());
    let new = Registration {
        standing,
        ..Registration::of(&metadata)
    };
    let made = clients.enter(realm, &hub.entropy, hub.clock.now(), new).await?;
    let mut document = serde_json::to_value(&made.client.metadata)?;
    let members = document.as_object_mut().context("metadata is an object")?;
    members.insert("client_id".to_owned(), Value::from(made.client.id.clone()));
    members.insert("scope".to_owned(), Value::from(made.client.scope.to_string()));
    members.insert(
        "token_endpoint".to_owned(),
        Value::from(realm.url("/oauth/token")),
    );
    let mut people = format!("client_id:     {}", made.client.id);
    if let Some(secret) = &made.secret {
        output.remark("The secret is shown only this once.");
        people.push_str("\nclient_secret: ");
        people.push_str(secret);
        let ends = made.client.secrets.current.and_then(|secret| secret.ends);
        members.insert("client_secret".to_owned(), Value::from(secret.clone()));
        members.insert(
            "client_secret_expires_at".to_owned(),
            Value::from(ends.map_or(0, Instant::as_seconds)),
        );
    }
    output.answer(&people, &document)?;
    Ok(())
}

fn service(realm: &Realm, name: &str, scope: &str) -> anyhow::Result<Metadata> {
    let metadata = json!({
        "client_name": name,
        "scope": scope,
        "grant_types": ["client_credentials"],
        "response_types": [],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "ES256",
    });
    Ok(Metadata::from_json(&metadata, realm.secure)?)
}
