//! Those who deal with the hub: services, relying parties, people. Made through its own interfaces.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::browser::{Browser, Person};
use super::connection::{self, Answer, Connection, Template};
use super::hub::Hub;

const REDIRECT_URI: &str = "https://rp.example/callback";
const SCOPE: &str = "openid profile email";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const NAMESPACE: u8 = 99;
/// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client with a secret.
#[derive(Debug, Clone)]
pub struct Client {
    id: String,
    basic: HeaderValue,
}

impl Client {
    /// From the hub's answer: client ids and secrets are of characters that Basic need not escape.
    fn read(answer: &Value) -> Result<Self> {
        let member = |name: &str| {
            answer
                .get(name)
                .and_then(Value::as_str)
                .with_context(|| format!("no {name}"))
        };
        let id = member("client_id")?;
        let pair = STANDARD.encode(format!("{id}:{}", member("client_secret")?));
        Ok(Self {
            id: id.to_owned(),
            basic: HeaderValue::from_str(&format!("Basic {pair}"))?,
        })
    }

    /// A service of the operator's own.
    pub fn service(hub: &Hub<'_>, scope: &str) -> Result<Self> {
        Self::read(&hub.run(&["client", "create", "--name", "bench", "--scope", scope], "")?)
    }

    /// A relying party that registers itself (RFC 7591). Its ID tokens are ES256.
    pub async fn relying_party(hub: &Hub<'_>) -> Result<Self> {
        Self::register(
            hub,
            &json!({
                "client_name": "bench",
                "redirect_uris": [REDIRECT_URI],
                "grant_types": ["authorization_code", "refresh_token"],
                "id_token_signed_response_alg": "ES256",
                "scope": SCOPE,
            }),
        )
        .await
    }

    /// A device without a keyboard that registers itself (RFC 8628).
    pub async fn device(hub: &Hub<'_>) -> Result<Self> {
        Self::register(
            hub,
            &json!({
                "client_name": "bench",
                "grant_types": [DEVICE_GRANT],
                "response_types": [],
                "id_token_signed_response_alg": "ES256",
                "scope": SCOPE,
            }),
        )
        .await
    }

    async fn register(hub: &Hub<'_>, metadata: &Value) -> Result<Self> {
        let answer = hub.run(&["client", "registration-token"], "")?;
        let token = answer.get("initial_access_token").and_then(Value::as_str);
        let mut request = connection::post_json("/oauth/register", metadata)?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, bearer(token.context("no registration token")?)?);
        let answer = Connection::open(hub.address).await?.send(request).await?;
        ensure!(answer.status == StatusCode::CREATED, "registration: {answer}");
        Self::read(&serde_json::from_slice(&answer.body)?)
    }

    /// A request to the token endpoint.
    pub fn token_request(&self, fields: &[(&str, &str)]) -> Result<Template> {
        self.request("/oauth/token", fields)
    }

    /// A request with its credentials.
    fn request(&self, path: &str, fields: &[(&str, &str)]) -> Result<Template> {
        let mut request = connection::post_form(path, fields)?;
        request.headers_mut().insert(AUTHORIZATION, self.basic.clone());
        Ok(request)
    }

    /// The request of the client credentials grant.
    pub fn own_token_request(&self) -> Result<Template> {
        self.token_request(&[("grant_type", "client_credentials")])
    }

    /// A token of its own.
    pub async fn own_token(&self, hub: &Hub<'_>) -> Result<String> {
        let answer = Connection::open(hub.address)
            .await?
            .send(self.own_token_request()?)
            .await?;
        Ok(answer.member("access_token")?.to_owned())
    }

    /// The path of its authorization request.
    pub fn authorization_request(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.authorization_parameters())
            .finish();
        format!("/oauth/authorize?{query}")
    }

    fn authorization_parameters(&self) -> [(&str, &str); 8] {
        [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPE),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    /// The same request, pushed (RFC 9126), for a code that only the holder of one key can redeem.
    pub fn pushed_request(&self, thumbprint: &str) -> Result<Template> {
        let mut fields = self.authorization_parameters().to_vec();
        fields.push(("dpop_jkt", thumbprint));
        self.request("/oauth/par", &fields)
    }

    /// The path that refers to a pushed request.
    pub fn by_reference(&self, request_uri: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", self.id.as_str()), ("request_uri", request_uri)])
            .finish();
        format!("/oauth/authorize?{query}")
    }

    /// The question what a token is worth (RFC 7662).
    pub fn introspection_request(&self, token: &str) -> Result<Template> {
        self.request("/oauth/introspect", &[("token", token)])
    }

    /// A device code, and the request that asks whether somebody has allowed it yet.
    pub async fn polling_request(&self, hub: &Hub<'_>) -> Result<Template> {
        let request = self.request("/oauth/device", &[("scope", SCOPE)])?;
        let answer = Connection::open(hub.address).await?.send(request).await?;
        self.token_request(&[
            ("grant_type", DEVICE_GRANT),
            ("device_code", answer.member("device_code")?),
        ])
    }

    /// The request that redeems a code.
    pub fn code_request(&self, code: &str) -> Result<Template> {
        self.token_request(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ])
    }
}

/// A person who has signed in and consented, in a browser of their own.
pub struct SignedIn {
    /// The authorization request again, as this browser sends it: it is answered at once.
    pub authorization: Template,
    /// The cookies of this browser.
    pub cookies: HeaderValue,
    /// The token endpoint's answer to the code of the first one.
    pub tokens: Answer,
}

impl SignedIn {
    /// Signs in, consents and redeems the code.
    pub async fn new(hub: &Hub<'_>, client: &Client, person: &Person) -> Result<Self> {
        let mut browser = Browser::open(hub.address).await?;
        let request = client.authorization_request();
        let code = browser.authorize(&request, REDIRECT_URI, person).await?;
        let tokens = Connection::open(hub.address)
            .await?
            .send(client.code_request(&code)?)
            .await?;
        ensure!(
            tokens.status == StatusCode::OK,
            "the code was not taken: {tokens}"
        );
        let mut authorization = connection::get(&request)?;
        let cookies = browser.cookies()?;
        authorization.headers_mut().insert(COOKIE, cookies.clone());
        Ok(Self {
            authorization,
            cookies,
            tokens,
        })
    }
}

/// Creates people by the command line.
pub fn people(hub: &Hub<'_>, count: usize) -> Result<Vec<Person>> {
    (0..count)
        .map(|number| {
            let person = Person {
                login: format!("person-{number}"),
                password: format!("a long phrase that nobody guesses {number}"),
            };
            let email = format!("person-{number}@example.jp");
            let arguments = [
                "user",
                "create",
                "--login",
                &person.login,
                "--password-stdin",
                "--email",
                &email,
                "--name",
                "結 花子",
            ];
            hub.run(&arguments, &person.password)?;
            Ok(person)
        })
        .collect()
}

/// An `Authorization` header.
fn bearer(token: &str) -> Result<HeaderValue> {
    Ok(HeaderValue::from_str(&format!("Bearer {token}"))?)
}

/// A request for the claims of a person.
pub fn userinfo_request(token: &str) -> Result<Template> {
    let mut request = connection::get("/oauth/userinfo")?;
    request.headers_mut().insert(AUTHORIZATION, bearer(token)?);
    Ok(request)
}

/// A request for one number of a namespace that this makes.
pub async fn number_request(hub: &Hub<'_>) -> Result<Template> {
    let token = Client::service(hub, "musubi:numbers.write")?
        .own_token(hub)
        .await?;
    let namespace = json!({ "code": NAMESPACE, "name": "bench", "holder_kind": "person" });
    let mut request = connection::post_json("/api/v1/numbers/namespaces", &namespace)?;
    request.headers_mut().insert(AUTHORIZATION, bearer(&token)?);
    let answer = Connection::open(hub.address).await?.send(request).await?;
    ensure!(
        answer.status == StatusCode::CREATED,
        "the namespace was not made: {answer}"
    );
    let mut request = connection::post_json(
        "/api/v1/numbers/blocks",
        &json!({ "namespace": NAMESPACE, "count": 1 }),
    )?;
    request.headers_mut().insert(AUTHORIZATION, bearer(&token)?);
    Ok(request)
}
