//! Token exchange (RFC 8693) and assertions of others (RFC 7523 §2.1): what an administrator allowed, and every way to
//! get more.

use harness::party::{ClientKey, part};
use harness::{Actor, Backend, Party, Person, Reply, Server, tools};
use serde_json::{Value, json};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const RECORDS: &str = "https://records.example";
const ISSUER: &str = "https://partner.example";

/// A gateway that may exchange the tokens of `portal`.
async fn gateway(server: &Server, portal: &Party) -> Party {
    gateway_with(server, portal, json!({})).await
}

async fn gateway_with(server: &Server, portal: &Party, changes: Value) -> Party {
    let mut metadata = json!({
        "client_name": "Gateway",
        "grant_types": [EXCHANGE, "client_credentials"],
        "response_types": [],
        "scope": "profile email gateway.own",
        "token_exchange": {
            "subject_clients": [portal.id()],
            "audiences": [RECORDS],
            "scope": "profile email openid vitals.write",
        },
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Party::made(server, &metadata).await
}

async fn exchange(party: &Party, token: &str, more: &[(&str, &str)]) -> Reply {
    let mut form = vec![
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS),
    ];
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    party.token(&form).await
}

async fn active(party: &Party, token: &str) -> bool {
    let reply = party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/introspect"))
                .basic_auth(party.id(), Some(party.secret()))
                .form(&[("token", token)])
        })
        .await;
    reply.good().json["active"] == true
}

#[tokio::test]
async fn a_gateway_gets_a_narrower_token_of_the_same_grant_and_it_ends_with_the_grant() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let portal = Party::register(&server).await;
        let gateway = gateway(&server, &portal).await;
        let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
        let subject = part(tokens.text("access_token"), 1);

        let exchanged = exchange(&gateway, tokens.text("access_token"), &[]).await.good();
        assert_eq!(exchanged.text("issued_token_type"), ACCESS);
        assert_eq!(exchanged.text("token_type"), "Bearer");
        assert_eq!(exchanged.text("scope"), "email profile");
        assert!(exchanged.json["refresh_token"].is_null() && exchanged.json["id_token"].is_null());
        let claims = part(exchanged.text("access_token"), 1);
        assert_eq!(claims["aud"], RECORDS);
        assert_eq!(claims["client_id"], gateway.id());
        assert_eq!(
            claims["sub"], subject["sub"],
            "both know people by public subjects"
        );
        assert_eq!(claims["act"]["sub"], gateway.id());
        assert!(claims["exp"].as_i64() <= subject["exp"].as_i64());
        assert!(active(&gateway, exchanged.text("access_token")).await);
        // It is for the records, and for nothing else.
        portal
            .userinfo(exchanged.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
        let narrow = exchange(&gateway, tokens.text("access_token"), &[("scope", "email")])
            .await
            .good();
        assert_eq!(narrow.text("scope"), "email");

        // Its own end is not the end of the grant; the end of the grant is its end.
        let ended = gateway
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/revoke"))
                    .basic_auth(gateway.id(), Some(gateway.secret()))
                    .form(&[("token", narrow.text("access_token"))])
            })
            .await;
        assert_eq!(ended.status, 200);
        assert!(!active(&gateway, narrow.text("access_token")).await);
        assert!(active(&gateway, exchanged.text("access_token")).await);
        portal.userinfo(tokens.text("access_token")).await.good();
        portal
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/revoke"))
                    .basic_auth(portal.id(), Some(portal.secret()))
                    .form(&[("token", tokens.text("refresh_token"))])
            })
            .await;
        tools::until("the exchanged token ends with the grant", async || {
            !active(&gateway, exchanged.text("access_token")).await
        })
        .await;
        exchange(&gateway, tokens.text("access_token"), &[])
            .await
            .assert_error(400, "invalid_request");
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn nothing_is_exchanged_beyond_the_policy() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let portal = Party::register(&server).await;
    let other = Party::register(&server).await;
    let gateway = gateway(&server, &portal).await;
    let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
    let access = tokens.text("access_token");
    for (more, error) in [
        ([("scope", "vitals.write")], "invalid_scope"),
        ([("scope", "openid")], "invalid_scope"),
        ([("scope", "email musubi:admin")], "invalid_scope"),
        ([("audience", "https://elsewhere.example")], "invalid_target"),
        ([("resource", "https://elsewhere.example")], "invalid_target"),
        ([("subject_token_type", "")], "invalid_request"),
        ([("subject_token", "")], "invalid_request"),
        (
            [("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")],
            "invalid_request",
        ),
        (
            [(
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:refresh_token",
            )],
            "invalid_request",
        ),
        ([("subject_token", tokens.text("id_token"))], "invalid_request"),
        (
            [("subject_token", tokens.text("refresh_token"))],
            "invalid_request",
        ),
        (
            [(
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:refresh_token",
            )],
            "invalid_request",
        ),
        ([("actor_token", "x")], "invalid_request"),
        ([("actor_token_type", ACCESS)], "invalid_request"),
    ] {
        exchange(&gateway, access, &more).await.assert_error(400, error);
    }
    // A token of a client that the policy does not name, and of nobody.
    let others = other.sign_in(&Actor::new(&server), &hanako).await;
    exchange(&gateway, others.text("access_token"), &[])
        .await
        .assert_error(400, "invalid_request");
    let own = gateway
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    exchange(&gateway, own.text("access_token"), &[])
        .await
        .assert_error(400, "invalid_request");
    // A client without a policy; whoever registers by themselves has none, whatever they say.
    let greedy = json!({
        "grant_types": ["authorization_code", EXCHANGE],
        "token_exchange": {"subject_clients": [portal.id()], "audiences": [RECORDS], "scope": "email"},
    });
    let greedy = Party::register_with(&server, greedy).await;
    assert!(greedy.registration["token_exchange"].is_null());
    exchange(&greedy, access, &[])
        .await
        .assert_error(400, "unauthorized_client");
    exchange(&portal, access, &[])
        .await
        .assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn an_actor_is_who_asks_and_an_act_is_not_made_up() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let portal = Party::register(&server).await;
    let gateway = gateway(&server, &portal).await;
    let stranger = Party::service(&server, "gateway.own");
    let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
    let access = tokens.text("access_token");
    let own = gateway
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let theirs = stranger
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let by = async |actor: &str| {
        exchange(
            &gateway,
            access,
            &[("actor_token", actor), ("actor_token_type", ACCESS)],
        )
        .await
    };
    let exchanged = by(own.text("access_token")).await.good();
    let claims = part(exchanged.text("access_token"), 1);
    assert_eq!(
        (&claims["act"]["sub"], &claims["act"]["client_id"]),
        (&json!(gateway.id()), &json!(gateway.id()))
    );
    by(theirs.text("access_token"))
        .await
        .assert_error(400, "invalid_request");
    by(access).await.assert_error(400, "invalid_request");
    by(exchanged.text("access_token"))
        .await
        .assert_error(400, "invalid_request");
    // Claims that somebody else wrote.
    let pieces: Vec<&str> = access.split('.').collect();
    let mut forged = part(access, 1);
    forged["may_act"] = json!({"sub": gateway.id()});
    forged["scope"] = json!("profile email vitals.write");
    let forged = format!(
        "{}.{}.{}",
        pieces[0],
        harness::party::encode(forged.to_string().as_bytes()),
        pieces[2]
    );
    exchange(&gateway, &forged, &[])
        .await
        .assert_error(400, "invalid_request");
    // Who is named in the form changes nothing.
    let named = exchange(&gateway, access, &[("act", "{\"sub\":\"admin\"}")])
        .await
        .good();
    assert_eq!(part(named.text("access_token"), 1)["act"]["sub"], gateway.id());
}

/// A client of the code flow that an administrator made.
async fn portal_with(server: &Server, changes: Value) -> Party {
    let mut metadata = json!({
        "client_name": "Portal",
        "redirect_uris": [harness::party::CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email offline_access",
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Party::made(server, &metadata).await
}

/// Changes what an administrator says of a client.
async fn say(server: &Server, party: &Party, member: &str, value: Value) -> Reply {
    let administrator = Party::service(server, "musubi:clients.read musubi:clients.write");
    let token = administrator
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let mut metadata = json!({
        "client_name": "Portal",
        "redirect_uris": [harness::party::CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email offline_access",
    });
    metadata[member] = value;
    administrator
        .ask(|http, issuer| {
            http.put(format!("{issuer}/api/v1/clients/{}", party.id()))
                .bearer_auth(token.text("access_token"))
                .json(&metadata)
        })
        .await
}

#[tokio::test]
async fn whom_an_administrator_names_may_act_and_nobody_else_whatever_their_policy_says() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let portal = portal_with(&server, json!({})).await;
        let (named, other) = (gateway(&server, &portal).await, gateway(&server, &portal).await);
        say(&server, &portal, "allowed_actor", json!(named.id()))
            .await
            .good();
        tools::until("every token says so", async || {
            let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
            part(tokens.text("access_token"), 1)["may_act"] == json!({"sub": named.id()})
        })
        .await;
        let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
        let access = tokens.text("access_token");
        let exchanged = exchange(&named, access, &[]).await.good();
        let claims = part(exchanged.text("access_token"), 1);
        assert_eq!(claims["act"]["sub"], named.id());
        assert!(claims.get("may_act").is_none(), "that was the portal's");
        exchange(&other, access, &[])
            .await
            .assert_error(400, "invalid_request");
        let fresh = portal.refresh(tokens.text("refresh_token")).await.good();
        exchange(&other, fresh.text("access_token"), &[])
            .await
            .assert_error(400, "invalid_request");
        let rows = server.log();
        assert!(
            rows.iter().any(|row| row["reason"] == "exchange.may_act"),
            "the refusal is on record"
        );
        // A client says nothing of the kind of itself.
        let greedy = Party::register_with(&server, json!({"allowed_actor": other.id()})).await;
        let tokens = greedy.sign_in(&Actor::new(&server), &hanako).await;
        let claims = part(tokens.text("access_token"), 1);
        assert!(claims.get("may_act").is_none(), "{claims}");
        // A service's own token is nobody's to act with.
        let own = named.token(&[("grant_type", "client_credentials")]).await.good();
        assert!(part(own.text("access_token"), 1).get("may_act").is_none());
    }
}

#[tokio::test]
async fn everybody_through_whose_hands_a_token_went_is_named_and_the_chain_ends() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let portal = Party::register(&server).await;
    let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
    let mut token = tokens.text("access_token").to_owned();
    let mut before = portal.clone();
    let mut hands: Vec<String> = Vec::new();
    for _ in 0..4 {
        let next = gateway(&server, &before).await;
        let exchanged = exchange(&next, &token, &[]).await.good();
        token = exchanged.text("access_token").to_owned();
        hands.insert(0, next.id().to_owned());
        let mut act = part(&token, 1)["act"].clone();
        for hand in &hands {
            assert_eq!(act["sub"], hand.as_str(), "the last is outermost");
            act = act["act"].clone();
        }
        assert!(act.is_null(), "nobody else");
        before = next;
    }
    let fifth = gateway(&server, &before).await;
    exchange(&fifth, &token, &[])
        .await
        .assert_error(400, "invalid_request");
    // Whoever skips the chain is not named in a policy.
    exchange(&fifth, tokens.text("access_token"), &[])
        .await
        .assert_error(400, "invalid_request");
}

#[tokio::test]
async fn delegation_is_refused_in_the_middle_of_a_chain_where_the_middle_names_another() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let portal = Party::register(&server).await;
    let middle = gateway_with(&server, &portal, json!({"allowed_actor": "somebody-else"})).await;
    let last = gateway(&server, &middle).await;
    let tokens = portal.sign_in(&Actor::new(&server), &hanako).await;
    let exchanged = exchange(&middle, tokens.text("access_token"), &[]).await.good();
    let claims = part(exchanged.text("access_token"), 1);
    assert_eq!(claims["may_act"], json!({"sub": "somebody-else"}));
    exchange(&last, exchanged.text("access_token"), &[])
        .await
        .assert_error(400, "invalid_request");
}

/// An assertion of the partner.
fn assertion(server: &Server, key: &ClientKey, changes: &Value) -> String {
    let now = tools::seconds();
    let mut claims = json!({
        "iss": ISSUER, "sub": "hanako", "aud": server.issuer(), "jti": tools::unique(),
        "iat": now, "exp": now + 120,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    key.sign(&claims)
}

async fn bear(party: &Party, assertion: &str, more: &[(&str, &str)]) -> Reply {
    let form = [more, &[("grant_type", BEARER), ("assertion", assertion)]].concat();
    party.token(&form).await
}

/// A client that may present assertions of the partner.
async fn bearer(server: &Server, key: &ClientKey) -> Party {
    let metadata = json!({
        "client_name": "Partner's portal",
        "redirect_uris": [harness::party::CALLBACK],
        "grant_types": ["authorization_code", BEARER],
        "scope": "openid profile email",
        "assertion_issuers": [{
            "issuer": ISSUER, "jwks": key.jwks(), "subject": "login", "scope": "openid profile meals.read",
        }],
    });
    Party::made(server, &metadata).await
}

async fn allow(server: &Server, party: &Party, person: &Person) {
    let pkce = harness::party::Pkce::new();
    party
        .code(&Actor::new(server), person, &pkce, &[("scope", "openid profile")])
        .await;
}

#[tokio::test]
async fn an_assertion_gives_what_the_person_let_the_client_have_and_is_good_once() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let key = ClientKey::generate();
        let party = bearer(&server, &key).await;
        // The person has not let the client have anything.
        bear(&party, &assertion(&server, &key, &json!({})), &[])
            .await
            .assert_error(400, "invalid_scope");
        allow(&server, &party, &hanako).await;
        let good = assertion(&server, &key, &json!({}));
        tools::until("the consent is known", async || {
            bear(&party, &assertion(&server, &key, &json!({})), &[])
                .await
                .status
                == 200
        })
        .await;
        let tokens = bear(&party, &good, &[]).await.good();
        assert_eq!(tokens.text("scope"), "profile");
        assert!(tokens.json["refresh_token"].is_null() && tokens.json["id_token"].is_null());
        assert!(
            tokens.json["expires_in"].as_i64().unwrap() <= 120,
            "no longer than the assertion"
        );
        assert!(active(&party, tokens.text("access_token")).await);
        bear(&party, &good, &[]).await.assert_error(400, "invalid_grant");

        // It ends with the consent.
        let actor = Actor::new(&server);
        let page = actor.open("/signin").await;
        actor.sign_in(&page, &hanako).await;
        let services = actor.open("/account/services").await;
        actor
            .send(&services.form("/account/applications/withdraw").press(party.id()))
            .await;
        tools::until("the token ends with the consent", async || {
            !active(&party, tokens.text("access_token")).await
        })
        .await;
    }
}

#[tokio::test]
async fn an_assertion_that_is_not_of_the_partner_for_us_now_about_one_of_ours_is_refused() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (key, other) = (ClientKey::generate(), ClientKey::generate());
    let party = bearer(&server, &key).await;
    allow(&server, &party, &hanako).await;
    let now = tools::seconds();
    for changes in [
        json!({"iss": "https://unknown.example"}),
        json!({"aud": "https://elsewhere.example"}),
        json!({"aud": null}),
        json!({"sub": "nobody"}),
        json!({"sub": ""}),
        json!({"sub": null}),
        json!({"jti": null}),
        json!({"exp": null}),
        json!({"exp": now - 60}),
        json!({"exp": now + 7200}),
        json!({"nbf": now + 600}),
        json!({"iat": now + 600}),
    ] {
        bear(&party, &assertion(&server, &key, &changes), &[])
            .await
            .assert_error(400, "invalid_grant");
    }
    let good = assertion(&server, &key, &json!({}));
    let pieces: Vec<&str> = good.split('.').collect();
    let none = harness::party::encode(b"{\"alg\":\"none\"}");
    let secret = harness::party::encode(b"{\"alg\":\"HS256\",\"kid\":\"k1\"}");
    for forged in [
        assertion(&server, &other, &json!({})),
        format!("{none}.{}.", pieces[1]),
        format!("{secret}.{}.{}", pieces[1], pieces[2]),
        format!("{}.{}", pieces[0], pieces[1]),
        "garbage".to_owned(),
    ] {
        bear(&party, &forged, &[])
            .await
            .assert_error(400, "invalid_grant");
    }
    bear(&party, &good, &[("scope", "profile email")])
        .await
        .assert_error(400, "invalid_scope");
    party
        .token(&[("grant_type", BEARER)])
        .await
        .assert_error(400, "invalid_request");
    // Another client, which nobody allowed the partner's assertions; whoever registers by themselves is none.
    let greedy = Party::register_with(
        &server,
        json!({
            "grant_types": ["authorization_code", BEARER],
            "assertion_issuers": [{"issuer": ISSUER, "jwks": other.jwks(), "subject": "login", "scope": "profile"}],
        }),
    )
    .await;
    bear(&greedy, &assertion(&server, &other, &json!({})), &[])
        .await
        .assert_error(400, "invalid_grant");
    let plain = Party::register(&server).await;
    bear(&plain, &good, &[])
        .await
        .assert_error(400, "unauthorized_client");
}
