//! Requests by the back channel that the client signed (CIBA §7.1.1, FAPI-CIBA §5.2.2).

use harness::party::{ClientKey, part};
use harness::{Actor, Backend, Party, Reply, Server, tools};
use serde_json::{Value, json};

use super::{GRANT, answer, begin, counter, hub, look, outcome};

#[tokio::test]
async fn a_signed_request_is_whole_once_and_of_its_client() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let (key, other) = (ClientKey::generate(), ClientKey::generate());
    let party = counter(
        &server,
        json!({"jwks": key.jwks(), "backchannel_authentication_request_signing_alg": "ES256"}),
    )
    .await;
    let signed = |key: &ClientKey, changes: Value| {
        let now = tools::seconds();
        let mut claims = json!({
            "iss": party.id(), "aud": server.issuer(), "jti": tools::unique(), "iat": now, "nbf": now, "exp": now + 120,
            "scope": "openid profile", "login_hint": "hanako", "binding_message": "Signed 42",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        key.sign(&claims)
    };
    let ask = async |request: &str, more: &[(&str, &str)]| {
        let form = [more, &[("request", request)]].concat();
        party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/backchannel"))
                    .basic_auth(party.id(), Some(party.secret()))
                    .form(&form)
            })
            .await
    };
    begin(&party, &[]).await.assert_error(400, "invalid_request");
    let now = tools::seconds();
    for changes in [
        json!({"iss": "somebody"}),
        json!({"aud": "https://elsewhere.example"}),
        json!({"jti": null}),
        json!({"iat": null}),
        json!({"nbf": null}),
        json!({"exp": null}),
        json!({"exp": now - 60}),
        json!({"nbf": now + 600}),
    ] {
        ask(&signed(&key, changes), &[])
            .await
            .assert_error(400, "invalid_request");
    }
    ask(&signed(&other, json!({})), &[])
        .await
        .assert_error(400, "invalid_request");
    let good = signed(&key, json!({"requested_expiry": 120}));
    ask(&good, &[("scope", "openid")])
        .await
        .assert_error(400, "invalid_request");
    let pieces: Vec<&str> = good.split('.').collect();
    let none = harness::party::encode(b"{\"alg\":\"none\"}");
    ask(&format!("{none}.{}.", pieces[1]), &[])
        .await
        .assert_error(400, "invalid_request");
    let begun = ask(&good, &[]).await.good();
    assert_eq!(begun.json["expires_in"], 120);
    ask(&good, &[]).await.assert_error(400, "invalid_request");
    let actor = Actor::new(&server);
    let page = look(&actor, &hanako).await;
    assert!(page.body.contains("Signed 42"));
    answer(&actor, &page, "allow").await;
    outcome(&party, &begun).await.good();
}

/// A client of FAPI with its key.
struct Strict {
    party: Party,
    key: ClientKey,
}

impl Strict {
    async fn new(server: &Server, changes: Value) -> Self {
        let key = ClientKey::generate();
        let mut metadata = json!({
            "jwks": key.jwks(),
            "token_endpoint_auth_method": "private_key_jwt",
            "musubi_security_profile": "fapi2",
            "id_token_signed_response_alg": "ES256",
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        let party = counter(server, metadata).await;
        Self { party, key }
    }

    /// Signs claims that are for the hub, and now.
    fn sign(&self, server: &Server, more: &Value) -> String {
        let now = tools::seconds();
        let mut claims = json!({
            "iss": self.party.id(), "aud": server.issuer(), "jti": tools::unique(), "iat": now, "nbf": now,
            "exp": now + 120,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.key.sign(&claims)
    }

    /// Sends a form with the client's assertion, and with a proof if there is one.
    async fn post(&self, server: &Server, path: &str, form: &[(&str, &str)], proof: Option<String>) -> Reply {
        let assertion = self.sign(server, &json!({"sub": self.party.id()}));
        let own = [
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
        ];
        let form = [form, &own].concat();
        self.party
            .ask(|http, issuer| {
                let request = http.post(format!("{issuer}{path}")).form(&form);
                proof
                    .iter()
                    .fold(request, |request, proof| request.header("dpop", proof))
            })
            .await
    }

    async fn begin(&self, server: &Server, form: &[(&str, &str)]) -> Reply {
        self.post(server, "/oauth/backchannel", form, None).await
    }
}

const SIGNS: &str = "backchannel_authentication_request_signing_alg";

#[tokio::test]
async fn a_client_of_the_strict_profile_signs_its_requests_and_says_what_to_compare() {
    let server = hub(Backend::Sqlite, "").await;
    server.person("hanako");
    let plain = [
        ("scope", "openid"),
        ("login_hint", "hanako"),
        ("binding_message", "42"),
    ];
    let unsigned = Strict::new(&server, json!({})).await;
    unsigned
        .begin(&server, &plain)
        .await
        .assert_error(400, "invalid_request");
    let strict = Strict::new(&server, json!({SIGNS: "ES256"})).await;
    strict
        .begin(&server, &plain)
        .await
        .assert_error(400, "invalid_request");
    let bare = strict.sign(&server, &json!({"scope": "openid", "login_hint": "hanako"}));
    strict
        .begin(&server, &[("request", &bare)])
        .await
        .assert_error(400, "invalid_binding_message");
    let whole = json!({"scope": "openid", "login_hint": "hanako", "binding_message": "42"});
    let whole = strict.sign(&server, &whole);
    strict.begin(&server, &[("request", &whole)]).await.good();
}

#[tokio::test]
async fn tokens_of_the_strict_profile_are_bound_to_their_holder_and_its_requests_live_for_an_hour_at_most() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let strict = Strict::new(&server, json!({SIGNS: "ES256"})).await;
    let mut claims = json!({"scope": "openid", "login_hint": "hanako", "binding_message": "42"});
    let now = tools::seconds();
    claims["exp"] = json!(now + 3700);
    strict
        .begin(&server, &[("request", &strict.sign(&server, &claims))])
        .await
        .assert_error(400, "invalid_request");
    claims["nbf"] = json!(now - 3700);
    claims["exp"] = json!(now + 60);
    strict
        .begin(&server, &[("request", &strict.sign(&server, &claims))])
        .await
        .assert_error(400, "invalid_request");
    claims["nbf"] = json!(now);
    let begun = strict
        .begin(&server, &[("request", &strict.sign(&server, &claims))])
        .await
        .good();
    let actor = Actor::new(&server);
    let page = look(&actor, &hanako).await;
    answer(&actor, &page, "allow").await;
    let form = [("grant_type", GRANT), ("auth_req_id", begun.text("auth_req_id"))];
    strict
        .post(&server, "/oauth/token", &form, None)
        .await
        .assert_error(400, "invalid_dpop_proof");
    let proof = crate::fapi_tokens::proof(&strict.key, &server);
    let tokens = strict
        .post(&server, "/oauth/token", &form, Some(proof))
        .await
        .good();
    assert_eq!(tokens.text("token_type"), "DPoP");
    let claims = part(tokens.text("access_token"), 1);
    assert_eq!(claims["cnf"], json!({"jkt": strict.key.thumbprint()}));
}

#[tokio::test]
async fn an_assertion_that_names_the_back_channel_proves_a_client_there_and_one_for_elsewhere_does_not() {
    let server = hub(Backend::Sqlite, "").await;
    server.person("hanako");
    let key = ClientKey::generate();
    let method = json!({"jwks": key.jwks(), "token_endpoint_auth_method": "private_key_jwt"});
    let party = counter(&server, method).await;
    let ask = async |audience: String| {
        let now = tools::seconds();
        let assertion = key.sign(&json!({
            "iss": party.id(), "sub": party.id(), "aud": audience, "jti": tools::unique(), "iat": now, "exp": now + 60,
        }));
        let form = [
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
            ("scope", "openid"),
            ("login_hint", "hanako"),
        ];
        party
            .ask(|http, issuer| http.post(format!("{issuer}/oauth/backchannel")).form(&form))
            .await
    };
    ask(server.url("/oauth/backchannel").to_string()).await.good();
    ask(server.issuer()).await.good();
    ask(server.url("/oauth/revoke").to_string())
        .await
        .assert_error(401, "invalid_client");
}
