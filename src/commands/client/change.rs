//! What is there, and what is changed of it: `musubi client list|show|update|secret|remove`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use idp::log::Action;
use idp::oauth::Clients;
use idp::oauth::clients::{Client, Registration};
use idp::realms::Realm;
use platform::clock::Instant;
use serde_json::{Value, json};

use super::{named, read};
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const LIST: Action = Action::new("client.list");
const READ: Action = Action::new("client.read");
const UPDATE: Action = Action::new("client.update");
const SECRET: Action = Action::new("client.secret");
const REMOVE: Action = Action::new("client.remove");

/// Clients read at a time.
const PAGE: u32 = 200;

fn document(client: &Client) -> anyhow::Result<Value> {
    let mut document = serde_json::to_value(&client.metadata)?;
    let members = document.as_object_mut().context("metadata is an object")?;
    members.insert("client_id".to_owned(), Value::from(client.id.clone()));
    members.insert("self_registered".to_owned(), Value::from(client.self_registered));
    members.insert("policy".to_owned(), Value::from(client.policy.clone()));
    if let Value::Object(standing) = serde_json::to_value(&client.standing)? {
        members.extend(standing);
    }
    Ok(document)
}

/// Lists all.
pub(super) async fn list(hub: &Installation, realm: &Realm, output: Output) -> anyhow::Result<()> {
    record::append(hub, record::entry(realm, LIST)).await?;
    let clients = Clients::new(hub.store.clone());
    let (mut after, mut lines, mut documents) = (String::new(), Vec::new(), Vec::new());
    loop {
        let page = clients.list(realm, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for client in &page {
            lines.push(format!("{}  {}", client.id, client.name_in("en")));
            documents.push(document(client)?);
        }
    }
    output.answer(&lines.join("\n"), &Value::Array(documents))?;
    Ok(())
}

/// Shows one.
pub(super) async fn show(
    hub: &Installation,
    realm: &Realm,
    client_id: &str,
    output: Output,
) -> anyhow::Result<()> {
    let client = named(&Clients::new(hub.store.clone()), realm, client_id).await?;
    let entry = record::entry(realm, READ).resource("client", [client.id.clone()]);
    record::append(hub, entry).await?;
    let document = document(&client)?;
    output.answer(&serde_json::to_string_pretty(&document)?, &document)?;
    Ok(())
}

/// Replaces what is known of one.
pub(super) async fn update(
    hub: &Installation,
    realm: &Realm,
    client_id: &str,
    file: &Path,
    output: Output,
) -> anyhow::Result<()> {
    let clients = Clients::new(hub.store.clone());
    let client = named(&clients, realm, client_id).await?;
    let (metadata, standing) = read(hub, realm, file).await?;
    ensure!(
        !(client.self_registered && standing.as_ref().is_some_and(|standing| standing.first_party)),
        "a client that can change its own registration is no first party"
    );
    ensure!(
        client.metadata.has_same_subjects(&metadata),
        "subject_type and the sector of pairwise subjects do not change; make a new client"
    );
    let entry = record::entry(realm, UPDATE)
        .resource("client", [client.id.clone()])
        .detail("scope", metadata.scope.clone())
        .detail(
            "first_party",
            standing.as_ref().map(|standing| standing.first_party),
        );
    record::append(hub, entry).await?;
    let new = Registration {
        standing,
        ..Registration::of(&metadata)
    };
    let updated = clients
        .update(realm, &hub.entropy, hub.clock.now(), &client, new)
        .await?;
    let updated = updated.context("the client was removed meanwhile")?;
    let mut document = document(&updated.client)?;
    let mut people = format!("client_id:     {}", updated.client.id);
    if let Some(secret) = updated.secret {
        output.remark("The new secret is shown only this once.");
        people.push_str("\nclient_secret: ");
        people.push_str(&secret);
        let members = document.as_object_mut().context("metadata is an object")?;
        members.insert("client_secret".to_owned(), Value::from(secret));
    }
    output.answer(&people, &document)?;
    Ok(())
}

/// Gives one a new secret.
pub(super) async fn secret(
    hub: &Installation,
    realm: &Realm,
    client_id: &str,
    (overlap_hours, days): (u64, Option<u64>),
    output: Output,
) -> anyhow::Result<()> {
    let clients = Clients::new(hub.store.clone());
    let client = named(&clients, realm, client_id).await?;
    if client.secrets.current.is_none() {
        bail!("the client has no secret");
    }
    let entry = record::entry(realm, SECRET)
        .resource("client", [client.id.clone()])
        .detail("overlap_hours", overlap_hours);
    record::append(hub, entry).await?;
    let times = (
        Duration::from_hours(overlap_hours),
        days.map(|days| Duration::from_hours(days.saturating_mul(24))),
    );
    let changed = clients
        .change_secret(realm, &hub.entropy, hub.clock.now(), &client, times)
        .await?;
    let changed = changed.context("somebody else has just changed the secret")?;
    output.remark(&format!(
        "The secret is shown only this once; the one before is good until {}.",
        changed.former_ends.to_rfc3339()
    ));
    let document = json!({
        "client_id": client.id,
        "client_secret": changed.secret,
        "client_secret_expires_at": changed.ends.map_or(0, Instant::as_seconds),
        "former_secret_expires_at": changed.former_ends.as_seconds(),
    });
    output.answer(&changed.secret, &document)?;
    Ok(())
}

/// Removes one.
pub(super) async fn remove(
    hub: &Installation,
    realm: &Realm,
    client_id: &str,
    output: Output,
) -> anyhow::Result<()> {
    let clients = Clients::new(hub.store.clone());
    let client = named(&clients, realm, client_id).await?;
    let entry = record::entry(realm, REMOVE).resource("client", [client.id.clone()]);
    record::append(hub, entry).await?;
    clients.remove(realm, &client.id, hub.clock.now()).await?;
    output.answer(
        "The client is gone.",
        &json!({"client_id": client.id, "removed": true}),
    )?;
    Ok(())
}
