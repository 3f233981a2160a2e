//! Authentication by the back channel (CIBA, FAPI-CIBA): a counter that asks, a person who answers at home, and everybody
//! who wants an answer that is not theirs.

mod delivery;
mod fapi;
mod hints;
mod signed;
mod told;

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Page, Party, Person, Reply, Server};
use serde_json::{Value, json};

const GRANT: &str = "urn:openid:params:grant-type:ciba";

/// A hub that may be asked every second, and gives a person as little time as a client likes.
async fn hub(backend: Backend, more: &str) -> Server {
    crate::polled(backend, &format!("backchannel_least_seconds = 1\n{more}")).await
}

/// A client of the back channel that an administrator made.
async fn counter(server: &Server, changes: Value) -> Party {
    let mut metadata = json!({
        "client_name": "Clinic counter",
        "grant_types": [GRANT, "refresh_token"],
        "response_types": [],
        "scope": "openid profile offline_access",
        "backchannel_token_delivery_mode": "poll",
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Party::made(server, &metadata).await
}

async fn begin(party: &Party, changes: &[(&str, &str)]) -> Reply {
    let mut form = vec![
        ("scope", "openid profile"),
        ("login_hint", "hanako"),
        ("binding_message", "Reception W4SCT"),
    ];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/backchannel"))
                .basic_auth(party.id(), Some(party.secret()))
                .form(&form)
        })
        .await
}

async fn poll(party: &Party, begun: &Reply) -> Reply {
    party
        .token(&[("grant_type", GRANT), ("auth_req_id", begun.text("auth_req_id"))])
        .await
}

/// Polls as a good client does.
async fn outcome(party: &Party, begun: &Reply) -> Reply {
    let form = [("grant_type", GRANT), ("auth_req_id", begun.text("auth_req_id"))];
    party.patient(&form).await
}

/// Signs in afresh, and shows what waits.
async fn look(actor: &Actor, person: &Person) -> Page {
    let page = actor.open("/signin?to=requests").await;
    actor.sign_in(&page, person).await
}

const ANSWER: &str = "/account/requests/answer";

async fn answer(actor: &Actor, page: &Page, decision: &str) -> Page {
    actor.send(&page.form(ANSWER).press(decision)).await
}

#[tokio::test]
async fn a_counter_asks_the_person_compares_and_allows_and_the_counter_has_their_tokens_once() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let party = counter(&server, json!({})).await;
        let begun = begin(&party, &[]).await.good();
        server.secret(begun.text("auth_req_id"));
        assert_eq!(
            (&begun.json["expires_in"], &begun.json["interval"]),
            (&json!(300), &json!(1))
        );
        assert_eq!(begun.headers["cache-control"], "no-store");
        poll(&party, &begun)
            .await
            .assert_error(400, "authorization_pending");
        poll(&party, &begun).await.assert_error(400, "slow_down");

        let actor = Actor::new(&server);
        let page = look(&actor, &hanako).await;
        for shown in [
            "Clinic counter",
            "Reception W4SCT",
            "Did you start this yourself?",
        ] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        let done = answer(&actor, &page, "allow").await;
        assert!(done.body.contains("You allowed it"), "{}", done.body);

        let tokens = outcome(&party, &begun).await.good();
        let claims = part(tokens.text("id_token"), 1);
        assert_eq!(claims["aud"], party.id());
        assert_eq!(claims["iss"], server.issuer());
        assert!(claims["auth_time"].is_i64());
        let who = party.userinfo(tokens.text("access_token")).await.good();
        assert_eq!(who.json["name"], hanako.name.as_str());
        poll(&party, &begun).await.assert_error(400, "invalid_grant");
        party.refresh(tokens.text("refresh_token")).await.good();
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn who_says_no_says_it_without_signing_in_again_and_the_client_is_told() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let party = counter(&server, json!({})).await;
        let actor = Actor::new(&server);
        look(&actor, &hanako).await;
        let begun = begin(&party, &[]).await.good();
        let page = actor.open("/account/requests").await;
        answer(&actor, &page, "deny").await;
        outcome(&party, &begun).await.assert_error(400, "access_denied");
        poll(&party, &begun).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_session_from_before_the_request_allows_nothing() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let party = counter(&server, json!({})).await;
    let actor = Actor::new(&server);
    look(&actor, &hanako).await;
    let begun = begin(&party, &[]).await.good();
    let page = actor.open("/account/requests").await;
    assert!(page.body.contains("Sign in once more"));
    // The button that is not there is pressed all the same.
    let page = actor.send(&page.form(ANSWER).forge("decision", "allow")).await;
    assert!(page.has_form("/signin"), "{}", page.body);
    poll(&party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    let page = actor.sign_in(&page, &hanako).await;
    answer(&actor, &page, "allow").await;
    outcome(&party, &begun).await.good();
}

#[tokio::test]
async fn a_stronger_sign_in_than_the_person_showed_is_asked_for_and_not_passed_over() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let party = counter(&server, json!({})).await;
    let begun = begin(&party, &[("acr_values", "phr")]).await.good();
    let actor = Actor::new(&server);
    let page = look(&actor, &hanako).await;
    assert!(page.body.contains("Sign in once more") && !page.body.contains("value=\"allow\""));
    poll(&party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    let begun = begin(&party, &[("acr_values", "phr urn:musubi:acr:single")])
        .await
        .good();
    let page = look(&actor, &hanako).await;
    answer(&actor, &page, "allow").await;
    outcome(&party, &begun).await.good();
}

#[tokio::test]
async fn a_request_is_its_clients_and_its_persons_alone() {
    let server = hub(Backend::Sqlite, "").await;
    let (hanako, jiro) = (server.person("hanako"), server.person("jiro"));
    let (party, thief) = (
        counter(&server, json!({})).await,
        counter(&server, json!({})).await,
    );
    let begun = begin(&party, &[]).await.good();
    let his = Actor::new(&server);
    let page = look(&his, &jiro).await;
    assert!(!page.body.contains("Reception W4SCT"));
    let hers = Actor::new(&server);
    let page = look(&hers, &hanako).await;
    let id = page.form(ANSWER).value("request").unwrap().to_owned();
    // In his browser, with a form value of his: her request is not his to answer.
    begin(&party, &[("login_hint", "jiro")]).await.good();
    let page = look(&his, &jiro).await;
    let stolen = his
        .send(&page.form(ANSWER).forge("request", &id).press("allow"))
        .await;
    assert!(stolen.status.is_client_error(), "{}", stolen.status);
    // A form of another site.
    let forged = hers
        .request(reqwest::Method::POST, ANSWER)
        .form(&[("request", id.as_str()), ("decision", "allow")]);
    assert!(hers.once(forged).await.status.is_client_error());
    poll(&party, &begun)
        .await
        .assert_error(400, "authorization_pending");
    let page = hers.open("/account/requests").await;
    answer(&hers, &page, "allow").await;
    poll(&thief, &begun).await.assert_error(400, "invalid_grant");
    party
        .token(&[("grant_type", GRANT), ("auth_req_id", "guess")])
        .await
        .assert_error(400, "invalid_grant");
    party
        .token(&[("grant_type", GRANT)])
        .await
        .assert_error(400, "invalid_request");
    outcome(&party, &begun).await.good();
}

#[tokio::test]
async fn of_many_who_poll_at_once_exactly_one_gets_tokens() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let party = counter(&server, json!({})).await;
        let begun = begin(&party, &[]).await.good();
        let actor = Actor::new(&server);
        let page = look(&actor, &hanako).await;
        answer(&actor, &page, "allow").await;
        let polls: Vec<_> = (0..20)
            .map(|_| {
                let (party, begun) = (party.clone(), begun.clone());
                tokio::spawn(async move { poll(&party, &begun).await })
            })
            .collect();
        let mut won = 0;
        for polled in polls {
            won += usize::from(polled.await.unwrap().status.is_success());
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn what_a_client_may_not_ask_is_refused_with_the_standards_words() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let party = counter(&server, json!({})).await;
    for (changes, error) in [
        (vec![("login_hint", "")], "invalid_request"),
        (vec![("login_hint_token", "x")], "invalid_request"),
        (vec![("user_code", "314159")], "invalid_request"),
        (vec![("scope", "profile")], "invalid_scope"),
        (vec![("scope", "")], "invalid_scope"),
        (vec![("binding_message", "a\nb")], "invalid_binding_message"),
        (
            vec![("binding_message", "<b>\u{202e}</b>")],
            "invalid_binding_message",
        ),
        (vec![("requested_expiry", "0")], "invalid_request"),
        (vec![("request", "x.y.z")], "invalid_request"),
        (vec![("login_hint", "nobody")], "unknown_user_id"),
    ] {
        begin(&party, &changes).await.assert_error(400, error);
    }
    let web = Party::register(&server).await;
    begin(&web, &[]).await.assert_error(400, "unauthorized_client");
    let bare = party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/backchannel")).form(&[
                ("client_id", party.id()),
                ("scope", "openid"),
                ("login_hint", "hanako"),
            ])
        })
        .await;
    bare.assert_error(401, "invalid_client");
    // A message is text, whatever it looks like.
    let hostile = "<script>alert(1)</script>{{ v.frame }}";
    begin(&party, &[("binding_message", hostile)]).await.good();
    let page = look(&Actor::new(&server), &hanako).await;
    assert!(!page.body.contains("<script>") && page.body.contains("{{ v.frame }}"));
}

#[tokio::test]
async fn a_client_that_nobody_looked_at_learns_of_nobody_and_reaches_only_who_allowed_it_before() {
    let server = hub(Backend::Sqlite, "[limits]\nfailures_per_account = 5\n").await;
    let hanako = server.person("hanako");
    server.person("jiro");
    let party = Party::register_with(
        &server,
        json!({
            "grant_types": ["authorization_code", "refresh_token", GRANT],
            "backchannel_token_delivery_mode": "poll",
        }),
    )
    .await;
    for hint in ["hanako", "jiro", "nobody"] {
        begin(&party, &[("login_hint", hint)])
            .await
            .assert_error(400, "unknown_user_id");
    }
    party.code(&Actor::new(&server), &hanako, &Pkce::new(), &[]).await;
    begin(&party, &[]).await.good();
    // Guesses are counted, and after too many nobody is found.
    for hint in ["nobody", "nobody else"] {
        begin(&party, &[("login_hint", hint)])
            .await
            .assert_error(400, "unknown_user_id");
    }
    assert_eq!(begin(&party, &[]).await.status, 429);
}

#[tokio::test]
async fn a_request_that_nobody_answered_in_time_is_over_for_the_client_and_for_the_person() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let party = counter(&server, json!({})).await;
        let actor = Actor::new(&server);
        let begun = begin(&party, &[("requested_expiry", "1")]).await.good();
        assert_eq!(begun.json["expires_in"], 1);
        outcome(&party, &begun).await.assert_error(400, "expired_token");
        let page = look(&actor, &hanako).await;
        assert!(!page.body.contains("Reception W4SCT"), "{}", page.body);
        poll(&party, &begun).await;
        outcome(&party, &begun).await.assert_error(400, "expired_token");
    }
}

#[tokio::test]
async fn a_person_is_not_flooded() {
    let server = hub(Backend::Sqlite, "").await;
    server.person("hanako");
    let party = counter(&server, json!({})).await;
    for _ in 0..3 {
        begin(&party, &[]).await.good();
    }
    assert_eq!(begin(&party, &[]).await.status, 429);
}

#[tokio::test]
async fn a_place_inside_is_not_called_for_a_hub_that_is_not() {
    let server = hub(Backend::Sqlite, "").await;
    for endpoint in [
        "http://10.0.0.1/ping",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "https://u@rp.example/",
    ] {
        let metadata = json!({
            "client_name": "Counter",
            "grant_types": [GRANT],
            "response_types": [],
            "backchannel_token_delivery_mode": "ping",
            "backchannel_client_notification_endpoint": endpoint,
        });
        let reply = Party::try_made(&server, &metadata).await;
        assert!(reply.status.is_client_error(), "{endpoint}: {}", reply.status);
    }
}

#[tokio::test]
async fn what_discovery_says_of_the_back_channel_is_true() {
    let server = hub(Backend::Sqlite, "").await;
    server.person("hanako");
    let party = counter(&server, json!({})).await;
    let said = party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
        .await
        .good()
        .json;
    assert_eq!(
        said["backchannel_token_delivery_modes_supported"],
        json!(["poll", "ping", "push"])
    );
    assert_eq!(said["backchannel_user_code_parameter_supported"], true);
    assert!(
        said["grant_types_supported"]
            .as_array()
            .unwrap()
            .contains(&json!(GRANT))
    );
    let endpoint = said["backchannel_authentication_endpoint"]
        .as_str()
        .unwrap()
        .to_owned();
    let form = [("scope", "openid"), ("login_hint", "hanako")];
    party
        .ask(|http, _| {
            http.post(endpoint)
                .basic_auth(party.id(), Some(party.secret()))
                .form(&form)
        })
        .await
        .good();
}
