//! A hub on SQLite for the tests of this crate, and a browser that sends its pages' forms.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use platform::clock::{Clock, Instant, ManualClock};
use platform::config::Settings;
use platform::database::testing::TestDatabase;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::encoding::base64url;
use platform::entropy::Entropy;
use platform::ephemeral::Memory;
use platform::http::RequestId;
use platform::keys::{KeyEncryptionKey, KeyRing, RingPolicy, SigningAlgorithm, keyed_hash};
use platform::values;
use tower::ServiceExt as _;

use crate::credentials::PasswordHash;
use crate::hub::{Hub, Parts, Shared};
use crate::log::Log;
use crate::people::{NewPerson, Person, Profile};
use crate::realms::Realm;

/// The host of the realm.
pub(crate) const HOME: &str = "localhost:8080";
/// What a browser of a test keeps as its own value.
const BROWSER: &str = "0123456789012345678901234567890123456789abc";

pub(crate) struct House {
    pub hub: Shared,
    pub time: ManualClock,
    pub realm: Arc<Realm>,
    log: TestDatabase,
    _database: TestDatabase,
    router: Router,
}

pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
}

/// A row of the access log, as far as tests look at it.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Logged {
    pub action: String,
    pub decision: String,
    pub reason: Option<String>,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::on(Backend::Sqlite, 1000).await
    }

    /// One whose short-lived state has so many entries of each kind.
    pub(crate) async fn on(backend: Backend, entries: usize) -> Self {
        let (clock, time) = Clock::manual(Instant::from_micros(1_800_000_000_000_000));
        let entropy = Entropy::system();
        let database = TestDatabase::hub(backend).await;
        let log = TestDatabase::log(Backend::Sqlite).await;
        let key = Arc::new(KeyEncryptionKey::from_bytes([7; 32]).unwrap());
        let mut settings = Settings::default();
        settings.limits.hashing_threads = 1;
        let ring = RingPolicy {
            algorithms: vec![SigningAlgorithm::Es256],
            ..RingPolicy::new(Duration::from_mins(5), Duration::from_mins(5))
        };
        let store = database.store().clone();
        let hub = Hub::new(Parts {
            keys: KeyRing::new(store.clone(), key.clone(), clock.clone(), entropy.clone(), ring),
            log: Log::open(log.store().clone(), clock.clone(), entropy.clone(), &key)
                .await
                .unwrap(),
            ephemeral: Arc::new(Memory::new(clock.clone(), entries)),
            clock: clock.clone(),
            entropy: entropy.clone(),
            settings,
            store,
            key,
        });
        let realm = hub
            .realms
            .create(&clock, &entropy, "Home", &format!("http://{HOME}"))
            .await
            .unwrap();
        let router = crate::router().with_state(hub.clone());
        Self {
            hub,
            time,
            realm,
            log,
            _database: database,
            router,
        }
    }

    /// Somebody with a password, and its hash.
    pub(crate) async fn person(&self, login: &str, password: &str) -> (Person, PasswordHash) {
        let profile = Profile {
            login: login.to_owned(),
            ..Profile::default()
        };
        let new = NewPerson {
            profile,
            locale: None,
            powers: Vec::new(),
        };
        let person = self.hub.people.create(&self.realm, new).await.unwrap();
        let hash = self.hub.hasher.hash(password.into()).await.unwrap();
        let passwords = &self.hub.passwords;
        passwords.set(&self.realm, person.id, &hash).await.unwrap();
        (person, hash)
    }

    /// Sends a form of a page from `address`, with its browser's cookie and the session's if there is one.
    pub(crate) async fn submit(
        &self,
        address: &str,
        path: &str,
        session: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Answer {
        let csrf = keyed_hash(&self.realm.keys.tokens, "csrf", BROWSER.as_bytes());
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("csrf", &base64url(csrf))
            .extend_pairs(fields)
            .finish();
        let mut cookies = format!("musubi_browser={BROWSER}");
        if let Some(session) = session {
            cookies.push_str("; musubi_session=");
            cookies.push_str(session);
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, HOME)
            .header(COOKIE, cookies)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.send(address, request).await
    }

    /// Signs in from `address`.
    pub(crate) async fn sign_in(&self, address: &str, login: &str, password: &str) -> Answer {
        self.submit(
            address,
            "/signin",
            None,
            &[("login", login), ("password", password)],
        )
        .await
    }

    /// Sends a request as the server would hand it on.
    pub(crate) async fn send(&self, address: &str, mut request: Request<Body>) -> Answer {
        let address: IpAddr = address.parse().unwrap();
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(SocketAddr::from((address, 40_000))));
        extensions.insert(RequestId(self.hub.entropy.array().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
        }
    }

    /// The rows of the access log, oldest first.
    pub(crate) async fn rows(&self) -> Vec<Logged> {
        let sql = "SELECT action, decision, reason FROM log_row ORDER BY seq";
        self.log.store().fetch_all(sql, values![]).await.unwrap()
    }

    /// How many rows say that `action` was refused because of `reason`.
    pub(crate) async fn refusals(&self, action: &str, reason: &str) -> usize {
        let rows = self.rows().await;
        rows.iter()
            .filter(|row| {
                row.decision == "deny" && row.action == action && row.reason.as_deref() == Some(reason)
            })
            .count()
    }
}

impl Answer {
    /// The secret of the session that the answer begins.
    pub(crate) fn session(&self) -> Option<String> {
        let set = self.headers.get_all(SET_COOKIE).iter();
        let mut set = set.filter_map(|value| value.to_str().ok());
        let cookie = set.find_map(|cookie| cookie.strip_prefix("musubi_session="))?;
        cookie.split(';').next().map(str::to_owned)
    }
}
