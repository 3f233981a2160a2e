//! Posts logout tokens to clients (OpenID Connect Back-Channel Logout 1.0 §2.5), beside the requests that the hub answers.
//!
//! Each client that has something due gets a lane of its own, in which one token follows another; a client that does not
//! answer ends its lane, and the next look opens it again when something is due. Rows that a node claimed when it died are
//! due again when the claim is over.

mod store;
mod token;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use platform::outbound::{Limits, Message, OutboundError};
use url::Url;

use self::store::{Claimed, DueClient, claim, due, forget, postpone};
use self::token::logout_token;
use super::model::{Then, after};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::oauth::telling::{Outcome, judge};
use crate::realms::Realm;

const TELL: Action = Action::new("logout.tell");

/// Between two looks for what is due.
const PAUSE: Duration = Duration::from_secs(1);
/// Clients that are told at one time.
const LANES: usize = 256;
/// Clients that one look finds at the most; more than there are lanes, so that those under way hide nobody.
const SEEN: u32 = 1024;
/// What a client may take.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    bytes: 16 * 1024,
};
/// How long a claim holds: longer than an attempt takes.
const CLAIM: Duration = Duration::from_secs(20);

type Lanes = Arc<Mutex<HashSet<DueClient>>>;

/// Tells clients for ever.
pub async fn tell(hub: Shared) {
    let lanes = Lanes::default();
    loop {
        match due(&hub.store, hub.clock.now(), SEEN).await {
            Ok(clients) => {
                for client in clients {
                    open(&hub, &lanes, client);
                }
            }
            Err(error) => tracing::warn!(%error, "nobody can be told of sign-outs now"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn open(hub: &Shared, lanes: &Lanes, client: DueClient) {
    let mut open = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    if open.len() >= LANES || !open.insert(client.clone()) {
        return;
    }
    let (hub, lane) = (hub.clone(), Lane(lanes.clone(), client));
    tokio::spawn(async move {
        if let Err(error) = lane.run(&hub).await {
            tracing::warn!(%error, "a client could not be told of a sign-out now");
        }
    });
}

/// One client's, closed however it ends.
struct Lane(Lanes, DueClient);

impl Drop for Lane {
    fn drop(&mut self) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&self.1);
    }
}

impl Lane {
    async fn run(&self, hub: &Hub) -> Result<(), OAuthError> {
        let client = &self.1;
        loop {
            let now = hub.clock.now();
            let Some(claimed) = claim(&hub.store, client, now, now.plus(CLAIM)).await? else {
                return Ok(());
            };
            match attempt(hub, client, &claimed).await? {
                Then::Done => forget(&hub.store, client, &claimed).await?,
                Then::GiveUp => {
                    forget(&hub.store, client, &claimed).await?;
                    return Ok(());
                }
                Then::Again(next) => {
                    postpone(&hub.store, client, &claimed, next).await?;
                    return Ok(());
                }
            }
        }
    }
}

/// Tells a client once. What is the last of it is on record before the row goes.
async fn attempt(hub: &Hub, due: &DueClient, claimed: &Claimed) -> Result<Then, OAuthError> {
    // A client that is gone, or wants to be told no more, has nothing to be told.
    let Some(realm) = hub.realms.by_id(due.realm).await? else {
        return Ok(Then::Done);
    };
    let Some(client) = hub.clients.find(&realm, &due.client_id).await? else {
        return Ok(Then::Done);
    };
    let Some(address) = client.metadata.logout.backchannel_logout_uri.as_deref() else {
        return Ok(Then::Done);
    };
    let token = logout_token(hub, &realm, &client, claimed).await?;
    let answer = post(hub, &realm, address, &token).await;
    let outcome = judge(answer);
    let label = match outcome {
        Outcome::Told => "told",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
    };
    metrics::counter!("musubi_back_channel_logouts_total", "outcome" => label).increment(1);
    let then = after(outcome, claimed.attempts, claimed.ended_at, hub.clock.now());
    match (outcome, then) {
        (Outcome::Told, _) => record(hub, &realm, &client, claimed, None).await?,
        (_, Then::GiveUp) => {
            metrics::counter!("musubi_back_channel_logouts_total", "outcome" => "given_up").increment(1);
            let reason = match outcome {
                Outcome::Refused => "logout.refused",
                _ => "logout.unreachable",
            };
            record(hub, &realm, &client, claimed, Some(reason)).await?;
        }
        _ => {
            let status = answer.as_ref().map(StatusCode::as_u16).unwrap_or_default();
            let error = answer.as_ref().err().map(ToString::to_string);
            tracing::info!(
                client = client.id,
                attempts = claimed.attempts,
                status,
                error,
                "a client was not told of a sign-out yet"
            );
        }
    }
    Ok(then)
}

async fn post(hub: &Hub, realm: &Realm, address: &str, token: &str) -> Result<StatusCode, OutboundError> {
    let url = Url::parse(address).map_err(|_| OutboundError::Url)?;
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("logout_token", token)
        .finish();
    let message = Message {
        content_type: "application/x-www-form-urlencoded",
        headers: HeaderMap::new(),
        body: Bytes::from(body),
    };
    let answer = hub.outbound.post(&url, realm.reach(), LIMITS, message).await?;
    Ok(answer.status)
}

/// A row of the access log about the person whose session it was.
async fn record(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    claimed: &Claimed,
    reason: Option<&'static str>,
) -> Result<(), OAuthError> {
    let person = hub.people.by_id(realm, claimed.person).await?;
    let key = person.map_or_else(|| realm.keys.data.clone(), |person| person.key.clone());
    let entry = match reason {
        None => Entry::permit(realm.id, TELL, key),
        Some(reason) => Entry::fault(realm.id, TELL, reason, key),
    };
    let entry = entry
        .subject(claimed.person)
        .session(claimed.sid)
        .client(client.id.clone());
    hub.record(entry).await
}
