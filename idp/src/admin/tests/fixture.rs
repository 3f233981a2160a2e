//! A hub with two realms, and callers of each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Request, StatusCode};
use platform::clock::{Clock, Instant, ManualClock};
use platform::config::Settings;
use platform::database::testing::TestDatabase;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::entropy::Entropy;
use platform::ephemeral::Memory;
use platform::http::RequestId;
use platform::keys::{KeyEncryptionKey, KeyRing, RingPolicy, SigningAlgorithm};
use platform::outbound::Outbound;
use platform::values;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::admin::scope;
use crate::hub::{Hub, Parts, Shared};
use crate::ids::{FamilyId, PersonId};
use crate::log::Log;
use crate::log::tree::Tree;
use crate::oauth::Scope;
use crate::oauth::clients::{Client, Metadata};
use crate::oauth::consents::Recipient;
use crate::oauth::families::{FamilyDetails, NewFamily};
use crate::oauth::tokens::{Granted, Issue, issue, subject};
use crate::people::{NewPerson, Person, Profile, number_of};
use crate::realms::Realm;

/// Host of the realm that governs the hub.
pub(super) const FIRST: &str = "localhost:8080";
/// Host of another realm.
pub(super) const SECOND: &str = "id.example.jp";

pub(super) struct World {
    pub hub: Shared,
    pub time: ManualClock,
    pub first: Arc<Realm>,
    pub second: Arc<Realm>,
    log: TestDatabase,
    _hub: TestDatabase,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

/// A row of the access log, as far as tests look at it.
#[derive(Debug, FromQueryResult)]
pub(super) struct Logged {
    pub action: String,
    pub decision: String,
    pub reason: Option<String>,
    pub actor: Option<uuid::Uuid>,
    pub subject: Option<uuid::Uuid>,
    pub client: Option<String>,
    pub hits: Option<i64>,
}

impl World {
    pub(super) async fn new() -> Self {
        let (clock, time) = Clock::manual(Instant::from_micros(1_800_000_000_000_000));
        let entropy = Entropy::system();
        let (database, log) = (
            TestDatabase::hub(Backend::Sqlite).await,
            TestDatabase::log(Backend::Sqlite).await,
        );
        let key = Arc::new(KeyEncryptionKey::from_bytes([7; 32]).unwrap());
        let mut settings = Settings::default();
        settings.limits.hashing_threads = 1;
        let ring = RingPolicy {
            algorithms: vec![SigningAlgorithm::Es256],
            ..RingPolicy::new(Duration::from_mins(5), Duration::from_mins(5))
        };
        let store = database.store().clone();
        let hub = Hub::new(Parts {
            authorities: platform::certificates::Authorities::default(),
            keys: KeyRing::new(store.clone(), key.clone(), clock.clone(), entropy.clone(), ring),
            log: Log::open(log.store().clone(), clock.clone(), entropy.clone(), &key)
                .await
                .unwrap(),
            tree: Tree::open(
                log.store().clone(),
                clock.clone(),
                &entropy,
                &key,
                "hub.example/log".to_owned(),
            )
            .await
            .unwrap(),
            ephemeral: Arc::new(Memory::new(clock.clone(), 1000)),
            outbound: Outbound::new(&settings.outbound).unwrap(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            settings,
            store,
            key,
        });
        // The realm that governs the hub is not the oldest one: age must not decide it.
        let second = hub
            .realms
            .create(&clock, &entropy, "Second", "https://id.example.jp")
            .await
            .unwrap();
        let first = hub
            .realms
            .create(&clock, &entropy, "First", "http://localhost:8080")
            .await
            .unwrap();
        let router = crate::admin::router().with_state(hub.clone());
        Self {
            hub,
            time,
            first,
            second,
            log,
            _hub: database,
            router,
        }
    }

    /// Sends a request; `body` goes as JSON.
    pub(super) async fn send(
        &self,
        method: &Method,
        host: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", host);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.raw(request.body(body).unwrap()).await
    }

    /// Sends a request as the server would hand it on.
    pub(super) async fn raw(&self, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from(([127, 0, 0, 1], 40_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        request
            .extensions_mut()
            .insert(RequestId(self.hub.entropy.array().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    /// `GET` in the first realm.
    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(&Method::GET, FIRST, path, Some(token), None).await
    }

    /// `POST` in the first realm.
    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let body = if body.is_null() { None } else { Some(body) };
        self.send(&Method::POST, FIRST, path, Some(token), body).await
    }

    /// A service that may have `scopes`.
    pub(super) async fn client(&self, realm: &Realm, scopes: &str) -> Client {
        let metadata = Metadata::from_json(
            &json!({
                "grant_types": ["client_credentials"],
                "scope": scopes,
                "id_token_signed_response_alg": "ES256",
            }),
            false,
        );
        let (hub, now) = (&self.hub, self.hub.clock.now());
        hub.clients
            .register(realm, &hub.entropy, now, &metadata.unwrap(), false)
            .await
            .unwrap()
            .client
    }

    /// A token of a service with `scopes`, by client credentials.
    pub(super) async fn service(&self, realm: &Realm, scopes: &str) -> String {
        let client = self.client(realm, scopes).await;
        let scope = Scope::parse(scopes).unwrap();
        let issued = issue(&self.hub, realm, Issue::new(&client, &scope))
            .await
            .unwrap();
        member(&issued, "access_token")
    }

    /// A service with every scope of the API.
    pub(super) async fn root(&self) -> String {
        self.service(&self.first, &scope::ALL.join(" ")).await
    }

    pub(super) async fn person(&self, realm: &Realm, login: &str, powers: &[&str]) -> Person {
        let profile = Profile {
            login: login.to_owned(),
            ..Profile::default()
        };
        let powers = powers.iter().map(|&power| power.to_owned()).collect();
        self.hub
            .people
            .create(
                realm,
                NewPerson {
                    profile,
                    locale: None,
                    powers,
                },
            )
            .await
            .unwrap()
    }

    pub(super) async fn number(&self, realm: &Realm, person: PersonId) -> String {
        number_of(&self.hub.store, realm, person)
            .await
            .unwrap()
            .unwrap()
            .to_string()
    }

    /// An access token and an ID token for a person who signed in and granted `scopes`.
    pub(super) async fn signed_in(&self, realm: &Realm, person: PersonId, scopes: &str) -> (String, String) {
        let scopes = format!("openid {scopes}");
        let (hub, now, scope) = (&self.hub, self.hub.clock.now(), Scope::parse(&scopes).unwrap());
        let client = self.client(realm, &scopes).await;
        let known = hub.people.by_id(realm, person).await.unwrap().unwrap();
        let session = hub
            .sessions
            .prepare(realm, &known, "pwd", None, "192.0.2.1")
            .unwrap();
        let details = FamilyDetails::of_sign_in(session.session.sid, now, "pwd");
        let known = hub.passwords.hash_of(realm, person).await.unwrap();
        let password = if let Some(known) = known {
            known
        } else {
            let made = hub.hasher.hash("a password of theirs".into()).await.unwrap();
            hub.passwords.set(realm, person, &made).await.unwrap();
            made
        };
        let begun = hub.sessions.begin(realm, session, &password).await.unwrap();
        assert!(begun.is_some());
        let recipient = Recipient {
            client_id: client.id.clone(),
            place: "rp.example".to_owned(),
        };
        let known_as = subject(realm, person, &client);
        hub.consents
            .grant(realm, person, (&recipient, known_as), &scope, now)
            .await
            .unwrap();
        let family = NewFamily {
            id: FamilyId::new(&hub.entropy, now).unwrap(),
            client_id: client.id.clone(),
            place: recipient.place,
            person,
            sid: None,
            scope: scope.clone(),
            details: details.clone(),
            expires_at: now.plus(Duration::from_hours(24)),
            takes_part: false,
            rests_on: Vec::new(),
        };
        let begun = hub.families.begin(realm, &hub.entropy, now, &family, false).await;
        assert!(begun.unwrap().is_some());
        let granted = Granted {
            person,
            family: family.id,
            details: &details,
            nonce: None,
        };
        let issued = Issue {
            granted: Some(&granted),
            ..Issue::new(&client, &scope)
        };
        let issued = issue(hub, realm, issued).await.unwrap();
        (member(&issued, "access_token"), member(&issued, "id_token"))
    }

    /// The rows of the access log, oldest first.
    pub(super) async fn rows(&self) -> Vec<Logged> {
        let sql = "SELECT action, decision, reason, actor, subject, client, hits FROM log_row ORDER BY seq";
        self.log.store().fetch_all(sql, values![]).await.unwrap()
    }

    /// From now on nothing can be logged.
    pub(super) async fn break_log(&self) {
        self.hub.log.close().await.unwrap();
    }
}

fn member(issued: &crate::oauth::tokens::TokenResponse, name: &str) -> String {
    serde_json::to_value(issued).unwrap()[name]
        .as_str()
        .unwrap()
        .to_owned()
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// The stable id of a problem; whatever else is there is not a problem.
    #[track_caller]
    pub(super) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        body["type"]
            .as_str()
            .unwrap()
            .strip_prefix("urn:musubi:problem:")
            .unwrap()
            .to_owned()
    }
}
