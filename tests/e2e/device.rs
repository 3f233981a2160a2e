//! The device flow (RFC 8628): a television that asks, a person who types, and everybody who wants to come between.

use harness::party::{Pkce, part, send};
use harness::{Actor, Backend, Page, Party, Person, Reply, Server, tools};
use serde_json::json;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A public client on a television.
async fn television(server: &Server) -> Party {
    let metadata = json!({
        "client_name": "Walking on television",
        "grant_types": [GRANT, "refresh_token"],
        "response_types": [],
        "redirect_uris": null,
        "token_endpoint_auth_method": "none",
    });
    Party::register_with(server, metadata).await
}

async fn begin(server: &Server, party: &Party, form: &[(&str, &str)]) -> Reply {
    let form = [form, &[("client_id", party.id())]].concat();
    let request = harness::party::http()
        .post(server.url("/oauth/device"))
        .form(&form);
    let reply = send(request, &server.secrets()).await;
    for name in ["device_code", "user_code"] {
        if let Some(secret) = reply.json[name].as_str() {
            server.secret(secret);
        }
    }
    reply
}

async fn poll(party: &Party, begun: &Reply) -> Reply {
    party
        .token(&[("grant_type", GRANT), ("device_code", begun.text("device_code"))])
        .await
}

/// Polls as a good device does: it waits as long as it is told.
async fn outcome(party: &Party, begun: &Reply) -> Reply {
    let form = [("grant_type", GRANT), ("device_code", begun.text("device_code"))];
    party.patient(&form).await
}

/// Opens the page, signs in where asked, and types a code.
async fn type_code(actor: &Actor, person: &Person, code: &str) -> Page {
    let mut page = actor.open("/device").await;
    if page.has_form("/signin") {
        page = actor.sign_in(&page, person).await;
    }
    actor.send(&page.form("/device").fill("user_code", code)).await
}

async fn answer(actor: &Actor, page: &Page, decision: &str) -> Page {
    actor.send(&page.form("/device/answer").press(decision)).await
}

#[tokio::test]
async fn a_person_types_the_code_of_a_television_and_it_is_theirs_on_every_backend() {
    for backend in Backend::ALL {
        let server = crate::polled(backend, "").await;
        let hanako = server.person("hanako");
        let party = television(&server).await;
        let begun = begin(&server, &party, &[("scope", "openid profile offline_access")]).await;
        let begun = begun.good();
        assert_eq!(begun.headers["cache-control"], "no-store");
        assert_eq!(begun.json["interval"], 1);
        assert_eq!(begun.json["expires_in"], 600);
        assert_eq!(begun.text("verification_uri"), server.url("/device").as_str());
        poll(&party, &begun)
            .await
            .assert_error(400, "authorization_pending");

        let actor = Actor::new(&server);
        let typed = begun.text("user_code").to_lowercase().replace('-', " ");
        let asked = type_code(&actor, &hanako, &typed).await;
        assert_eq!(asked.status, 200);
        for shown in [
            "Walking on television",
            begun.text("user_code"),
            "127.0.0.1",
            "Is the device in front of you?",
        ] {
            assert!(asked.body.contains(shown), "{shown}");
        }
        let done = answer(&actor, &asked, "allow").await;
        assert!(done.body.contains("Your device is connected"), "{}", done.body);

        let tokens = outcome(&party, &begun).await.good();
        assert_eq!(tokens.text("scope"), "offline_access openid profile");
        let claims = party.id_claims(tokens.text("id_token")).await;
        assert_eq!(claims["sub"], part(tokens.text("access_token"), 1)["sub"]);
        assert!(claims["auth_time"].is_i64());
        let who = party.userinfo(tokens.text("access_token")).await.good();
        assert_eq!(who.json["name"], hanako.name.as_str());
        poll(&party, &begun).await.assert_error(400, "invalid_grant");

        // It outlives the sign-out, as it asked to, and not the withdrawal.
        let account = actor.open("/account").await;
        actor.send(&account.form("/oauth/logout").press("sign-out")).await;
        let next = party.refresh(tokens.text("refresh_token")).await.good();
        let page = actor.open("/signin").await;
        actor.sign_in(&page, &hanako).await;
        let services = actor.open("/account/services").await;
        actor
            .send(&services.form("/account/applications/withdraw").press(party.id()))
            .await;
        party
            .refresh(next.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn an_address_with_the_code_in_it_allows_nothing_by_itself() {
    let server = crate::polled(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let party = television(&server).await;
    let begun = begin(&server, &party, &[]).await.good();
    let complete = begun.text("verification_uri_complete").to_owned();
    let path = complete.strip_prefix(&server.issuer()).unwrap();
    let actor = Actor::new(&server);
    let page = actor.open(path).await;
    let page = actor.sign_in(&page, &hanako).await;
    assert_eq!(
        page.form("/device").value("user_code"),
        Some(begun.text("user_code")),
        "the code is kept across the sign-in"
    );
    poll(&party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    let asked = actor.send(&page.form("/device")).await;
    answer(&actor, &asked, "allow").await;
    assert_eq!(outcome(&party, &begun).await.good().text("scope"), "openid");
}

#[tokio::test]
async fn who_says_no_is_not_asked_again_and_the_device_is_told() {
    for backend in Backend::ALL {
        let server = crate::polled(backend, "").await;
        let hanako = server.person("hanako");
        let party = television(&server).await;
        let begun = begin(&server, &party, &[]).await.good();
        let actor = Actor::new(&server);
        let asked = type_code(&actor, &hanako, begun.text("user_code")).await;
        let done = answer(&actor, &asked, "deny").await;
        assert!(done.body.contains("Nothing was allowed"));
        let late = answer(&actor, &asked, "allow").await;
        assert!(late.status.is_client_error(), "{}", late.status);
        outcome(&party, &begun).await.assert_error(400, "access_denied");
        poll(&party, &begun).await.assert_error(400, "invalid_grant");
        let again = type_code(&actor, &hanako, begun.text("user_code")).await;
        assert_eq!(again.status, 400);
    }
}

#[tokio::test]
async fn of_many_who_poll_at_once_exactly_one_gets_tokens() {
    for backend in Backend::ALL {
        let server = crate::polled(backend, "").await;
        let hanako = server.person("hanako");
        let party = television(&server).await;
        for _ in 0..3 {
            let begun = begin(&server, &party, &[]).await.good();
            let actor = Actor::new(&server);
            let asked = type_code(&actor, &hanako, begun.text("user_code")).await;
            answer(&actor, &asked, "allow").await;
            let polls: Vec<_> = (0..20)
                .map(|_| {
                    let (party, begun) = (party.clone(), begun.clone());
                    tokio::spawn(async move { poll(&party, &begun).await })
                })
                .collect();
            let mut won = 0;
            for polled in polls {
                let reply = polled.await.unwrap();
                won += usize::from(reply.status.is_success());
            }
            assert_eq!(won, 1);
            poll(&party, &begun).await.assert_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_slowed_down() {
    let server = crate::polled(Backend::Sqlite, "").await;
    let party = television(&server).await;
    let begun = begin(&server, &party, &[]).await.good();
    poll(&party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    for _ in 0..3 {
        poll(&party, &begun).await.assert_error(400, "slow_down");
    }
}

#[tokio::test]
async fn a_code_whose_time_is_over_is_worth_nothing_to_anybody() {
    for backend in Backend::ALL {
        let server = crate::polled(backend, "device_seconds = 1\n").await;
        let hanako = server.person("hanako");
        let party = television(&server).await;
        let actor = Actor::new(&server);
        type_code(&actor, &hanako, "").await;
        let begun = begin(&server, &party, &[]).await.good();
        tools::until("the device is told", async || {
            poll(&party, &begun).await.json["error"] == "expired_token"
        })
        .await;
        let page = type_code(&actor, &hanako, begun.text("user_code")).await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("There is no such code"));
    }
}

#[tokio::test]
async fn a_device_code_is_its_clients_alone() {
    let server = crate::polled(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let (party, thief) = (television(&server).await, television(&server).await);
    let begun = begin(&server, &party, &[]).await.good();
    let actor = Actor::new(&server);
    let asked = type_code(&actor, &hanako, begun.text("user_code")).await;
    answer(&actor, &asked, "allow").await;
    poll(&thief, &begun).await.assert_error(400, "invalid_grant");
    // A device code is no code, no refresh token and no user code.
    let pkce = Pkce::new();
    let code = begun.text("device_code");
    let web = Party::register(&server).await;
    web.token(&web.redemption(code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
    party.refresh(code).await.assert_error(400, "invalid_grant");
    outcome(&party, &begun).await.good();
}

#[tokio::test]
async fn only_a_client_of_this_flow_begins_it_and_for_no_more_than_it_may_have() {
    let server = crate::polled(Backend::Sqlite, "").await;
    let web = Party::register(&server).await;
    let refused = web
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/device"))
                .basic_auth(web.id(), Some(web.secret()))
                .form(&[("scope", "openid")])
        })
        .await;
    refused.assert_error(400, "unauthorized_client");
    web.token(&[("grant_type", GRANT), ("device_code", "x")])
        .await
        .assert_error(400, "unauthorized_client");
    let party = television(&server).await;
    for scope in ["musubi:admin", "\"", "vitals.read"] {
        begin(&server, &party, &[("scope", scope)])
            .await
            .assert_error(400, "invalid_scope");
    }
    party
        .token(&[("grant_type", GRANT)])
        .await
        .assert_error(400, "invalid_request");
    let nobody = send(
        harness::party::http()
            .post(server.url("/oauth/device"))
            .form(&[("client_id", "nobody")]),
        &server.secrets(),
    )
    .await;
    nobody.assert_error(401, "invalid_client");
    let said = party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
        .await
        .good()
        .json;
    assert_eq!(
        said["device_authorization_endpoint"],
        server.url("/oauth/device").as_str()
    );
    assert!(
        said["grant_types_supported"]
            .as_array()
            .unwrap()
            .contains(&json!(GRANT))
    );
}

#[tokio::test]
async fn an_answer_counts_only_from_the_browser_and_the_person_that_were_asked() {
    let server = crate::polled(Backend::Sqlite, "").await;
    let (hanako, jiro) = (server.person("hanako"), server.person("jiro"));
    let party = television(&server).await;
    let begun = begin(&server, &party, &[]).await.good();
    let (actor, other) = (Actor::new(&server), Actor::new(&server));
    let asked = type_code(&actor, &hanako, begun.text("user_code")).await;
    let hers = asked.form("/device/answer").press("allow");

    // In another browser, signed in as somebody else or as nobody.
    assert!(other.send(&hers).await.status.is_client_error());
    type_code(&other, &jiro, "").await;
    assert!(other.send(&hers).await.status.is_client_error());
    // In another browser with that browser's own form value, and her question.
    let his = type_code(&other, &jiro, begun.text("user_code")).await;
    let question = hers.value("question").unwrap().to_owned();
    let mixed = his
        .form("/device/answer")
        .press("allow")
        .forge("question", &question);
    assert!(other.send(&mixed).await.status.is_client_error());
    // In her browser after somebody else has signed in there.
    let account = actor.open("/account").await;
    actor.send(&account.form("/oauth/logout").press("sign-out")).await;
    type_code(&actor, &jiro, "").await;
    assert!(actor.send(&hers).await.status.is_client_error());
    poll(&party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    // A form of another site.
    let forged = actor.request(reqwest::Method::POST, "/device/answer").form(&[
        ("user_code", begun.text("user_code")),
        ("question", &question),
        ("decision", "allow"),
    ]);
    assert!(actor.once(forged).await.status.is_client_error());
}

#[tokio::test]
async fn guesses_at_codes_are_counted_by_person_and_the_right_code_after_too_many_opens_nothing() {
    for backend in Backend::ALL {
        let server = crate::polled(backend, "[limits]\nfailures_per_account = 3\n").await;
        let (mallory, hanako) = (server.person("mallory"), server.person("hanako"));
        let party = television(&server).await;
        let begun = begin(&server, &party, &[]).await.good();
        let actor = Actor::new(&server);
        for guess in ["BCDF-GHJK", "BCDF-GHJL", "what?"] {
            let page = type_code(&actor, &mallory, guess).await;
            assert_eq!(page.status, 400, "{guess}");
        }
        let page = type_code(&actor, &mallory, begun.text("user_code")).await;
        assert_eq!(page.status, 429);
        assert!(!page.has_form("/device/answer"));
        // A fresh browser is the same person.
        let page = type_code(&Actor::new(&server), &mallory, begun.text("user_code")).await;
        assert_eq!(page.status, 429);
        // Who types what is right is not counted, and not kept out by others.
        for _ in 0..5 {
            let page = type_code(&Actor::new(&server), &hanako, begun.text("user_code")).await;
            assert!(page.has_form("/device/answer"), "{}", page.body);
        }
    }
}

#[tokio::test]
async fn a_device_gets_nothing_once_the_session_that_allowed_it_is_over() {
    for backend in Backend::ALL {
        let server = crate::polled(backend, "").await;
        let hanako = server.person("hanako");
        let party = television(&server).await;
        let begun = begin(&server, &party, &[]).await.good();
        let actor = Actor::new(&server);
        let asked = type_code(&actor, &hanako, begun.text("user_code")).await;
        answer(&actor, &asked, "allow").await;
        let account = actor.open("/account").await;
        actor.send(&account.form("/oauth/logout").press("sign-out")).await;
        outcome(&party, &begun).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn nothing_of_one_realm_is_a_device_of_another() {
    let (server, elsewhere) = (
        crate::polled(Backend::Sqlite, "").await,
        crate::polled(Backend::Sqlite, "").await,
    );
    let hanako = server.person("hanako");
    let (party, foreign) = (television(&server).await, television(&elsewhere).await);
    let begun = begin(&elsewhere, &foreign, &[]).await.good();
    let page = type_code(&Actor::new(&server), &hanako, begun.text("user_code")).await;
    assert_eq!(page.status, 400);
    poll(&party, &begun).await.assert_error(400, "invalid_grant");
}
