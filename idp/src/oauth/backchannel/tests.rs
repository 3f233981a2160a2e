//! What is pushed, when, and how often, on a hub whose clock stands still, with a client that listens on loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::database::testing::BACKENDS;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::values;
use serde_json::{Value, json};

use super::{NewRequest, PLACE, Request, deliver};
use crate::ids::SessionId;
use crate::oauth::Scope;
use crate::oauth::clients::{Client, Metadata};
use crate::oauth::consents::Recipient;
use crate::people::Person;
use crate::testing::House;

/// A client's place that answers 204, and what it was sent.
fn listener() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://127.0.0.1:{}/push", listener.local_addr().unwrap().port());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let shared = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            let body = loop {
                let count = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&request);
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
                if let Some(body) = body.and_then(|body| serde_json::from_str(&body).ok()) {
                    break body;
                }
            };
            shared.lock().unwrap().push(body);
            let answer = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, heard)
}

struct Counter {
    house: House,
    client: Client,
    person: Person,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Counter {
    async fn new(backend: Backend) -> Self {
        let house = House::on(backend, 1000).await;
        let (address, heard) = listener();
        let metadata = json!({
            "grant_types": ["urn:openid:params:grant-type:ciba", "refresh_token"],
            "response_types": [],
            "id_token_signed_response_alg": "ES256",
            "backchannel_token_delivery_mode": "push",
            "backchannel_client_notification_endpoint": address,
        });
        let metadata = Metadata::from_json(&metadata, false).unwrap();
        let hub = &house.hub;
        let registered = hub
            .clients
            .register(&house.realm, &hub.entropy, hub.clock.now(), &metadata, false)
            .await;
        let client = registered.unwrap().client;
        let (person, _) = house.person("hanako", "correct horse battery staple").await;
        Self {
            house,
            client,
            person,
            heard,
        }
    }

    /// Asks, and lets the person answer in a session of then.
    async fn ask(&self, allow: Option<bool>) -> Option<SessionId> {
        let (hub, realm) = (&self.house.hub, &self.house.realm);
        let now = hub.clock.now();
        let scope = Scope::parse("openid profile").unwrap();
        let new = NewRequest {
            client_id: &self.client.id,
            person: &self.person,
            request: Request {
                scope: scope.clone(),
                binding_message: None,
                acr_values: Vec::new(),
                ping: Some((String::new(), "token".to_owned())),
            },
            now,
            expires_at: now.plus(Duration::from_mins(1)),
            tells_of_end: true,
        };
        hub.backchannel.begin(realm, &hub.entropy, new).await.unwrap();
        let allow = allow?;
        let hash = hub
            .passwords
            .hash_of(realm, self.person.id)
            .await
            .unwrap()
            .unwrap();
        let prepared = hub
            .sessions
            .prepare(realm, &self.person, "pwd", None, "192.0.2.1")
            .unwrap();
        let sid = prepared.session.sid;
        hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
        if allow {
            let recipient = Recipient {
                client_id: self.client.id.clone(),
                place: PLACE.to_owned(),
            };
            hub.consents
                .grant(realm, self.person.id, (&recipient, "s".to_owned()), &scope, now)
                .await
                .unwrap();
        }
        let waiting = hub.backchannel.pending(realm, &self.person, now).await.unwrap();
        let session = allow.then_some((sid, now));
        let answered = hub
            .backchannel
            .answer(realm, self.person.id, waiting[0].id, session, (now, true));
        assert!(answered.await.unwrap());
        Some(sid)
    }

    fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    async fn families(&self) -> i64 {
        #[derive(FromQueryResult)]
        struct Count {
            count: i64,
        }
        let sql = "SELECT count(*) AS count FROM token_family WHERE revoked_at IS NULL";
        let row: Option<Count> = self.house.hub.store.fetch_optional(sql, values![]).await.unwrap();
        row.unwrap().count
    }
}

#[tokio::test]
async fn of_many_nodes_that_push_at_once_one_pushes_and_there_are_tokens_once() {
    for backend in BACKENDS {
        let counter = Counter::new(backend).await;
        counter.ask(Some(true)).await;
        let nodes = (0..8).map(|_| {
            let hub = counter.house.hub.clone();
            tokio::spawn(async move { deliver(&hub).await.unwrap() })
        });
        let mut claimed = 0;
        for node in nodes.collect::<Vec<_>>() {
            claimed += node.await.unwrap();
        }
        assert_eq!(claimed, 1);
        counter.house.time.advance(Duration::from_mins(10));
        assert_eq!(deliver(&counter.house.hub).await.unwrap(), 0, "it was taken");
        let heard = counter.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0]["access_token"].is_string() && heard[0]["refresh_token"].is_string());
        assert_eq!(counter.families().await, 1);
    }
}

#[tokio::test]
async fn who_allowed_it_and_signed_out_before_tokens_were_made_gives_none() {
    let counter = Counter::new(Backend::Sqlite).await;
    let sid = counter.ask(Some(true)).await.unwrap();
    let (hub, realm) = (&counter.house.hub, &counter.house.realm);
    hub.sessions.end(realm, counter.person.id, sid).await.unwrap();
    deliver(hub).await.unwrap();
    let heard = counter.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0]["error"], "transaction_failed", "{heard:?}");
    assert!(heard[0]["auth_req_id"].is_string() && heard[0].get("access_token").is_none());
    assert_eq!(counter.families().await, 0);
}

#[tokio::test]
async fn a_person_who_does_not_answer_is_pushed_as_expired_and_one_who_says_no_as_denied() {
    let counter = Counter::new(Backend::Sqlite).await;
    let hub = &counter.house.hub;
    counter.ask(None).await;
    assert_eq!(deliver(hub).await.unwrap(), 0, "there is time");
    counter.house.time.advance(Duration::from_mins(1));
    // What is over is deleted, but not before its client was told.
    crate::expiry::delete(&hub.store, hub.clock.now()).await.unwrap();
    deliver(hub).await.unwrap();
    assert_eq!(counter.heard()[0]["error"], "expired_token");
    let gone = crate::expiry::delete(&hub.store, hub.clock.now()).await.unwrap();
    assert!(gone >= 1);
    counter.ask(Some(false)).await;
    deliver(hub).await.unwrap();
    assert_eq!(counter.heard()[1]["error"], "access_denied");
    assert_eq!(counter.families().await, 0);
}
