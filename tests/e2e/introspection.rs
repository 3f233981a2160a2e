//! Introspection (RFC 7662, RFC 9701) and revocation (RFC 7009): who learns of a token, who ends it, and who tries.

use harness::party::{part, send};
use harness::{Actor, Backend, Party, Reply, Server, tools};
use serde_json::{Value, json};

/// What the introspection endpoint answers a client that authenticates with HTTP Basic.
async fn introspect(party: &Party, token: &str) -> Reply {
    post(party, "introspect", &[("token", token)]).await
}

async fn revoke(party: &Party, token: &str) -> Reply {
    post(party, "revoke", &[("token", token)]).await
}

async fn post(party: &Party, endpoint: &str, form: &[(&str, &str)]) -> Reply {
    party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/{endpoint}"))
                .basic_auth(party.id(), Some(party.secret()))
                .form(form)
        })
        .await
}

fn assert_inactive(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json, json!({"active": false}));
}

#[tokio::test]
async fn a_client_learns_of_its_own_tokens_what_they_say_and_nothing_once_they_are_revoked() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        let access = tokens.text("access_token");
        let known = introspect(&party, access).await.good();
        assert_eq!(known.headers["cache-control"], "no-store");
        assert_eq!(known.json["active"], true);
        assert_eq!(known.json["token_type"], "Bearer");
        assert_eq!(known.json["username"], hanako.login.as_str());
        let said = part(access, 1);
        for name in [
            "iss",
            "sub",
            "aud",
            "client_id",
            "exp",
            "iat",
            "jti",
            "scope",
            "auth_time",
        ] {
            assert!(!said[name].is_null(), "{name}");
            assert_eq!(known.json[name], said[name], "{name}");
        }
        let refresh = introspect(&party, tokens.text("refresh_token")).await.good();
        assert_eq!(refresh.json["active"], true);
        assert_eq!(refresh.json["sub"], said["sub"]);
        assert_eq!(refresh.json["scope"], tokens.text("scope"));

        let next = party.refresh(tokens.text("refresh_token")).await.good();
        assert_inactive(&introspect(&party, tokens.text("refresh_token")).await);
        assert_eq!(
            introspect(&party, next.text("refresh_token")).await.json["active"],
            true
        );
        let hint = [
            ("token", next.text("refresh_token")),
            ("token_type_hint", "access_token"),
        ];
        assert_eq!(
            post(&party, "introspect", &hint).await.json["active"],
            true,
            "a hint is no more than that (RFC 7662 §2.1)"
        );

        let revoked = revoke(&party, next.text("refresh_token")).await;
        assert_eq!((revoked.status.as_u16(), revoked.text.as_str()), (200, ""));
        for token in [access, next.text("access_token"), next.text("refresh_token")] {
            assert_inactive(&introspect(&party, token).await);
        }
        party.userinfo(access).await.assert_error(401, "invalid_token");
        party
            .refresh(next.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        assert_eq!(
            revoke(&party, next.text("refresh_token")).await.status,
            200,
            "twice is no error"
        );
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn revoking_an_access_token_ends_what_its_authorization_gave() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        let other = party.sign_in(&Actor::new(&server), &hanako).await;
        assert_eq!(revoke(&party, tokens.text("access_token")).await.status, 200);
        party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
        party
            .refresh(tokens.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        party.userinfo(other.text("access_token")).await.good();
        party.refresh(other.text("refresh_token")).await.good();
    }
}

/// RFC 7009 §2.1: a hint is no more than that; §2.2.1: there is no kind of token that could not be ended.
#[tokio::test]
async fn every_kind_of_token_is_ended_whatever_the_hint_beside_it_says() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for kind in ["access_token", "refresh_token"] {
        for hint in [
            "access_token",
            "refresh_token",
            "id_token",
            "urn:example:no-such-kind",
        ] {
            let tokens = party.sign_in(&browser, &hanako).await;
            let token = tokens.text(kind);
            let form = [("token", token), ("token_type_hint", hint)];
            let reply = post(&party, "revoke", &form).await;
            assert_eq!(reply.status, 200, "{kind} as {hint}: {}", reply.text);
            assert_inactive(&introspect(&party, token).await);
        }
    }
}

#[tokio::test]
async fn a_services_own_token_is_over_once_revoked_also_after_a_restart() {
    for backend in Backend::ALL {
        let mut server = Server::start(backend).await;
        let service = Party::service(&server, "vitals.write");
        let own = async || {
            let tokens = service
                .token(&[("grant_type", "client_credentials")])
                .await
                .good();
            tokens.text("access_token").to_owned()
        };
        let (ended, kept) = (own().await, own().await);
        assert_eq!(introspect(&service, &ended).await.json["active"], true);
        assert_eq!(revoke(&service, &ended).await.status, 200);
        assert_inactive(&introspect(&service, &ended).await);
        server.kill();
        server.restart().await;
        assert_inactive(&introspect(&service, &ended).await);
        assert_eq!(introspect(&service, &kept).await.json["active"], true);
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_a_token_and_a_gateway_what_its_own_scopes_allow() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let access = tokens.text("access_token");
    for stranger in [
        Party::register(&server).await,
        Party::service(&server, "vitals.write profile"),
        Party::service(&server, "musubi:introspection"),
    ] {
        assert_inactive(&introspect(&stranger, access).await);
        assert_inactive(&introspect(&stranger, tokens.text("refresh_token")).await);
    }
    let gateway = Party::service(&server, "musubi:introspect");
    let known = introspect(&gateway, access).await.good();
    assert_eq!(
        (&known.json["active"], &known.json["username"]),
        (&json!(true), &Value::Null)
    );
    assert_inactive(&introspect(&gateway, tokens.text("refresh_token")).await);
    let naming = Party::service(&server, "musubi:introspect profile");
    assert_eq!(
        introspect(&naming, access).await.json["username"],
        hanako.login.as_str()
    );

    // Nobody gives themselves that scope.
    let greedy = Party::register_with(&server, json!({"scope": "openid musubi:introspect"})).await;
    assert_eq!(greedy.registration["scope"], "openid");
    assert_inactive(&introspect(&greedy, access).await);

    let reasons: Vec<Value> = server
        .log()
        .into_iter()
        .filter(|row| row["action"] == "token.introspect" && row["decision"] == "deny")
        .map(|row| row["reason"].clone())
        .collect();
    assert!(reasons.contains(&json!("introspect.stranger")), "{reasons:?}");
}

#[tokio::test]
async fn nobody_asks_or_ends_anything_without_proof_of_who_they_are() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let public = Party::register_with(
        &server,
        json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]}),
    )
    .await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let access = tokens.text("access_token");
    for endpoint in ["introspect", "revoke"] {
        for form in [
            vec![("token", access)],
            vec![("token", access), ("client_id", party.id())],
            vec![
                ("token", access),
                ("client_id", party.id()),
                ("client_secret", "guess"),
            ],
            vec![("token", access), ("client_id", "nobody")],
        ] {
            bare(&server, endpoint, &form)
                .await
                .assert_error(401, "invalid_client");
        }
        post(&party, endpoint, &[])
            .await
            .assert_error(400, "invalid_request");
        let got = party
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/{endpoint}?token={access}")))
            .await;
        assert_eq!(got.status, 405, "a token in an address ends up in logs");
        let doubled = format!("token={access}&token={access}");
        let twice = party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/{endpoint}"))
                    .basic_auth(party.id(), Some(party.secret()))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(doubled)
            })
            .await;
        twice.assert_error(400, "invalid_request");
    }
    let asked = bare(
        &server,
        "introspect",
        &[("token", access), ("client_id", public.id())],
    )
    .await;
    assert_inactive(&asked);
    let ended = bare(
        &server,
        "revoke",
        &[("token", access), ("client_id", public.id())],
    )
    .await;
    ended.assert_error(400, "invalid_grant");
    party.userinfo(access).await.good();
}

async fn bare(server: &Server, endpoint: &str, form: &[(&str, &str)]) -> Reply {
    let request = harness::party::http()
        .post(server.url(&format!("/oauth/{endpoint}")))
        .form(form);
    send(request, &server.secrets()).await
}

#[tokio::test]
async fn a_public_client_ends_its_own_tokens_and_nobody_elses() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let native = json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]});
    let public = Party::register_with(&server, native).await;
    let theirs = party.sign_in(&Actor::new(&server), &hanako).await;
    let own = public.sign_in(&Actor::new(&server), &hanako).await;
    for token in [theirs.text("access_token"), theirs.text("refresh_token")] {
        let form = [("token", token), ("client_id", public.id())];
        bare(&server, "revoke", &form)
            .await
            .assert_error(400, "invalid_grant");
    }
    party.refresh(theirs.text("refresh_token")).await.good();
    let form = [("token", own.text("refresh_token")), ("client_id", public.id())];
    assert_eq!(bare(&server, "revoke", &form).await.status, 200);
    public
        .refresh(own.text("refresh_token"))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn another_client_ends_nothing_and_what_is_no_token_is_no_error() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (party, other) = (Party::register(&server).await, Party::register(&server).await);
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    for token in [tokens.text("access_token"), tokens.text("refresh_token")] {
        revoke(&other, token).await.assert_error(400, "invalid_grant");
    }
    for token in ["garbage", "a.b.c", tokens.text("id_token"), &"x".repeat(9000)] {
        assert_eq!(revoke(&other, token).await.status, 200);
        assert_inactive(&introspect(&party, token).await);
    }
    party.userinfo(tokens.text("access_token")).await.good();
    party.refresh(tokens.text("refresh_token")).await.good();
}

#[tokio::test]
async fn tokens_of_another_realm_are_no_tokens() {
    let server = Server::start(Backend::Sqlite).await;
    let elsewhere = Server::start(Backend::Sqlite).await;
    let hanako = elsewhere.person("hanako");
    let foreign = Party::register(&elsewhere).await;
    let tokens = foreign.sign_in(&Actor::new(&elsewhere), &hanako).await;
    let gateway = Party::service(&server, "musubi:introspect");
    for token in [tokens.text("access_token"), tokens.text("refresh_token")] {
        assert_inactive(&introspect(&gateway, token).await);
        assert_eq!(revoke(&gateway, token).await.status, 200);
    }
    foreign.userinfo(tokens.text("access_token")).await.good();
}

#[tokio::test]
async fn a_signed_answer_is_for_the_one_who_asked_and_can_be_no_token() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let es256 = json!({"introspection_signed_response_alg": "ES256"});
    for (changes, algorithm) in [(json!({}), "RS256"), (es256, "ES256")] {
        let party = Party::register_with(&server, changes).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        for (token, active) in [(tokens.text("access_token"), true), ("garbage", false)] {
            let answer = party
                .ask(|http, issuer| {
                    http.post(format!("{issuer}/oauth/introspect"))
                        .basic_auth(party.id(), Some(party.secret()))
                        .header("accept", "application/token-introspection+jwt")
                        .form(&[("token", token)])
                })
                .await
                .good();
            assert_eq!(
                answer.headers["content-type"],
                "application/token-introspection+jwt"
            );
            let (header, claims) = (part(&answer.text, 0), part(&answer.text, 1));
            assert_eq!(
                (&header["typ"], &header["alg"]),
                (&json!("token-introspection+jwt"), &json!(algorithm))
            );
            assert_eq!(claims["iss"], server.issuer());
            assert_eq!(claims["aud"], party.id());
            assert!((claims["iat"].as_i64().unwrap() - tools::seconds()).abs() < 30);
            assert!(claims["sub"].is_null() && claims["exp"].is_null(), "RFC 9701 §5");
            assert_eq!(claims["token_introspection"]["active"], active);
            if algorithm == "RS256" {
                party.verify_rs256(&answer.text).await;
            }
            party
                .userinfo(&answer.text)
                .await
                .assert_error(401, "invalid_token");
            assert_inactive(&introspect(&party, &answer.text).await);
        }
    }
}

#[tokio::test]
async fn what_discovery_says_of_these_endpoints_is_true() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    for document in ["openid-configuration", "oauth-authorization-server"] {
        let said = party
            .ask(|http, issuer| http.get(format!("{issuer}/.well-known/{document}")))
            .await
            .good()
            .json;
        for endpoint in ["introspection_endpoint", "revocation_endpoint"] {
            let url = said[endpoint].as_str().unwrap().to_owned();
            let reply = party
                .ask(|http, _| {
                    http.post(url)
                        .basic_auth(party.id(), Some(party.secret()))
                        .form(&[("token", "x")])
                })
                .await;
            assert_eq!(reply.status, 200, "{endpoint}");
        }
        for (member, value) in [
            ("introspection_signing_alg_values_supported", "RS256"),
            ("introspection_encryption_alg_values_supported", "ECDH-ES"),
            ("introspection_encryption_enc_values_supported", "A128CBC-HS256"),
        ] {
            assert!(
                said[member].as_array().unwrap().contains(&json!(value)),
                "{member}"
            );
        }
    }
}
