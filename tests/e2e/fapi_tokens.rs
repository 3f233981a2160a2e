//! FAPI 2.0 Security Profile at the token endpoint: assertions for this server alone, no bearer tokens, no secrets, refresh
//! tokens that stay.

use harness::party::{ClientKey, Pkce};
use harness::{Actor, Backend, Party, Reply, RsaKey, Server, tools};
use serde_json::{Value, json};

/// Metadata of a service under FAPI 2.0.
fn of_fapi(jwks: &Value) -> Value {
    json!({
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "vitals.write",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": jwks,
        "musubi_security_profile": "fapi2",
    })
}

fn assertion(key: &ClientKey, party: &Party, audience: &Value, header: &Value) -> String {
    let (id, now) = (party.id(), tools::seconds());
    key.sign_with(
        header,
        &json!({"iss": id, "sub": id, "aud": audience, "jti": tools::unique(), "iat": now, "exp": now + 60}),
    )
}

/// A DPoP proof for the token endpoint.
pub(crate) fn proof(key: &ClientKey, server: &Server) -> String {
    key.sign_with(
        &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()}),
        &json!({
            "jti": tools::unique(),
            "htm": "POST",
            "htu": server.url("/oauth/token"),
            "iat": tools::seconds(),
        }),
    )
}

async fn ask(party: &Party, assertion: &str, proof: Option<String>) -> Reply {
    let form = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
    ];
    party
        .ask(|_, _| {
            let request = party.token_request().form(&form);
            proof
                .iter()
                .fold(request, |request, proof| request.header("dpop", proof))
        })
        .await
}

#[tokio::test]
async fn an_assertion_of_fapi_names_the_issuer_alone_and_its_tokens_are_bound() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    let party = Party::made(&server, &of_fapi(&key.jwks())).await;
    let issuer = server.issuer();
    let plain = json!({"alg": "ES256", "kid": "k1"});
    for audience in [
        json!(server.url("/oauth/token")),
        json!([issuer]),
        json!([issuer, "https://other.example"]),
        json!("https://other.example"),
        json!(format!("{issuer}/")),
    ] {
        let offered = assertion(&key, &party, &audience, &plain);
        ask(&party, &offered, Some(proof(&key, &server)))
            .await
            .assert_error(401, "invalid_client");
    }
    let offered = assertion(&key, &party, &json!(issuer), &plain);
    ask(&party, &offered, None)
        .await
        .assert_error(400, "invalid_dpop_proof");
    for typ in [json!("JWT"), json!("client-authentication+jwt")] {
        let header = json!({"alg": "ES256", "kid": "k1", "typ": typ});
        let offered = assertion(&key, &party, &json!(issuer), &header);
        let tokens = ask(&party, &offered, Some(proof(&key, &server))).await.good();
        assert_eq!(tokens.text("token_type"), "DPoP");
    }
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt"] {
        let header = json!({"alg": "ES256", "kid": "k1", "typ": typ});
        let offered = assertion(&key, &party, &json!(issuer), &header);
        ask(&party, &offered, Some(proof(&key, &server)))
            .await
            .assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn clocks_that_are_ten_seconds_ahead_are_taken_and_a_minute_ahead_are_not() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    let party = Party::made(&server, &of_fapi(&key.jwks())).await;
    let at = |iat: i64, nbf: i64| {
        let (id, now) = (party.id(), tools::seconds());
        key.sign(&json!({
            "iss": id, "sub": id, "aud": server.issuer(), "jti": tools::unique(),
            "iat": now + iat, "nbf": now + nbf, "exp": now + 120,
        }))
    };
    let made = |iat: i64| {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()});
        let url = server.url("/oauth/token");
        let said = json!({"jti": tools::unique(), "htm": "POST", "htu": url, "iat": tools::seconds() + iat});
        key.sign_with(&header, &said)
    };
    for (iat, nbf) in [(0, 0), (8, 0), (0, 8)] {
        ask(&party, &at(iat, nbf), Some(made(0))).await.good();
    }
    for (iat, nbf) in [(70, 0), (0, 70)] {
        ask(&party, &at(iat, nbf), Some(made(0)))
            .await
            .assert_error(401, "invalid_client");
    }
    ask(&party, &at(0, 0), Some(made(8))).await.good();
    ask(&party, &at(0, 0), Some(made(70)))
        .await
        .assert_error(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn an_assertion_with_the_padding_of_pkcs_1_version_1_5_proves_no_client_of_fapi() {
    let server = Server::start(Backend::Sqlite).await;
    let rsa = RsaKey::generate();
    let key = ClientKey::generate();
    for (profile, taken) in [("fapi2", false), ("standard", true)] {
        let mut metadata = of_fapi(&rsa.jwks());
        metadata["musubi_security_profile"] = json!(profile);
        let party = Party::made(&server, &metadata).await;
        let claims = || {
            let (id, now) = (party.id(), tools::seconds());
            json!({
                "iss": id, "sub": id, "aud": server.issuer(), "jti": tools::unique(),
                "iat": now, "exp": now + 60,
            })
        };
        let pss = rsa.sign("PS256", &claims());
        ask(&party, &pss, Some(proof(&key, &server))).await.good();
        let old = rsa.sign("RS256", &claims());
        let reply = ask(&party, &old, Some(proof(&key, &server))).await;
        assert_eq!(reply.status.is_success(), taken, "{profile}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_secret_proves_no_client_of_fapi() {
    let server = Server::start(Backend::Sqlite).await;
    let metadata = json!({
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "vitals.write",
        "musubi_security_profile": "fapi2",
    });
    let made = Party::try_made(&server, &metadata).await;
    // Whether it is refused at once or proves nothing: it gets no token.
    if made.status.is_success() {
        let party = Party::of(&server, made.json);
        party
            .token(&[("grant_type", "client_credentials")])
            .await
            .assert_error(401, "invalid_client");
    } else {
        assert_eq!(made.status.as_u16(), 422);
    }
}

#[tokio::test]
async fn a_refresh_token_stays_where_an_administrator_says_so_and_ends_with_what_it_rests_on() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let metadata = json!({
            "redirect_uris": ["https://rp.example/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email",
            "refresh_token_rotation": false,
        });
        let party = Party::made(&server, &metadata).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let code = party
            .code(&browser, &hanako, &pkce, &[("scope", "openid email")])
            .await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let refresh = tokens.text("refresh_token");
        for _ in 0..3 {
            let again = party.refresh(refresh).await.good();
            assert_eq!(again.text("refresh_token"), refresh);
            party.userinfo(again.text("access_token")).await.good();
        }
        party
            .token(&party.redemption(&code, &pkce))
            .await
            .assert_error(400, "invalid_grant");
        party.refresh(refresh).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_public_client_cannot_have_a_refresh_token_that_stays() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let metadata = json!({
        "redirect_uris": ["https://rp.example/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        "scope": "openid email",
        "refresh_token_rotation": false,
    });
    let party = Party::made(&server, &metadata).await;
    let pkce = Pkce::new();
    let code = party
        .code(&Actor::new(&server), &hanako, &pkce, &[("scope", "openid email")])
        .await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    let refresh = tokens.text("refresh_token");
    let next = party.refresh(refresh).await.good();
    assert_ne!(next.text("refresh_token"), refresh);
    party.refresh(refresh).await.assert_error(400, "invalid_grant");
}
