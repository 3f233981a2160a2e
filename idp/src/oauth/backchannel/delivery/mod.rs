//! Telling clients of answers (CIBA §10.2, §10.3): from the database, so that a restart forgets none.
//!
//! ```text
//! answered (push: or its time over) ──▶ due ──claim──▶ answer made once, kept sealed ──post──▶ taken ──▶ forgotten
//!                                        ▲                (push only)                   │
//!                                        └──────────── pause, doubled each time ◀───────┤ not taken
//!                                                                                       └─▶ no, or too often: given up,
//!                                                                                           pushed tokens are revoked
//! ```
//!
//! Invariants: of many nodes one makes what is pushed, and every attempt posts just that; a claim that its node did not
//! live to use is over after [`CLAIM`]; tokens that nobody took carry for nobody.

mod push;
mod store;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use platform::outbound::{Limits, Message};
use serde_json::json;
use url::Url;

use self::push::Answer;
use self::store::Due;
use super::model::Delivery;
use super::store::Request;
use crate::hub::Hub;
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::oauth::telling::{Outcome, judge};
use crate::people::Person;
use crate::realms::Realm;

const PING: Action = Action::new("backchannel.ping");
const PUSH: Action = Action::new("backchannel.push");
/// How long a claim holds: longer than an attempt takes.
const CLAIM: Duration = Duration::from_secs(10);
/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often a client is told: for about four minutes, less than any answer is of use.
const TRIES: u32 = 8;
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 16 * 1024,
};

/// Whom to tell, and where.
struct Addressee {
    realm: Arc<Realm>,
    client: Arc<Client>,
    person: Arc<Person>,
    endpoint: Url,
    delivery: Delivery,
    request: Request,
    auth_req_id: String,
    authorization: HeaderValue,
}

/// Tells the clients that have something due; how many there were.
pub async fn deliver(hub: &Hub) -> Result<usize, OAuthError> {
    let now = hub.clock.now();
    let due = store::claim(&hub.store, now, now.plus(CLAIM)).await?;
    // Together: one client that does not answer keeps no other waiting.
    for told in join_all(due.iter().map(|due| tell(hub, due))).await {
        told?;
    }
    Ok(due.len())
}

async fn tell(hub: &Hub, due: &Due) -> Result<(), OAuthError> {
    let Some(to) = addressee(hub, due).await? else {
        return Ok(store::done(&hub.store, due).await?);
    };
    let answer = match to.delivery {
        Delivery::Push => match push::answer(hub, &to, due).await? {
            Some(answer) => Some(answer),
            None => return Ok(()),
        },
        Delivery::Ping | Delivery::Poll => None,
    };
    if due.tries > TRIES {
        return give_up(hub, due, &to, answer.as_ref(), "backchannel.unreachable").await;
    }
    // That it is tried is on record.
    let key = to.person.key.clone();
    hub.record(to.about(Entry::permit(due.realm, to.action(), key)))
        .await?;
    let body = match &answer {
        Some(answer) => Bytes::from(answer.body.clone()),
        None => Bytes::from(json!({ "auth_req_id": to.auth_req_id }).to_string()),
    };
    let message = Message {
        content_type: "application/json",
        headers: HeaderMap::from_iter([(AUTHORIZATION, to.authorization.clone())]),
        body,
    };
    let posted = hub
        .outbound
        .post(&to.endpoint, to.realm.reach(), LIMITS, message)
        .await;
    match judge(posted.map(|answer| answer.status)) {
        Outcome::Told => Ok(store::done(&hub.store, due).await?),
        Outcome::Refused => give_up(hub, due, &to, answer.as_ref(), "backchannel.refused").await,
        Outcome::Failed => {
            let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(due.tries));
            let next = hub.clock.now().plus(pause);
            Ok(store::postpone(&hub.store, due, next).await?)
        }
    }
}

/// `None` if there is nobody to tell any more: the client or the person is gone, or the client wants to be told no more.
async fn addressee(hub: &Hub, due: &Due) -> Result<Option<Addressee>, OAuthError> {
    let Some(realm) = hub.realms.by_id(due.realm).await? else {
        return Ok(None);
    };
    let client = hub.clients.find(&realm, &due.client_id).await?;
    let person = hub.people.by_id(&realm, due.person).await?;
    let (Some(client), Some(person)) = (client, person) else {
        return Ok(None);
    };
    let members = &client.metadata.grants;
    let endpoint = members.backchannel_client_notification_endpoint.as_deref();
    let endpoint = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
    let delivery = members
        .backchannel_token_delivery_mode
        .filter(|mode| mode.calls());
    let request = due.request(&person.key)?;
    let named = request.ping.clone();
    let (Some(endpoint), Some(delivery), Some((auth_req_id, token))) = (endpoint, delivery, named) else {
        return Ok(None);
    };
    let Ok(mut authorization) = HeaderValue::from_str(&format!("Bearer {token}")) else {
        return Ok(None);
    };
    authorization.set_sensitive(true);
    Ok(Some(Addressee {
        realm,
        client,
        person,
        endpoint,
        delivery,
        request,
        auth_req_id,
        authorization,
    }))
}

/// Nobody took it. Tokens that were to be pushed end, on record first.
async fn give_up(
    hub: &Hub,
    due: &Due,
    to: &Addressee,
    answer: Option<&Answer>,
    because: &'static str,
) -> Result<(), OAuthError> {
    let key = to.person.key.clone();
    hub.record(to.about(Entry::fault(due.realm, to.action(), because, key)))
        .await?;
    if let Some(family) = answer.and_then(|answer| answer.family) {
        hub.families
            .revoke(&to.realm, family, because, hub.clock.now())
            .await?;
    }
    Ok(store::done(&hub.store, due).await?)
}

impl Addressee {
    const fn action(&self) -> Action {
        match self.delivery {
            Delivery::Push => PUSH,
            Delivery::Ping | Delivery::Poll => PING,
        }
    }

    fn about(&self, entry: Entry) -> Entry {
        entry.subject(self.person.id).client(self.client.id.clone())
    }
}
