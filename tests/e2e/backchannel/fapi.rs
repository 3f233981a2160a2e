//! fapi-ciba-id1: clients that prove themselves with a key or with a certificate, that are told or ask, and whose tokens are
//! bound to the certificate that they show.

use harness::certificates::Identity;
use harness::party::{ClientKey, http, part};
use harness::site::Site;
use harness::{Actor, Backend, Options, Party, Reply, RsaKey, Server, tools};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{GRANT, answer, counter, look};

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A hub behind a proxy that hands certificates on.
async fn hub(backend: Backend) -> Server {
    let options = Options {
        server: "trusted_proxies = [\"127.0.0.1/32\"]\nclient_certificate_header = \"Client-Cert\"\n"
            .to_owned(),
        configuration: "[tokens]\ndevice_interval_seconds = 1\n".to_owned(),
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

struct Counter {
    party: Party,
    key: ClientKey,
    identity: Identity,
    /// Whether it proves itself with an assertion, otherwise with its certificate.
    asserts: bool,
    issuer: String,
    told: bool,
}

impl Counter {
    async fn made(server: &Server, asserts: bool, place: Option<&str>) -> Self {
        let (key, identity) = (ClientKey::generate(), Identity::of_its_own("counter"));
        let method = if asserts {
            "private_key_jwt"
        } else {
            "self_signed_tls_client_auth"
        };
        let mut metadata = json!({
            "token_endpoint_auth_method": method,
            "jwks": {"keys": [key.jwks()["keys"][0], identity.jwk()]},
            "backchannel_authentication_request_signing_alg": "ES256",
            "tls_client_certificate_bound_access_tokens": true,
            "id_token_signed_response_alg": "ES256",
            "scope": "openid profile email offline_access",
        });
        if let Some(place) = place {
            metadata["backchannel_token_delivery_mode"] = json!("ping");
            metadata["backchannel_client_notification_endpoint"] = json!(place);
        }
        Self {
            party: counter(server, metadata).await,
            key,
            identity,
            asserts,
            issuer: server.issuer(),
            told: place.is_some(),
        }
    }

    /// What a request says, with changes; a null takes a claim away.
    fn claims(&self, changes: &Value) -> Value {
        let now = tools::seconds();
        let mut claims = json!({
            "iss": self.party.id(), "aud": self.issuer, "jti": tools::unique(), "iat": now, "nbf": now, "exp": now + 120,
            "scope": "openid profile email", "login_hint": "hanako", "binding_message": "1234",
        });
        if self.told {
            claims["client_notification_token"] = json!("8d67dc78-7faa-4d41-aabd-67707b374255");
        }
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        claims
    }

    fn assertion(&self) -> String {
        let (id, now) = (self.party.id(), tools::seconds());
        self.key.sign(&json!({
            "iss": id, "sub": id, "aud": self.issuer, "jti": tools::unique(), "iat": now, "exp": now + 60,
        }))
    }

    /// A request of the client with its own proof; the certificate is shown at every endpoint.
    fn proven(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let assertion = self.assertion();
        let mut form = form.to_vec();
        form.push(("client_id", self.party.id()));
        if self.asserts {
            form.push(("client_assertion_type", BEARER));
            form.push(("client_assertion", &assertion));
        }
        http()
            .post(format!("{}{path}", self.issuer))
            .header("client-cert", self.identity.header())
            .form(&form)
    }

    async fn send(&self, request: RequestBuilder) -> Reply {
        self.party.ask(|_, _| request).await
    }

    async fn begin(&self, object: &str) -> Reply {
        self.send(self.proven("/oauth/backchannel", &[("request", object)]))
            .await
    }

    async fn poll(&self, begun: &Reply) -> Reply {
        let form = [("grant_type", GRANT), ("auth_req_id", begun.text("auth_req_id"))];
        self.send(self.proven("/oauth/token", &form)).await
    }

    async fn resource(&self, token: &str) -> Reply {
        let request = http()
            .get(format!("{}/oauth/userinfo", self.issuer))
            .bearer_auth(token)
            .header("client-cert", self.identity.header());
        self.send(request).await
    }
}

/// The four variants: with an assertion or a certificate, told or not.
async fn all(server: &Server, site: &Site) -> Vec<Counter> {
    let place = site.url("/ping");
    let mut counters = Vec::new();
    for asserts in [true, false] {
        for place in [None, Some(place.as_str())] {
            counters.push(Counter::made(server, asserts, place).await);
        }
    }
    counters
}

/// fapi-ciba-id1, -ensure-other-scope-order-succeeds, -ensure-requested-expiry-as-string-succeeds,
/// -ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds.
#[tokio::test]
async fn a_client_of_fapi_ciba_gets_tokens_that_are_bound_to_its_certificate_and_told_as_it_likes() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let site = Site::start().await;
        site.say("/ping", "204 No Content", "", "");
        for (number, counter) in all(&server, &site).await.into_iter().enumerate() {
            let person = server.person(&format!("person{number}"));
            let asked = json!({
                "login_hint": person.login, "scope": "email profile openid", "requested_expiry": "120",
            });
            let before = site.times("/ping");
            let begun = counter
                .begin(&counter.key.sign(&counter.claims(&asked)))
                .await
                .good();
            assert_eq!(begun.json["expires_in"], 120);
            counter
                .poll(&begun)
                .await
                .assert_error(400, "authorization_pending");
            let actor = Actor::new(&server);
            let page = look(&actor, &person).await;
            answer(&actor, &page, "allow").await;
            if counter.told {
                tools::until("the client is told", async || site.times("/ping") > before).await;
            }
            let tokens = counter.poll(&begun).await.good();
            let token = tokens.text("access_token");
            assert_eq!(
                part(token, 1)["cnf"],
                json!({"x5t#S256": counter.identity.thumbprint()})
            );
            let id = part(tokens.text("id_token"), 1);
            assert_eq!(id["aud"], counter.party.id());
            let who = counter.resource(token).await.good();
            assert_eq!(who.json["sub"], id["sub"]);
            assert_eq!(who.json["email"], person.email.as_str());
        }
    }
}

/// -ensure-request-object-missing-*-fails, -bad-*-fails, -expired-exp-fails, -exp-is-70-minutes-in-future-fails,
/// -nbf-is-10-minutes-in-future-fails, -nbf-is-70-minutes-in-past-fails, -signature-algorithm-is-none-fails, -bad-fails,
/// -signed-by-other-client-fails.
#[tokio::test]
async fn an_object_that_is_not_whole_for_this_hub_and_now_begins_nothing() {
    let server = hub(Backend::Sqlite).await;
    server.person("hanako");
    let site = Site::start().await;
    for counter in all(&server, &site).await {
        let now = tools::seconds();
        let with = |changes: Value| counter.key.sign(&counter.claims(&changes));
        let whole = with(json!({}));
        let claims = whole.split('.').nth(1).unwrap().to_owned();
        let under = |alg: &str| {
            let header = harness::party::encode(json!({"alg": alg, "kid": "k1"}).to_string().as_bytes());
            format!("{header}.{claims}.")
        };
        for (what, object) in [
            ("no audience", with(json!({"aud": null}))),
            ("another audience", with(json!({"aud": "https://other.example"}))),
            ("no issuer", with(json!({"iss": null}))),
            ("another issuer", with(json!({"iss": "other"}))),
            ("no end", with(json!({"exp": null}))),
            ("over", with(json!({"exp": now - 300}))),
            ("more than an hour ahead", with(json!({"exp": now + 70 * 60}))),
            ("no time", with(json!({"iat": null}))),
            ("no beginning", with(json!({"nbf": null}))),
            (
                "ten minutes early",
                with(json!({"nbf": now + 600, "exp": now + 900})),
            ),
            ("more than an hour behind", with(json!({"nbf": now - 70 * 60}))),
            ("no name of its own", with(json!({"jti": null}))),
            ("no signature", under("none")),
            ("an algorithm of symmetric keys", under("HS256")),
            (
                "another client's key",
                ClientKey::generate().sign(&counter.claims(&json!({}))),
            ),
        ] {
            let reply = counter.begin(&object).await;
            assert_eq!(reply.status.as_u16(), 400, "{what}: {}", reply.text);
            assert_eq!(reply.json["error"], "invalid_request", "{what}");
        }
    }
}

/// -ensure-request-object-signature-algorithm-is-RS256-fails, -ensure-client-assertion-signature-algorithm-in-…-is-RS256-fails.
#[tokio::test]
async fn nothing_that_is_signed_by_another_algorithm_than_the_registered_one_counts() {
    let server = hub(Backend::Sqlite).await;
    server.person("hanako");
    let rsa = RsaKey::generate();
    let party = counter(
        &server,
        json!({
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256",
            "backchannel_authentication_request_signing_alg": "PS256", "jwks": rsa.jwks(),
        }),
    )
    .await;
    let issuer = server.issuer();
    let ask = async |path: &str, assertion: &str, more: &[(&str, &str)]| {
        let (id, now) = (party.id(), tools::seconds());
        let said = json!({
            "iss": id, "sub": id, "aud": issuer, "jti": tools::unique(), "iat": now, "exp": now + 60,
        });
        let assertion = rsa.sign(assertion, &said);
        let own = [
            ("client_assertion_type", BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        party
            .ask(|http, _| http.post(format!("{issuer}{path}")).form(&[&own, more].concat()))
            .await
    };
    let object = |algorithm: &str| {
        let now = tools::seconds();
        let said = json!({
            "iss": party.id(), "aud": issuer, "jti": tools::unique(), "iat": now, "nbf": now, "exp": now + 60,
            "scope": "openid", "login_hint": "hanako", "binding_message": "1234",
        });
        rsa.sign(algorithm, &said)
    };
    ask("/oauth/backchannel", "PS256", &[("request", &object("RS256"))])
        .await
        .assert_error(400, "invalid_request");
    ask("/oauth/backchannel", "RS256", &[("request", &object("PS256"))])
        .await
        .assert_error(401, "invalid_client");
    let begun = ask("/oauth/backchannel", "PS256", &[("request", &object("PS256"))])
        .await
        .good();
    let poll = [("grant_type", GRANT), ("auth_req_id", begun.text("auth_req_id"))];
    ask("/oauth/token", "RS256", &poll)
        .await
        .assert_error(401, "invalid_client");
    ask("/oauth/token", "PS256", &poll)
        .await
        .assert_error(400, "authorization_pending");
}

/// -ensure-without-client-assertion-in-…, -ensure-wrong-client-id-in-…, -ensure-different-client-id-and-issuer-in-…,
/// -ensure-mtls-holder-of-key-required.
#[tokio::test]
async fn a_client_is_believed_by_its_own_proof_under_its_own_name_alone() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for asserts in [true, false] {
        let (counter, other) = (
            Counter::made(&server, asserts, None).await,
            Counter::made(&server, asserts, None).await,
        );
        let bare = |path: &str, form: &[(&str, &str)], client: &str| {
            http()
                .post(format!("{}{path}", counter.issuer))
                .form(&[form, &[("client_id", client)]].concat())
        };
        let object = counter.key.sign(&counter.claims(&json!({})));
        let request = [("request", object.as_str())];
        let begun = counter.begin(&object).await.good();
        let poll = [("grant_type", GRANT), ("auth_req_id", begun.text("auth_req_id"))];
        for (path, form) in [("/oauth/backchannel", &request[..]), ("/oauth/token", &poll)] {
            let none = counter.send(bare(path, form, counter.party.id())).await;
            none.assert_error(401, "invalid_client");
            let assertion = counter.assertion();
            let named = if asserts {
                let proof = [
                    ("client_assertion_type", BEARER),
                    ("client_assertion", assertion.as_str()),
                ];
                bare(path, &[form, &proof].concat(), other.party.id())
            } else {
                bare(path, form, other.party.id()).header("client-cert", counter.identity.header())
            };
            counter.send(named).await.assert_error(401, "invalid_client");
        }
        // The proof of one client around the request of another.
        other
            .begin(&counter.key.sign(&counter.claims(&json!({}))))
            .await
            .assert_error(400, "invalid_request");
        let actor = Actor::new(&server);
        let page = look(&actor, &hanako).await;
        answer(&actor, &page, "allow").await;
        // Tokens of this client are bound to a certificate: without one there are none, and the answer is not used up.
        if asserts {
            let assertion = counter.assertion();
            let proof = [
                ("client_assertion_type", BEARER),
                ("client_assertion", assertion.as_str()),
            ];
            let reply = counter
                .send(bare(
                    "/oauth/token",
                    &[&poll[..], &proof].concat(),
                    counter.party.id(),
                ))
                .await;
            assert!(reply.status.is_client_error(), "{}", reply.text);
            assert!(reply.json["access_token"].is_null());
        }
    }
}

/// -refresh-token.
#[tokio::test]
async fn a_refresh_token_of_the_back_channel_is_its_clients_alone_with_its_certificate() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        for asserts in [true, false] {
            let (counter, other) = (
                Counter::made(&server, asserts, None).await,
                Counter::made(&server, asserts, None).await,
            );
            let asked = json!({"scope": "openid offline_access"});
            let begun = counter
                .begin(&counter.key.sign(&counter.claims(&asked)))
                .await
                .good();
            let actor = Actor::new(&server);
            let page = look(&actor, &hanako).await;
            answer(&actor, &page, "allow").await;
            let tokens = counter.poll(&begun).await.good();
            let refresh = [
                ("grant_type", "refresh_token"),
                ("refresh_token", tokens.text("refresh_token")),
            ];
            other
                .send(other.proven("/oauth/token", &refresh))
                .await
                .assert_error(400, "invalid_grant");
            let next = counter
                .send(counter.proven("/oauth/token", &refresh))
                .await
                .good();
            counter.resource(next.text("access_token")).await.good();
            let stolen = http()
                .get(format!("{}/oauth/userinfo", counter.issuer))
                .bearer_auth(next.text("access_token"))
                .header("client-cert", other.identity.header());
            counter.send(stolen).await.assert_error(401, "invalid_token");
        }
    }
}

/// -auth-req-id-expired.
#[tokio::test]
async fn a_request_whose_time_is_over_is_over_for_the_client_too() {
    let server = hub(Backend::Sqlite).await;
    server.person("hanako");
    let counter = Counter::made(&server, true, None).await;
    let asked = json!({"requested_expiry": 30});
    let begun = counter
        .begin(&counter.key.sign(&counter.claims(&asked)))
        .await
        .good();
    assert_eq!(begun.json["expires_in"], 30);
    tools::until("its time is over", async || {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        counter.poll(&begun).await.json["error"] == "expired_token"
    })
    .await;
}
