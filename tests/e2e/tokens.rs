//! The token endpoint and what it gives: what a specification promises, and each way in which somebody tries to get more.

use std::time::Duration;

use harness::party::{CALLBACK, ClientKey, Pkce, part};
use harness::{Actor, Backend, Options, Party, Reply, Server, tools};
use serde_json::{Value, json};

#[tokio::test]
async fn a_code_that_comes_again_is_refused_and_takes_what_it_gave_with_it() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let pkce = Pkce::new();
        let code = party.code(&Actor::new(&server), &hanako, &pkce, &[]).await;
        let form = party.redemption(&code, &pkce);
        let tokens = party.token(&form).await.good();
        party.userinfo(tokens.text("access_token")).await.good();
        party.token(&form).await.assert_error(400, "invalid_grant");
        party
            .refresh(tokens.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
    }
}

#[tokio::test]
async fn of_many_who_redeem_one_code_at_once_at_most_one_gets_tokens() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let pkce = Pkce::new();
        let code = party.code(&Actor::new(&server), &hanako, &pkce, &[]).await;
        let replies = at_once(20, || {
            let (party, pkce, code) = (party.clone(), pkce.clone(), code.clone());
            async move { party.token(&party.redemption(&code, &pkce)).await }
        })
        .await;
        let won: Vec<&Reply> = replies.iter().filter(|reply| reply.status.is_success()).collect();
        assert!(won.len() <= 1, "{} got tokens", won.len());
        for lost in replies.iter().filter(|reply| !reply.status.is_success()) {
            lost.assert_error(400, "invalid_grant");
        }
        for winner in won {
            party
                .refresh(winner.text("refresh_token"))
                .await
                .assert_error(400, "invalid_grant");
        }
    }
}

async fn at_once<F: Future<Output = Reply> + Send + 'static>(
    count: usize,
    mut one: impl FnMut() -> F,
) -> Vec<Reply> {
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(one())).collect();
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(task.await.unwrap());
    }
    replies
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_revokes_the_family() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let first = party.sign_in(&Actor::new(&server), &hanako).await;
        let second = party.refresh(first.text("refresh_token")).await.good();
        assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
        let (before, after) = (part(first.text("id_token"), 1), part(second.text("id_token"), 1));
        for name in ["sub", "iss", "aud", "sid"] {
            assert_eq!(before[name], after[name], "{name}");
        }
        let third = party.refresh(second.text("refresh_token")).await.good();
        party
            .refresh(first.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        party
            .refresh(third.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        party
            .userinfo(third.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
        let reasons: Vec<Value> = server.log().iter().map(|row| row["reason"].clone()).collect();
        assert!(reasons.contains(&json!("token.refresh.replayed")), "{reasons:?}");
    }
}

#[tokio::test]
async fn of_thirty_who_refresh_with_one_token_at_once_exactly_one_wins() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        let offered = tokens.text("refresh_token").to_owned();
        let replies = at_once(30, || {
            let (party, offered) = (party.clone(), offered.clone());
            async move { party.refresh(&offered).await }
        })
        .await;
        let won = replies.iter().filter(|reply| reply.status.is_success()).count();
        assert_eq!(
            won,
            1,
            "{:?}",
            replies.iter().map(|reply| &reply.text).collect::<Vec<_>>()
        );
        for lost in replies.iter().filter(|reply| !reply.status.is_success()) {
            lost.assert_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn a_refresh_narrows_the_scope_and_never_widens_it() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let with = |token: &str, scope: &'static str| {
        let (party, token) = (party.clone(), token.to_owned());
        async move {
            party
                .token(&[
                    ("grant_type", "refresh_token"),
                    ("refresh_token", &token),
                    ("scope", scope),
                ])
                .await
        }
    };
    with(tokens.text("refresh_token"), "openid musubi:admin")
        .await
        .assert_error(400, "invalid_scope");
    let narrow = with(tokens.text("refresh_token"), "openid").await.good();
    assert_eq!(narrow.text("scope"), "openid");
    let who = party.userinfo(narrow.text("access_token")).await.good();
    assert_eq!(
        (&who.json["name"], &who.json["email"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_verifier_that_is_wrong_missing_or_not_asked_for_redeems_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let (pkce, other) = (Pkce::new(), Pkce::new());
    for verifier in [other.verifier.as_str(), pkce.challenge.as_str(), "", "short"] {
        let code = party.code(&browser, &hanako, &pkce, &[]).await;
        let mut form = party.redemption(&code, &pkce);
        form.retain(|(name, _)| *name != "code_verifier");
        if !verifier.is_empty() {
            form.push(("code_verifier", verifier));
        }
        party.token(&form).await.assert_error(400, "invalid_grant");
        party
            .token(&party.redemption(&code, &pkce))
            .await
            .assert_error(400, "invalid_grant");
    }
    let code = party
        .code(
            &browser,
            &hanako,
            &pkce,
            &[("code_challenge", ""), ("code_challenge_method", "")],
        )
        .await;
    party
        .token(&party.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_redeemed_only_by_its_client_at_its_redirect_uri() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (party, other) = (Party::register(&server).await, Party::register(&server).await);
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    other
        .token(&other.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
    for address in ["https://rp.example/other", ""] {
        let code = party.code(&browser, &hanako, &pkce, &[]).await;
        let mut form = party.redemption(&code, &pkce);
        form.retain(|(name, _)| *name != "redirect_uri");
        form.push(("redirect_uri", address));
        party.token(&form).await.assert_error(400, "invalid_grant");
    }
    let tokens = party.sign_in(&browser, &hanako).await;
    other
        .refresh(tokens.text("refresh_token"))
        .await
        .assert_error(400, "invalid_grant");
    party.refresh(tokens.text("refresh_token")).await.good();
}

#[tokio::test]
async fn a_client_proves_itself_in_the_way_that_it_registered_and_in_one_way_only() {
    let server = Server::start(Backend::Sqlite).await;
    let basic = Party::service(&server, "vitals.write");
    let grant = [("grant_type", "client_credentials")];
    basic.token(&grant).await.good();
    let own = [("client_id", basic.id()), ("client_secret", basic.secret())];
    let unproven = |reply: Reply| {
        reply.assert_error(401, "invalid_client");
        assert!(
            reply.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Basic")
        );
    };
    unproven(basic.token_bare(&[&grant[..], &own].concat()).await);
    unproven(basic.token_bare(&[&grant[..], &own[..1]].concat()).await);
    unproven(basic.token_bare(&grant).await);
    basic
        .token(&[&grant[..], &own].concat())
        .await
        .assert_error(400, "invalid_request");
    for (id, secret) in [
        (basic.id(), "wrong"),
        ("unknown", basic.secret()),
        (basic.id(), ""),
    ] {
        let request = basic.token_request().basic_auth(id, Some(secret)).form(&grant);
        unproven(basic.ask(|_, _| request).await);
    }
    let post = Party::register_with(
        &server,
        json!({"token_endpoint_auth_method": "client_secret_post"}),
    )
    .await;
    let refused = post
        .token_bare(&[
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("client_id", post.id()),
        ])
        .await;
    unproven(refused);
    let known = post
        .token(&[("grant_type", "authorization_code"), ("code", "x")])
        .await;
    known.assert_error(400, "invalid_grant");
    let none = Party::register_with(&server, json!({"token_endpoint_auth_method": "none"})).await;
    let pretended = [
        ("client_id", none.id()),
        ("client_secret", "anything"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
    ];
    unproven(none.token_bare(&pretended).await);
}

#[tokio::test]
async fn a_signed_assertion_proves_a_client_once_at_this_hub_and_for_a_while() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (key, other) = (ClientKey::generate(), ClientKey::generate());
        let changes = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks()});
        let party = Party::register_with(&server, changes).await;
        let claims = |changes: Value| {
            let now = tools::seconds();
            let mut claims = json!({"iss": party.id(), "sub": party.id(), "aud": format!("{}/oauth/token", server.issuer()),
                "jti": tools::unique(), "iat": now, "exp": now + 120});
            changes
                .as_object()
                .unwrap()
                .iter()
                .for_each(|(name, value)| claims[name] = value.clone());
            claims
        };
        let offer = |assertion: String| {
            let party = party.clone();
            async move {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                party
                    .token_bare(&[
                        ("grant_type", "refresh_token"),
                        ("refresh_token", "x"),
                        ("client_assertion_type", kind),
                        ("client_assertion", &assertion),
                    ])
                    .await
            }
        };
        let good = key.sign(&claims(json!({})));
        offer(good.clone()).await.assert_error(400, "invalid_grant");
        offer(good).await.assert_error(401, "invalid_client");
        offer(key.sign(&claims(json!({"aud": server.issuer()}))))
            .await
            .assert_error(400, "invalid_grant");
        let now = tools::seconds();
        for wrong in [
            json!({"aud": "https://elsewhere.example"}),
            json!({"iss": "x"}),
            json!({"sub": "x"}),
            json!({"exp": now - 60}),
            json!({"exp": null}),
            json!({"exp": now + 86_400}),
            json!({"nbf": now + 300}),
            json!({"jti": ""}),
        ] {
            offer(key.sign(&claims(wrong.clone())))
                .await
                .assert_error(401, "invalid_client");
        }
        offer(other.sign(&claims(json!({}))))
            .await
            .assert_error(401, "invalid_client");
        let unsigned = format!(
            "{}.{}.",
            harness::party::encode(b"{\"alg\":\"none\"}"),
            harness::party::encode(claims(json!({})).to_string().as_bytes())
        );
        offer(unsigned).await.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn an_id_token_or_a_changed_token_opens_no_resource() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let access = tokens.text("access_token");
    assert_eq!(part(access, 0)["typ"], "at+jwt", "RFC 9068 §2.1");
    for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] {
        assert!(!part(access, 1)[name].is_null(), "{name}: RFC 9068 §2.2");
    }
    party
        .userinfo(tokens.text("id_token"))
        .await
        .assert_error(401, "invalid_token");
    party
        .userinfo(tokens.text("refresh_token"))
        .await
        .assert_error(401, "invalid_token");
    let mut claims = part(access, 1);
    claims["scope"] = json!("openid musubi:admin");
    let pieces: Vec<&str> = access.split('.').collect();
    let forged = format!(
        "{}.{}.{}",
        pieces[0],
        harness::party::encode(claims.to_string().as_bytes()),
        pieces[2]
    );
    party.userinfo(&forged).await.assert_error(401, "invalid_token");
    let none = format!(
        "{}.{}.",
        harness::party::encode(b"{\"alg\":\"none\",\"typ\":\"at+jwt\"}"),
        pieces[1]
    );
    party.userinfo(&none).await.assert_error(401, "invalid_token");
    let bare = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/userinfo")))
        .await;
    assert_eq!(bare.status.as_u16(), 401);
    assert!(
        !bare.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("error"),
        "RFC 6750 §3.1"
    );
    let in_query = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/userinfo?access_token={access}")))
        .await;
    assert_eq!(
        in_query.status.as_u16(),
        401,
        "a token in an address ends up in logs"
    );
}

#[tokio::test]
async fn a_service_gets_its_own_scopes_and_nobodys_profile() {
    let server = Server::start(Backend::Sqlite).await;
    let service = Party::service(&server, "vitals.write meals.read");
    let tokens = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    assert_eq!(tokens.text("scope"), "meals.read vitals.write");
    assert!(tokens.json.get("refresh_token").is_none() && tokens.json.get("id_token").is_none());
    assert_eq!(tokens.headers["cache-control"], "no-store");
    service
        .userinfo(tokens.text("access_token"))
        .await
        .assert_error(403, "insufficient_scope");
    let asked = |scope: &'static str| [("grant_type", "client_credentials"), ("scope", scope)];
    for scope in ["vitals.write musubi:admin", "openid", "\"", "a\\b"] {
        service
            .token(&asked(scope))
            .await
            .assert_error(400, "invalid_scope");
    }
    service
        .token(&[("grant_type", "password"), ("username", "a"), ("password", "b")])
        .await
        .assert_error(400, "unsupported_grant_type");
    service
        .token(&[("grant_type", "refresh_token"), ("refresh_token", "x")])
        .await
        .assert_error(400, "unauthorized_client");
    service.token(&[]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_code_and_an_access_token_are_over_when_they_say() {
    let configuration = "[tokens]\ncode_seconds = 1\naccess_seconds = 1\n".to_owned();
    for backend in Backend::ALL {
        let server = Server::start_with(
            backend,
            Options {
                configuration: configuration.clone(),
                ..Options::default()
            },
        )
        .await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        assert_eq!(tokens.json["expires_in"], 1);
        let pkce = Pkce::new();
        let late = party.code(&browser, &hanako, &pkce, &[]).await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        party
            .token(&party.redemption(&late, &pkce))
            .await
            .assert_error(400, "invalid_grant");
        party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
        party.refresh(tokens.text("refresh_token")).await.good();
    }
}

/// RFC 9700 §4.14.2: whoever finds a token that its client has forgotten has nothing, whether each use replaces it or not.
#[tokio::test]
async fn a_refresh_token_that_lies_unused_is_over_and_one_in_use_is_not() {
    for backend in Backend::ALL {
        let options = Options {
            configuration: "[tokens]\nrefresh_idle_seconds = 4\n".to_owned(),
            ..Options::default()
        };
        let server = Server::start_with(backend, options).await;
        let hanako = server.person("hanako");
        for rotated in [true, false] {
            let metadata = json!({
                "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"],
                "scope": "openid profile email offline_access", "refresh_token_rotation": rotated,
            });
            let party = Party::made(&server, &metadata).await;
            let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
            let mut token = tokens.text("refresh_token").to_owned();
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                let next = party.refresh(&token).await.good();
                if let Some(next) = next.json["refresh_token"].as_str() {
                    next.clone_into(&mut token);
                }
            }
            tokio::time::sleep(Duration::from_millis(5200)).await;
            party.refresh(&token).await.assert_error(400, "invalid_grant");
        }
        let reasons = server.log();
        let idle = reasons.iter().filter(|row| row["reason"] == "token.refresh.idle");
        assert_eq!(idle.count(), 2);
    }
}
