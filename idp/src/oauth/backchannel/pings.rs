//! Telling clients that there is an answer (CIBA §10.2): from the database, so that a restart forgets none.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use platform::outbound::{Limits, Message};
use serde_json::json;
use url::Url;

use super::store::Ping;
use crate::hub::Hub;
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;

const PING: Action = Action::new("backchannel.ping");
/// After which a ping that was not taken is tried again.
const AGAIN: Duration = Duration::from_secs(20);
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 16 * 1024,
};

/// Tells the clients whose requests were answered; how many there were.
pub async fn deliver(hub: &Hub) -> Result<usize, OAuthError> {
    let now = hub.clock.now();
    let due = hub.backchannel.due_pings(now, now.plus(AGAIN)).await?;
    // Together: one client that does not answer keeps no other waiting.
    for outcome in join_all(due.iter().map(|ping| tell_once(hub, ping))).await {
        outcome?;
    }
    Ok(due.len())
}

async fn tell_once(hub: &Hub, ping: &Ping) -> Result<(), OAuthError> {
    if tell(hub, ping).await? {
        hub.backchannel.pinged(ping).await?;
    }
    Ok(())
}

/// Tells one; whether it was taken. That it was tried is on record.
async fn tell(hub: &Hub, ping: &Ping) -> Result<bool, OAuthError> {
    let Some(realm) = hub.realms.by_id(ping.realm).await? else {
        return Ok(true);
    };
    let client = hub.clients.find(&realm, &ping.client_id).await?;
    let person = hub.people.by_id(&realm, ping.person).await?;
    let (Some(client), Some(person)) = (client, person) else {
        return Ok(true);
    };
    let endpoint = client
        .metadata
        .grants
        .backchannel_client_notification_endpoint
        .as_deref();
    let Some(endpoint) = endpoint.and_then(|endpoint| Url::parse(endpoint).ok()) else {
        return Ok(true);
    };
    let Some((auth_req_id, token)) = ping.open(&person.key)? else {
        return Ok(true);
    };
    let Ok(mut authorization) = HeaderValue::from_str(&format!("Bearer {token}")) else {
        return Ok(true);
    };
    authorization.set_sensitive(true);
    let mut entry = Entry::permit(realm.id, PING, person.key.clone()).client(client.id.clone());
    entry.subject = Some(person.id);
    hub.record(entry).await?;
    let message = Message {
        content_type: "application/json",
        headers: HeaderMap::from_iter([(AUTHORIZATION, authorization)]),
        body: Bytes::from(json!({ "auth_req_id": auth_req_id }).to_string()),
    };
    let answer = hub.outbound.post(&endpoint, realm.reach(), LIMITS, message).await;
    // 204 is the standard's, and any other success, or a refusal, is an answer all the same (§10.2).
    Ok(answer.is_ok_and(|answer| !answer.status.is_server_error()))
}
