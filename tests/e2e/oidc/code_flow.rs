//! oidcc-basic: the code flow from the request to userinfo.

use std::io::Write as _;

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Party, Server};
use serde_json::json;

/// oidcc-server, oidcc-idtoken-signature, oidcc-userinfo-get, oidcc-userinfo-post-header.
#[tokio::test]
async fn a_code_brings_a_signed_id_token_that_names_its_key_and_userinfo_knows_the_same_subject() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        assert_eq!(tokens.text("token_type").to_lowercase(), "bearer");
        assert_eq!(
            tokens.headers["cache-control"], "no-store",
            "OpenID Connect Core 1.0 §3.1.3.3"
        );
        assert!(tokens.json["expires_in"].as_u64().unwrap() > 0);
        let claims = party.id_claims(tokens.text("id_token")).await;
        assert_eq!(claims["nonce"], "the nonce");
        assert!(part(tokens.text("id_token"), 0)["kid"].is_string());
        let token = tokens.text("access_token");
        let got = party.userinfo(token).await.good();
        assert!(
            got.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("application/json")
        );
        assert_eq!(got.json["sub"], claims["sub"]);
        let posted = party
            .ask(|http, issuer| http.post(format!("{issuer}/oauth/userinfo")).bearer_auth(token))
            .await
            .good();
        assert_eq!(posted.json, got.json);
    }
}

/// oidcc-ensure-request-without-nonce-succeeds-for-code-flow, oidcc-ensure-request-with-valid-pkce-succeeds and its
/// opposite: a confidential client of the basic profile may go without either.
#[tokio::test]
async fn a_confidential_client_needs_neither_nonce_nor_pkce_and_gets_no_nonce_that_it_did_not_send() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let without = [
        ("nonce", ""),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let code = party
        .code(&Actor::new(&server), &hanako, &Pkce::new(), &without)
        .await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &party.redirect_uri),
    ];
    let tokens = party.token(&form).await.good();
    let claims = party.id_claims(tokens.text("id_token")).await;
    assert!(claims.get("nonce").is_none(), "{claims}");
}

/// oidcc-userinfo-post-body.
#[tokio::test]
async fn an_access_token_may_come_in_a_posted_form_but_in_one_way_only_and_never_in_an_address() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let token = tokens.text("access_token");
    let form = [("access_token", token)];
    let post =
        |http: &reqwest::Client, issuer: &str| http.post(format!("{issuer}/oauth/userinfo")).form(&form);
    let posted = party.ask(post).await.good();
    assert_eq!(posted.json, party.userinfo(token).await.good().json);
    let twice = party
        .ask(|http, issuer| post(http, issuer).bearer_auth(token))
        .await;
    twice.assert_error(400, "invalid_request");
    let doubled = format!("access_token={token}&access_token={token}");
    let doubled = party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/userinfo"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(doubled)
        })
        .await;
    doubled.assert_error(400, "invalid_request");
    for wrong in [
        party
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/userinfo")).form(&form))
            .await,
        party
            .ask(|http, issuer| http.post(format!("{issuer}/oauth/userinfo")).query(&form))
            .await,
    ] {
        assert_eq!(wrong.status.as_u16(), 401, "{}", wrong.text);
    }
}

/// oidcc-server-client-secret-post.
#[tokio::test]
async fn a_client_that_registered_for_it_sends_its_secret_in_the_form() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(
        &server,
        json!({"token_endpoint_auth_method": "client_secret_post"}),
    )
    .await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    party.id_claims(tokens.text("id_token")).await;
}

/// oidcc-response-type-missing.
#[tokio::test]
async fn a_request_without_a_response_type_is_refused_at_the_redirect_uri() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let page = Actor::new(&server)
        .open(&party.request(&Pkce::new(), &[("response_type", "")]))
        .await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    party.assert_answer_is_ours(&page);
}

/// oidcc-scope-email and, for what the hub knows of a person, oidcc-scope-profile.
#[tokio::test]
async fn a_scope_gives_its_claims_and_those_of_no_other_scope() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for (scope, given, withheld) in [
        (
            "openid email",
            &["email", "email_verified"][..],
            &["name", "preferred_username"][..],
        ),
        (
            "openid profile",
            &["name", "preferred_username", "updated_at"],
            &["email", "email_verified"],
        ),
        ("openid", &["sub"], &["name", "email", "preferred_username"]),
    ] {
        let pkce = Pkce::new();
        let code = party.code(&browser, &hanako, &pkce, &[("scope", scope)]).await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let claims = party.userinfo(tokens.text("access_token")).await.good().json;
        for name in given {
            assert!(!claims[*name].is_null(), "{scope} gives no {name}: {claims}");
        }
        for name in withheld {
            assert!(claims[*name].is_null(), "{scope} gives {name}: {claims}");
        }
    }
}

/// oidcc-scope-profile, oidcc-scope-address, oidcc-scope-phone, oidcc-scope-all.
#[tokio::test]
async fn a_person_who_told_everything_is_known_by_every_standard_claim_of_the_scopes_that_were_allowed() {
    let server = Server::start(Backend::Sqlite).await;
    let details = json!({
        "family_name": "山田", "given_name": "花子", "middle_name": "M", "nickname": "はな",
        "profile": "https://hanako.example/", "picture": "https://hanako.example/me.png", "website": "https://hanako.example/",
        "gender": "female", "birthdate": "1950-04-29", "zoneinfo": "Asia/Tokyo",
        "phone_number": "+81312345678", "phone_number_verified": true,
        "address": {"formatted": "東京都港区芝公園4-2-8", "postal_code": "105-0011", "country": "JP"},
    });
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(details.to_string().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let hanako = server.person_with("hanako", &["--language", "ja", "--details", path]);
    let party = Party::register_with(&server, json!({"scope": "openid profile email address phone"})).await;
    let browser = Actor::new(&server);
    for (scope, given) in [
        (
            "openid profile",
            &[
                "name",
                "family_name",
                "given_name",
                "middle_name",
                "nickname",
                "preferred_username",
                "profile",
                "picture",
                "website",
                "gender",
                "birthdate",
                "zoneinfo",
                "locale",
                "updated_at",
            ][..],
        ),
        ("openid phone", &["phone_number", "phone_number_verified"]),
        ("openid address", &["address"]),
        (
            "openid profile email address phone",
            &["name", "email", "address", "phone_number"],
        ),
    ] {
        let pkce = Pkce::new();
        let code = party.code(&browser, &hanako, &pkce, &[("scope", scope)]).await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let claims = party.userinfo(tokens.text("access_token")).await.good().json;
        for name in given {
            assert!(!claims[*name].is_null(), "{scope} gives no {name}: {claims}");
        }
        for (name, value) in details.as_object().unwrap() {
            assert!(
                claims[name].is_null() || claims[name] == *value,
                "{name}: {claims}"
            );
        }
        if !scope.contains("profile") {
            assert!(
                claims["given_name"].is_null() && claims["birthdate"].is_null(),
                "{scope}: {claims}"
            );
        }
        if !scope.contains("phone") {
            assert!(claims["phone_number"].is_null(), "{scope}: {claims}");
        }
    }
}

/// oidcc-refresh-token.
#[tokio::test]
async fn a_refreshed_id_token_is_about_the_same_person_client_and_sign_in() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"require_auth_time": true})).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let first = party.id_claims(tokens.text("id_token")).await;
    let next = party.refresh(tokens.text("refresh_token")).await.good();
    assert_ne!(next.text("access_token"), tokens.text("access_token"));
    let second = party.id_claims(next.text("id_token")).await;
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(
            first[name], second[name],
            "{name} (OpenID Connect Core 1.0 §12.2)"
        );
    }
    party.userinfo(next.text("access_token")).await.good();
}
