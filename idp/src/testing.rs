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
use platform::outbound::Outbound;
use platform::values;
use tower::ServiceExt as _;

use crate::credentials::PasswordHash;
use crate::hub::{Hub, Parts, Shared};
use crate::log::Log;
use crate::log::tree::Tree;
use crate::people::{NewPerson, Person, Profile};
use crate::realms::Realm;

/// The host of the realm.
pub(crate) const HOME: &str = "localhost:8080";
/// What a browser of a test keeps as its own value.
pub(crate) const BROWSER: &str = "0123456789012345678901234567890123456789abc";

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
    pub body: String,
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
        Self::with(backend, entries, |_| ()).await
    }

    /// One with other settings.
    pub(crate) async fn with(backend: Backend, entries: usize, set: impl FnOnce(&mut Settings)) -> Self {
        let (clock, time) = Clock::manual(Instant::from_micros(1_800_000_000_000_000));
        let entropy = Entropy::system();
        let database = TestDatabase::hub(backend).await;
        let log = TestDatabase::log(Backend::Sqlite).await;
        let key = Arc::new(KeyEncryptionKey::from_bytes([7; 32]).unwrap());
        let mut settings = Settings::default();
        settings.limits.hashing_threads = 1;
        set(&mut settings);
        let ring = RingPolicy {
            algorithms: vec![SigningAlgorithm::Es256],
            ..RingPolicy::new(Duration::from_mins(5), Duration::from_mins(5))
                .readable_for(Duration::from_hours(24))
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
            ephemeral: Arc::new(Memory::new(clock.clone(), entries)),
            outbound: Outbound::new(&settings.outbound).unwrap(),
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
        let session = session.map(|secret| format!("; musubi_session={secret}"));
        let cookies = format!("musubi_browser={BROWSER}{}", session.unwrap_or_default());
        let form = form(&self.realm, BROWSER, fields);
        self.send(address, post(HOME, path, &cookies, form)).await
    }

    /// Sends a form from another browser, with what that browser's forms carry.
    pub(crate) async fn submit_in(
        &self,
        browser: &str,
        address: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let cookies = format!("musubi_browser={browser}");
        let form = form(&self.realm, browser, fields);
        self.send(address, post(HOME, path, &cookies, form)).await
    }

    /// Sends a form to another host of this hub, in the same browser.
    pub(crate) async fn submit_to(&self, host: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let realm = self.hub.realms.by_host(host).await.unwrap().unwrap();
        let cookies = format!("musubi_browser={BROWSER}");
        let form = form(&realm, BROWSER, fields);
        self.send("192.0.2.10", post(host, path, &cookies, form)).await
    }

    /// Opens a page from `address` in the browser of the forms, with a session if there is one.
    pub(crate) async fn open(&self, address: &str, path: &str, session: Option<&str>) -> Answer {
        let session = session.map(|secret| format!("; musubi_session={secret}"));
        let request = Request::builder()
            .uri(path)
            .header(HOST, HOME)
            .header(
                COOKIE,
                format!("musubi_browser={BROWSER}{}", session.unwrap_or_default()),
            )
            .body(Body::empty())
            .unwrap();
        self.send(address, request).await
    }

    /// Opens a page of another realm of this hub in a fresh browser.
    pub(crate) async fn open_at(&self, host: &str, path: &str) -> Answer {
        let request = Request::builder()
            .uri(path)
            .header(HOST, host)
            .body(Body::empty())
            .unwrap();
        self.send("192.0.2.10", request).await
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
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
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

/// The body of a form that a page of `realm` shows in `browser`.
fn form(realm: &Realm, browser: &str, fields: &[(&str, &str)]) -> String {
    let csrf = keyed_hash(&realm.keys.tokens, "csrf", browser.as_bytes());
    form_urlencoded::Serializer::new(String::new())
        .append_pair("csrf", &base64url(csrf))
        .extend_pairs(fields)
        .finish()
}

fn post(host: &str, path: &str, cookies: &str, form: String) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(HOST, host)
        .header(COOKIE, cookies)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap()
}

impl Answer {
    /// Where the answer leads.
    pub(crate) fn location(&self) -> &str {
        let location = self.headers.get(http::header::LOCATION);
        location.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the hidden field `name`, in a page.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let (_, rest) = self
            .body
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("{} has no field {name}: {}", self.status, self.body));
        rest.split('"').next().unwrap().to_owned()
    }

    /// The secret of the session that the answer begins.
    pub(crate) fn session(&self) -> Option<String> {
        let set = self.headers.get_all(SET_COOKIE).iter();
        let mut set = set.filter_map(|value| value.to_str().ok());
        let cookie = set.find_map(|cookie| cookie.strip_prefix("musubi_session="))?;
        cookie.split(';').next().map(str::to_owned)
    }
}
