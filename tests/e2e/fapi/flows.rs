//! Flows that must go well, and those in which the person or the request decides otherwise.

use harness::party::{CALLBACK, Pkce, part, verify};
use harness::{Actor, Backend};
use serde_json::json;

use super::{Client, KINDS, Means, hub};

/// -happy-flow, -par-without-duplicate-parameters, -ensure-other-scope-order-succeeds.
#[tokio::test]
async fn a_pushed_request_brings_tokens_that_are_bound_and_a_second_client_is_no_other() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        for kind in KINDS {
            let with_query = json!({"redirect_uris": [format!("{CALLBACK}?dummy1=lorem&dummy2=ipsum")]});
            for changes in [json!({}), with_query] {
                let client = Client::made_with(&server, kind, changes).await;
                let pkce = Pkce::new();
                let scope = [("scope", "email profile openid")];
                let answer = client.answer(&browser, &hanako, &pkce, &scope).await;
                assert_eq!(answer["state"], "the state & more", "{kind:?}");
                let form = client.redemption(&answer["code"], &pkce);
                let tokens = client.token(form).await.good();
                assert_eq!(tokens.text("token_type"), client.scheme(), "{kind:?}");
                let confirmation = &part(tokens.text("access_token"), 1)["cnf"];
                let expected = match kind.means {
                    Means::Key => json!({"jkt": client.holder.thumbprint()}),
                    Means::Certificate => json!({"x5t#S256": client.identity.thumbprint()}),
                };
                assert_eq!(*confirmation, expected, "{kind:?}");
                let claims = verify(tokens.text("id_token"), &client.keys);
                assert_eq!(
                    (&claims["aud"], &claims["nonce"]),
                    (&json!(client.id()), &json!("the nonce"))
                );
                assert!(claims.get("s_hash").is_none());
                let who = client
                    .resource(tokens.text("access_token"), client.scheme())
                    .await
                    .good();
                assert_eq!(who.json["sub"], claims["sub"]);
                assert_eq!(who.json["email"], hanako.email.as_str());
            }
        }
        server.assert_log_is_intact();
    }
}

/// -access-token-type-header-case-sensitivity.
#[tokio::test]
async fn the_name_of_the_scheme_may_be_written_in_any_case() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        let tokens = client.tokens(&Actor::new(&server), &hanako).await;
        for scheme in [client.scheme().to_lowercase(), client.scheme().to_uppercase()] {
            client.resource(tokens.text("access_token"), &scheme).await.good();
        }
    }
}

/// -ensure-authorization-request-without-state-success, -without-nonce-success, -with-64-char-nonce-success, -with-long-nonce,
/// -with-long-state.
#[tokio::test]
async fn state_and_nonce_come_back_as_they_were_sent_long_or_not_at_all() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        let (nonce, long, state) = ("n".repeat(64), "n".repeat(384), "s".repeat(1024));
        for (name, value) in [
            ("state", ""),
            ("nonce", ""),
            ("nonce", nonce.as_str()),
            ("nonce", long.as_str()),
            ("state", state.as_str()),
        ] {
            let pkce = Pkce::new();
            let answer = client.answer(&browser, &hanako, &pkce, &[(name, value)]).await;
            let tokens = client
                .token(client.redemption(&answer["code"], &pkce))
                .await
                .good();
            let claims = part(tokens.text("id_token"), 1);
            let came = if name == "state" {
                answer.get("state").cloned()
            } else {
                claims["nonce"].as_str().map(str::to_owned)
            };
            let sent = (!value.is_empty()).then(|| value.to_owned());
            assert_eq!(came, sent, "{kind:?} {name}");
            assert!(claims.get("s_hash").is_none());
        }
    }
}

/// -user-rejects-authentication.
#[tokio::test]
async fn who_says_no_sends_the_client_away_with_nothing_but_the_no() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        let browser = Actor::new(&server);
        let pushed = client.push(&Pkce::new(), &[]).await.good();
        let page = browser.open(&client.by_reference(&pushed)).await;
        let page = browser.sign_in(&page, &hanako).await;
        let page = browser.send(&page.form("/oauth/consent").press("deny")).await;
        let answer = client.read(&page);
        assert_eq!(answer["error"], "access_denied", "{kind:?}");
        assert_eq!(answer["state"], "the state & more");
        assert!(!answer.contains_key("code"));
    }
}

/// -ensure-different-nonce-inside-and-outside-request-object, -ensure-different-state-inside-and-outside-request-object,
/// -state-only-outside-request-object-not-used.
#[tokio::test]
async fn only_what_was_pushed_counts_and_nothing_that_stands_beside_its_name() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        for (inside, outside) in [
            (&[][..], [("nonce", "beside"), ("state", "beside")]),
            (&[("state", "")], [("state", "beside"), ("extra", "beside")]),
        ] {
            let pkce = Pkce::new();
            let pushed = client.push(&pkce, inside).await.good();
            let address = client.by_reference_with(&pushed, &outside);
            let answer = client.read(&browser.authorize(&address, &hanako).await);
            let expected = inside.is_empty().then_some("the state & more");
            assert_eq!(answer.get("state").map(String::as_str), expected, "{kind:?}");
            let tokens = client
                .token(client.redemption(&answer["code"], &pkce))
                .await
                .good();
            assert_eq!(part(tokens.text("id_token"), 1)["nonce"], "the nonce", "{kind:?}");
        }
    }
}

/// -test-claims-parameter-identity-claims.
#[tokio::test]
async fn single_claims_that_are_asked_for_come_in_the_id_token() {
    let server = hub(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        let claims =
            json!({"id_token": {"name": null, "email": {"essential": true}, "email_verified": null}});
        let claims = claims.to_string();
        let pkce = Pkce::new();
        let answer = client
            .answer(
                &browser,
                &hanako,
                &pkce,
                &[("scope", "openid"), ("claims", &claims)],
            )
            .await;
        let tokens = client
            .token(client.redemption(&answer["code"], &pkce))
            .await
            .good();
        let told = part(tokens.text("id_token"), 1);
        assert_eq!(told["name"], hanako.name.as_str(), "{kind:?}");
        assert_eq!(told["email"], hanako.email.as_str(), "{kind:?}");
        assert!(
            told.get("sid").is_none(),
            "nothing that it has no use for: {told}"
        );
    }
}

/// -discovery-end-point-verification.
#[tokio::test]
async fn discovery_says_what_clients_of_the_profile_need() {
    let server = hub(Backend::Sqlite).await;
    let client = Client::made(&server, KINDS[0]).await;
    let said = client
        .party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
        .await
        .good()
        .json;
    let has = |name: &str, value: &str| said[name].as_array().unwrap().contains(&json!(value));
    for (name, value) in [
        ("response_types_supported", "code"),
        ("code_challenge_methods_supported", "S256"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        (
            "token_endpoint_auth_methods_supported",
            "self_signed_tls_client_auth",
        ),
        ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
        ("dpop_signing_alg_values_supported", "ES256"),
        ("request_object_signing_alg_values_supported", "ES256"),
        ("authorization_signing_alg_values_supported", "ES256"),
        ("response_modes_supported", "jwt"),
        ("id_token_signing_alg_values_supported", "ES256"),
    ] {
        assert!(has(name, value), "{name}: {}", said[name]);
    }
    for (name, value) in [
        ("dpop_signing_alg_values_supported", "none"),
        ("authorization_signing_alg_values_supported", "none"),
        ("request_object_signing_alg_values_supported", "none"),
    ] {
        assert!(!has(name, value), "{name}: {}", said[name]);
    }
    assert_eq!(said["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(said["authorization_response_iss_parameter_supported"], true);
    let endpoint = said["pushed_authorization_request_endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with(&server.issuer()), "{endpoint}");
}
