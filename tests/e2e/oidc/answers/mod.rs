//! oidcc-implicit, oidcc-hybrid and the formpost plans: what the modules check, for every response type, and for every way
//! in which an answer travels through the browser.

mod content;
mod requests;
mod silence;

use std::collections::BTreeMap;

use harness::party::{CALLBACK, Pkce, part, verify};
use harness::{Actor, Backend, Page, Party, Person, Server};
use serde_json::{Value, json};
use url::form_urlencoded::parse;

/// How an answer comes: the response type, and the response mode if it is not the type's own.
type Way = (&'static str, Option<&'static str>);

/// All of them but a code in a query, which other files of this folder test.
const WAYS: [Way; 11] = [
    ("id_token", None),
    ("id_token token", None),
    ("code id_token", None),
    ("code token", None),
    ("code id_token token", None),
    ("code", Some("form_post")),
    ("id_token", Some("form_post")),
    ("id_token token", Some("form_post")),
    ("code id_token", Some("form_post")),
    ("code token", Some("form_post")),
    ("code id_token token", Some("form_post")),
];

/// What is in an answer.
type Answer = BTreeMap<String, String>;

/// A relying party that may use every response type, and a person.
struct Case {
    server: Server,
    party: Party,
    hanako: Person,
    keys: Value,
}

/// The metadata of such a client, with changes.
fn metadata(changes: &Value) -> Value {
    let mut metadata = json!({
        "client_name": "Old portal",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
        "scope": "openid profile email address phone offline_access",
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

impl Case {
    async fn begin(backend: Backend) -> Self {
        Self::begin_with(backend, &json!({}), &[]).await
    }

    async fn begin_with(backend: Backend, changes: &Value, person: &[&str]) -> Self {
        let server = Server::start(backend).await;
        let made = server.musubi(
            &["client", "create", "--file", "-"],
            &metadata(changes).to_string(),
        );
        let party = Party::of(&server, made);
        let keys = party
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
            .await
            .good()
            .json;
        let hanako = server.person_with("hanako", person);
        Self {
            server,
            party,
            hanako,
            keys,
        }
    }

    fn request(&self, (response_type, mode): Way, pkce: &Pkce, changes: &[(&str, &str)]) -> String {
        let way = [
            ("response_type", response_type),
            ("response_mode", mode.unwrap_or_default()),
        ];
        self.party.request(pkce, &[&way, changes].concat())
    }

    /// What came in the way that was asked for, and in no other.
    fn read(&self, way: Way, page: &Page) -> Answer {
        let answer: Answer = if way.1 == Some("form_post") {
            assert!(page.away.is_none(), "{way:?} went to {:?}", page.away);
            page.form(CALLBACK).fields.into_iter().collect()
        } else {
            let away = page
                .away
                .as_ref()
                .unwrap_or_else(|| panic!("{way:?}: no answer at {}:\n{}", page.url, page.body));
            assert!(away.as_str().starts_with(CALLBACK), "{away}");
            assert!(away.query().is_none(), "{way:?}: something is in the query");
            parse(away.fragment().unwrap_or_default().as_bytes())
                .into_owned()
                .collect()
        };
        for name in ["access_token", "id_token"] {
            answer
                .get(name)
                .into_iter()
                .for_each(|secret| self.server.secret(secret));
        }
        assert_eq!(answer["iss"], self.server.issuer(), "RFC 9207");
        answer
    }

    /// Goes on to the answer: signs in and allows where the person is asked.
    async fn go_on(&self, browser: &Actor, way: Way, mut page: Page) -> Answer {
        for _ in 0..2 {
            if page.has_form("/signin") {
                page = browser.sign_in(&page, &self.hanako).await;
            } else if page.has_form("/oauth/consent") {
                page = browser.send(&page.form("/oauth/consent").press("allow")).await;
            }
        }
        self.read(way, &page)
    }

    /// A whole flow: the answer.
    async fn answer(&self, browser: &Actor, way: Way, pkce: &Pkce, changes: &[(&str, &str)]) -> Answer {
        let page = browser.open(&self.request(way, pkce, changes)).await;
        let answer = self.go_on(browser, way, page).await;
        assert!(!answer.contains_key("error"), "{way:?}: {answer:?}");
        answer
    }

    /// The claims of the ID token: of the answer, or else of the code in it.
    async fn claims(&self, way: Way, answer: &Answer, pkce: &Pkce) -> Value {
        let token = match answer.get("id_token") {
            Some(token) => token.clone(),
            None => self.redeem(answer, pkce).await.text("id_token").to_owned(),
        };
        let claims = verify(&token, &self.keys);
        assert_eq!(claims["iss"], self.server.issuer(), "{way:?}");
        assert_eq!(claims["aud"], self.party.id(), "{way:?}");
        claims
    }

    async fn redeem(&self, answer: &Answer, pkce: &Pkce) -> harness::Reply {
        let form = self.party.redemption(&answer["code"], pkce);
        self.party.token(&form).await.good()
    }

    /// What the hub tells of the person: at userinfo, or in the ID token where there is no access token.
    async fn told(&self, way: Way, answer: &Answer, pkce: &Pkce) -> Value {
        let token = match (answer.get("access_token"), answer.get("code")) {
            (Some(token), _) => token.clone(),
            (None, Some(_)) => self.redeem(answer, pkce).await.text("access_token").to_owned(),
            (None, None) => return self.claims(way, answer, pkce).await,
        };
        self.party.userinfo(&token).await.good().json
    }
}

/// `auth_time` of an ID token.
fn time(claims: &Value) -> i64 {
    claims["auth_time"].as_i64().expect("auth_time")
}

/// The algorithm by which an ID token is signed.
fn algorithm(token: &str) -> Value {
    part(token, 0)["alg"].clone()
}
