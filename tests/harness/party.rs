//! A relying party written by hand, from the specifications: it checks what a careful one checks, and can do wrong
//! what a careless or hostile one does.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::{Actor, Page, Person, Secrets, Server, tools};

/// What a token endpoint answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body; null if it is no JSON.
    pub json: Value,
    /// The body as it came.
    pub text: String,
}

impl Reply {
    /// A member that is a string.
    pub fn text(&self, name: &str) -> &str {
        self.json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {} {}", self.status, self.text))
    }

    /// Says that it is this error.
    pub fn assert_error(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status.as_u16(), self.json["error"].as_str()),
            (status, Some(error)),
            "{}",
            self.text
        );
    }

    /// Says that it went well, and gives itself.
    pub fn good(self) -> Self {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self
    }
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Party {
    /// What the hub answered to its registration.
    pub registration: Value,
    /// Its metadata's first redirect URI.
    pub redirect_uri: String,
    http: Client,
    issuer: String,
    secrets: Secrets,
}

/// Where answers go; nobody listens there, the actor stops before.
pub const CALLBACK: &str = "https://rp.example/callback";

impl Party {
    /// A confidential client of the code flow with refresh tokens.
    pub async fn register(server: &Server) -> Self {
        Self::register_with(server, json!({})).await
    }

    /// The same with other metadata; a null takes a member away.
    pub async fn register_with(server: &Server, changes: Value) -> Self {
        let token = server.registration_token(1);
        Self::register_at(server, (&server.issuer(), &token), changes).await
    }

    /// The same at another realm of that server, with an initial access token of it.
    pub async fn register_at(server: &Server, (issuer, token): (&str, &str), changes: Value) -> Self {
        let mut metadata = json!({
            "client_name": "Clinic portal",
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": ["https://rp.example/bye"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email offline_access",
        });
        for (name, value) in changes.as_object().expect("an object") {
            metadata[name] = value.clone();
        }
        metadata
            .as_object_mut()
            .expect("an object")
            .retain(|_, value| !value.is_null());
        let reply = send(
            http()
                .post(format!("{issuer}/oauth/register"))
                .bearer_auth(token)
                .json(&metadata),
            &server.secrets(),
        )
        .await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        Self::at(server, issuer, reply.json)
    }

    /// A client that an administrator makes, with this metadata and no other.
    pub async fn made(server: &Server, metadata: &Value) -> Self {
        Self::of(server, Self::try_made(server, metadata).await.good().json)
    }

    /// What the hub answers to an administrator who makes a client.
    pub async fn try_made(server: &Server, metadata: &Value) -> Reply {
        let desk = Self::service(server, "musubi:clients.read musubi:clients.write");
        let tokens = desk.token(&[("grant_type", "client_credentials")]).await.good();
        let url = server.url("/api/v1/clients");
        let request = desk.http.post(url).bearer_auth(tokens.text("access_token"));
        send(request.json(metadata), &server.secrets()).await
    }

    /// A client that the hub knows already.
    pub fn of(server: &Server, registration: Value) -> Self {
        Self::at(server, &server.issuer(), registration)
    }

    /// The same at another realm of that server.
    pub fn at(server: &Server, issuer: &str, registration: Value) -> Self {
        let redirect_uri = registration["redirect_uris"][0]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Self {
            registration,
            redirect_uri,
            http: http(),
            issuer: issuer.to_owned(),
            secrets: server.secrets(),
        }
    }

    /// A service made by the command line.
    pub fn service(server: &Server, scope: &str) -> Self {
        let (id, secret) = server.service(scope);
        Self::of(server, json!({"client_id": id, "client_secret": secret}))
    }

    /// `client_id`.
    pub fn id(&self) -> &str {
        self.registration["client_id"].as_str().expect("client_id")
    }

    /// `client_secret`.
    pub fn secret(&self) -> &str {
        self.registration["client_secret"]
            .as_str()
            .expect("client_secret")
    }

    /// An authorization request with everything that it should have; `changes` replaces or, if empty, takes away.
    pub fn request(&self, pkce: &Pkce, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", self.id()),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile email offline_access"),
            ("state", "the state & more"),
            ("nonce", "the nonce"),
            ("code_challenge", &pkce.challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            if !value.is_empty() {
                parameters.push((name, value));
            }
        }
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("/oauth/authorize?{query}")
    }

    /// Lets a person go through the whole flow up to the code.
    pub async fn code(
        &self,
        actor: &Actor,
        person: &Person,
        pkce: &Pkce,
        changes: &[(&str, &str)],
    ) -> String {
        let page = actor.authorize(&self.request(pkce, changes), person).await;
        page.returned("code")
            .unwrap_or_else(|| panic!("no code in {:?}", page.away))
    }

    /// The form that redeems a code.
    pub fn redemption<'a>(&'a self, code: &'a str, pkce: &'a Pkce) -> Vec<(&'a str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &pkce.verifier),
        ]
    }

    /// The whole flow: the tokens.
    pub async fn sign_in(&self, actor: &Actor, person: &Person) -> Reply {
        let pkce = Pkce::new();
        let code = self.code(actor, person, &pkce, &[]).await;
        self.token(&self.redemption(&code, &pkce)).await.good()
    }

    /// Asks the token endpoint with HTTP Basic, or with `client_id` alone if the client has no secret.
    pub async fn token(&self, form: &[(&str, &str)]) -> Reply {
        match self.registration["client_secret"].as_str() {
            Some(secret) if self.registration["token_endpoint_auth_method"] == "client_secret_post" => {
                let credentials = [("client_id", self.id()), ("client_secret", secret)];
                self.token_bare(&[form, &credentials].concat()).await
            }
            Some(secret) => {
                let request = self.token_request().basic_auth(self.id(), Some(secret));
                send(request.form(form), &self.secrets).await
            }
            None => {
                self.token_bare(&[form, &[("client_id", self.id())]].concat())
                    .await
            }
        }
    }

    /// Asks the token endpoint again and again, as a good client does while a person has not answered, until there is an answer.
    pub async fn patient(&self, form: &[(&str, &str)]) -> Reply {
        loop {
            let reply = self.token(form).await;
            match reply.json["error"].as_str() {
                Some("authorization_pending" | "slow_down") => {
                    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
                }
                _ => return reply,
            }
        }
    }

    /// Asks the token endpoint with just this form.
    pub async fn token_bare(&self, form: &[(&str, &str)]) -> Reply {
        send(self.token_request().form(form), &self.secrets).await
    }

    /// A request to the token endpoint, to be completed.
    pub fn token_request(&self) -> RequestBuilder {
        self.http.post(format!("{}/oauth/token", self.issuer))
    }

    /// Takes a refresh token.
    pub async fn refresh(&self, token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// The same, if the server answers at all.
    pub async fn try_refresh(&self, token: &str) -> Option<Reply> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        try_send(
            self.token_request()
                .basic_auth(self.id(), Some(self.secret()))
                .form(&form),
            &self.secrets,
        )
        .await
    }

    /// A token for the client itself, if the server answers at all.
    pub async fn try_client_credentials(&self) -> Option<Reply> {
        let form = [("grant_type", "client_credentials")];
        try_send(
            self.token_request()
                .basic_auth(self.id(), Some(self.secret()))
                .form(&form),
            &self.secrets,
        )
        .await
    }

    /// Asks who the person is.
    pub async fn userinfo(&self, access_token: &str) -> Reply {
        let request = self
            .http
            .get(format!("{}/oauth/userinfo", self.issuer))
            .bearer_auth(access_token);
        send(request, &self.secrets).await
    }

    /// A request to any path of the hub.
    pub async fn ask(&self, request: impl FnOnce(&Client, &str) -> RequestBuilder) -> Reply {
        send(request(&self.http, &self.issuer), &self.secrets).await
    }

    /// Verifies the RS256 signature of an object that the hub signed.
    pub async fn verify_rs256(&self, object: &str) {
        let header = part(object, 0);
        assert_eq!(
            header["alg"], "RS256",
            "the default of a client that asks for nothing else"
        );
        let jwks = self
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
            .await
            .good()
            .json;
        verify(object, &jwks);
    }

    /// Verifies an RS256 ID token as OpenID Connect Core 1.0 §3.1.3.7 asks, and gives its claims.
    pub async fn id_claims(&self, id_token: &str) -> Value {
        self.verify_rs256(id_token).await;
        let claims = part(id_token, 1);
        assert_eq!(claims["iss"], self.issuer.as_str());
        assert_eq!(claims["aud"], self.id());
        let now = tools::seconds();
        assert!(
            claims["exp"].as_i64().expect("exp") > now && claims["iat"].as_i64().expect("iat") <= now + 5
        );
        claims
    }

    /// Checks `state` and `iss` of an answer at the redirect URI, and gives the page.
    pub fn assert_answer_is_ours(&self, page: &Page) {
        assert_eq!(page.returned("state").as_deref(), Some("the state & more"));
        assert_eq!(
            page.returned("iss").as_deref(),
            Some(self.issuer.as_str()),
            "RFC 9207"
        );
        let away = page.away.as_ref().expect("an answer");
        assert!(
            away.as_str().starts_with(&format!("{}?", self.redirect_uri)),
            "{away}"
        );
    }
}

/// Proof key for code exchange (RFC 7636).
#[derive(Debug, Clone)]
pub struct Pkce {
    /// Kept.
    pub verifier: String,
    /// Sent.
    pub challenge: String,
}

impl Pkce {
    /// A fresh pair.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let verifier = encode(digest(&SHA256, tools::unique().as_bytes()).as_ref());
        let challenge = encode(digest(&SHA256, verifier.as_bytes()).as_ref());
        Self { verifier, challenge }
    }
}

/// A key with which a client signs assertions (ES256).
#[derive(Debug)]
pub struct ClientKey(EcdsaKeyPair);

impl ClientKey {
    /// A fresh one.
    pub fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    /// The public half as a JWK Set.
    pub fn jwks(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..65]));
        json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k1", "alg": "ES256", "use": "sig"}]})
    }

    /// The public half as a bare JWK.
    pub fn jwk(&self) -> Value {
        let mut key = self.jwks()["keys"][0].clone();
        key.as_object_mut()
            .expect("an object")
            .retain(|name, _| ["kty", "crv", "x", "y"].contains(&name.as_str()));
        key
    }

    /// The thumbprint of the public half (RFC 7638).
    pub fn thumbprint(&self) -> String {
        let key = self.jwk();
        let members = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            key["x"], key["y"]
        );
        encode(digest(&SHA256, members.as_bytes()).as_ref())
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "ES256", "kid": "k1"}), claims)
    }

    /// Signs claims as an object of a type.
    pub fn sign_as(&self, typ: &str, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "ES256", "kid": "k1", "typ": typ}), claims)
    }

    /// Signs claims under any header.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("a signature");
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

/// SHA-256 in base64url.
pub fn hash(bytes: &[u8]) -> String {
    encode(digest(&SHA256, bytes).as_ref())
}

/// Verifies an RS256 or ES256 signature by the keys of a JWK Set, and gives the claims.
pub fn verify(token: &str, jwks: &Value) -> Value {
    let header = part(token, 0);
    let key = jwks["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("the key");
    let (signed, signature) = token.rsplit_once('.').expect("a JWS");
    let component = |name: &str| decode(key[name].as_str().expect("a component"));
    let verified = match header["alg"].as_str() {
        Some("RS256") => RsaPublicKeyComponents {
            n: component("n"),
            e: component("e"),
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature)),
        Some("ES256") => {
            let point = [&[4][..], &component("x"), &component("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed.as_bytes(), &decode(signature))
        }
        other => panic!("signed by {other:?}"),
    };
    verified.expect("a signature by that key");
    part(token, 1)
}

/// Base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The other way.
pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// A part of a JWS: 0 its header, 1 its claims.
pub fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("a JWS");
    serde_json::from_slice(&decode(part)).expect("JSON")
}

/// A client that follows no redirect and has no cookies.
pub fn http() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .expect("an HTTP client")
}

/// Sends a request and notes what is secret in the answer.
pub async fn send(request: RequestBuilder, secrets: &Secrets) -> Reply {
    try_send(request, secrets).await.expect("an answer")
}

async fn try_send(request: RequestBuilder, secrets: &Secrets) -> Option<Reply> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.ok()?;
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    for name in [
        "access_token",
        "refresh_token",
        "id_token",
        "client_secret",
        "registration_access_token",
    ] {
        json[name]
            .as_str()
            .into_iter()
            .for_each(|secret| secrets.add(secret));
    }
    Some(Reply {
        status,
        headers,
        json,
        text,
    })
}
