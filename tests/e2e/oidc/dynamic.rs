//! oidcc-dynamic: what a client says when it registers, and keys that change while it works; and requests in another order.

use harness::party::{CALLBACK, ClientKey, Pkce, part};
use harness::site::Site;
use harness::{Actor, Backend, Party, Reply, Server, html, tools};
use serde_json::{Value, json};

async fn keys(party: &Party) -> Vec<Value> {
    let reply = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
        .await
        .good();
    reply.json["keys"].as_array().unwrap().clone()
}

/// oidcc-server-rotate-keys.
#[tokio::test]
async fn keys_that_are_rotated_stand_beside_the_new_ones_and_what_they_signed_stays_good() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        let before = keys(&party).await;
        server.musubi(&["keys", "rotate", "--algorithm", "RS256"], "");
        tools::until("the successor is published", || async {
            keys(&party).await.len() > before.len()
        })
        .await;
        let after = keys(&party).await;
        for key in &before {
            assert!(after.contains(key), "{key} is gone");
        }
        party.id_claims(tokens.text("id_token")).await;
        let again = party.sign_in(&browser, &hanako).await;
        party.id_claims(again.text("id_token")).await;
    }
}

async fn refresh(server: &Server, party: &Party, key: &ClientKey, kid: &str, token: &str) -> Reply {
    let now = tools::seconds();
    let assertion = key.sign_with(
        &json!({"alg": "ES256", "kid": kid}),
        &json!({
            "iss": party.id(), "sub": party.id(), "aud": server.issuer(), "jti": tools::unique(), "iat": now,
            "exp": now + 60,
        }),
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", &assertion),
    ];
    party.token_bare(&form).await
}

/// oidcc-registration-jwks-uri, oidcc-refresh-token-rp-key-rotation.
#[tokio::test]
async fn a_client_that_changes_the_key_at_its_address_goes_on_with_the_new_one() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (site, old, new) = (Site::start().await, ClientKey::generate(), ClientKey::generate());
    site.serve("/keys", &old.jwks());
    let metadata = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": site.url("/keys")});
    let party = Party::register_with(&server, metadata).await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let now = tools::seconds();
    let assertion = old.sign(&json!({
        "iss": party.id(), "sub": party.id(), "aud": server.issuer(), "jti": tools::unique(), "iat": now,
        "exp": now + 60,
    }));
    let proof = [
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion.as_str()),
    ];
    let form = [party.redemption(&code, &pkce), proof.to_vec()].concat();
    let tokens = party.token_bare(&form).await.good();
    let mut published = new.jwks();
    published["keys"][0]["kid"] = json!("k2");
    site.serve("/keys", &published);
    // The hub does not ask the address again and again; it does once a name that it does not know comes up.
    tools::until("the new key is believed", || async {
        let token = tokens.text("refresh_token");
        let reply = refresh(&server, &party, &new, "k2", token).await;
        if reply.status.is_success() {
            return true;
        }
        reply.assert_error(401, "invalid_client");
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        false
    })
    .await;
}

/// oidcc-registration-policy-uri, oidcc-registration-tos-uri, oidcc-registration-logo-uri: the picture of somebody outside
/// is no part of our pages, the name stands in its place.
#[tokio::test]
async fn whoever_is_asked_reads_the_name_the_policy_and_the_terms_and_loads_no_picture_of_others() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(
        &server,
        json!({
            "client_name": "Portal of the clinic",
            "policy_uri": "https://rp.example/policy",
            "tos_uri": "https://rp.example/terms",
            "logo_uri": "https://rp.example/logo.png",
        }),
    )
    .await;
    let browser = Actor::new(&server);
    let page = browser.open(&party.request(&Pkce::new(), &[])).await;
    assert!(
        page.body.contains("Portal of the clinic"),
        "the sign-in page: {}",
        page.body
    );
    let page = browser.sign_in(&page, &hanako).await;
    assert!(page.has_form("/oauth/consent") && page.body.contains("Portal of the clinic"));
    let links = html::values(&page.body, "a", "href");
    for address in ["https://rp.example/policy", "https://rp.example/terms"] {
        assert!(links.iter().any(|link| link == address), "{links:?}");
    }
    assert!(!page.body.contains("logo.png"));
}

/// oidcc-redirect-uri-query-OK, oidcc-redirect-uri-query-added, oidcc-redirect-uri-query-mismatch,
/// oidcc-ensure-redirect-uri-in-authorization-request.
#[tokio::test]
async fn a_query_of_a_redirect_uri_is_part_of_it_and_one_of_several_has_to_be_named() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let with_query = format!("{CALLBACK}?foo=bar");
    let party = Party::register_with(
        &server,
        json!({"redirect_uris": [with_query, "https://rp.example/two"]}),
    )
    .await;
    let browser = Actor::new(&server);
    let page = browser
        .authorize(&party.request(&Pkce::new(), &[]), &hanako)
        .await;
    assert!(page.away.as_ref().unwrap().as_str().starts_with(&with_query));
    assert_eq!(page.returned("foo").as_deref(), Some("bar"));
    assert!(page.returned("code").is_some());
    for wrong in [
        CALLBACK,
        "https://rp.example/callback?foo=baz",
        "https://rp.example/two?foo=bar",
        "",
    ] {
        let page = browser
            .open(&party.request(&Pkce::new(), &[("redirect_uri", wrong)]))
            .await;
        assert!(
            page.away.is_none() && page.status.as_u16() == 400,
            "{wrong}: {:?}",
            page.away
        );
    }
}

/// oidcc-idtoken-rs256, oidcc-ensure-client-assertion-with-iss-aud-succeeds.
#[tokio::test]
async fn an_assertion_for_the_issuer_proves_a_client_and_its_id_token_is_signed_as_it_registered() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let key = ClientKey::generate();
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks(), "id_token_signed_response_alg": "RS256",
    });
    let party = Party::register_with(&server, metadata).await;
    let browser = Actor::new(&server);
    for audience in [server.issuer(), server.url("/oauth/token").to_string()] {
        let (pkce, now) = (Pkce::new(), tools::seconds());
        let code = party.code(&browser, &hanako, &pkce, &[]).await;
        let assertion = key.sign(&json!({
            "iss": party.id(), "sub": party.id(), "aud": audience, "jti": tools::unique(), "iat": now, "exp": now + 60,
        }));
        let proof = [
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str()),
        ];
        let form = [party.redemption(&code, &pkce), proof.to_vec()].concat();
        let tokens = party.token_bare(&form).await.good();
        assert_eq!(part(tokens.text("id_token"), 0)["alg"], "RS256");
        party.id_claims(tokens.text("id_token")).await;
    }
}

/// oidcc-alternate-happy-flow.
#[tokio::test]
async fn the_order_of_the_parameters_and_of_the_scopes_makes_no_difference_to_a_code() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let pkce = Pkce::new();
    let request = party.request(&pkce, &[("scope", "offline_access email profile openid")]);
    let (path, query) = request.split_once('?').unwrap();
    let turned: Vec<&str> = query.rsplit('&').collect();
    let page = Actor::new(&server)
        .authorize(&format!("{path}?{}", turned.join("&")), &hanako)
        .await;
    party.assert_answer_is_ours(&page);
    let code = page.returned("code").unwrap();
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    party.id_claims(tokens.text("id_token")).await;
}
