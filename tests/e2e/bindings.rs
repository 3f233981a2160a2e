//! Attacks on what a consent, a code, a token and a subject are bound to.

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Page, Party, Reply, Server, tools};
use serde_json::{Value, json};

const HOSPITAL: &str = "https://hospital.example/callback";
const EVIL: &str = "https://evil.example/callback";

/// What a silent request for a code at `redirect_uri` comes to.
async fn silently(party: &Party, actor: &Actor, redirect_uri: &str) -> Page {
    let request = party.request(
        &Pkce::new(),
        &[("redirect_uri", redirect_uri), ("prompt", "none")],
    );
    actor.open(&request).await
}

/// Replaces members of a client's own registration (RFC 7592 §2.2).
async fn change(party: &Party, changes: Value) -> Reply {
    let registered = &party.registration;
    let token = registered["registration_access_token"].as_str().unwrap();
    let address = registered["registration_client_uri"].as_str().unwrap();
    let mut metadata = registered.clone();
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
    ] {
        metadata.as_object_mut().unwrap().remove(name);
    }
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    party
        .ask(|http, _| http.put(address).bearer_auth(token).json(&metadata))
        .await
}

#[tokio::test]
async fn a_consent_for_one_place_gives_no_code_to_another_place_of_the_same_client() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register_with(&server, json!({"redirect_uris": [HOSPITAL, EVIL]})).await;
        let actor = Actor::new(&server);
        party.code(&actor, &hanako, &Pkce::new(), &[]).await;
        assert!(
            silently(&party, &actor, HOSPITAL)
                .await
                .returned("code")
                .is_some()
        );
        let elsewhere = silently(&party, &actor, EVIL).await;
        assert_eq!(elsewhere.returned("error").as_deref(), Some("consent_required"));
    }
}

#[tokio::test]
async fn a_client_that_becomes_another_party_loses_every_consent_and_every_token() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register_with(&server, json!({"redirect_uris": [HOSPITAL]})).await;
        let actor = Actor::new(&server);
        let tokens = party.sign_in(&actor, &hanako).await;
        change(
            &party,
            json!({"redirect_uris": [EVIL], "client_name": "National Hospital"}),
        )
        .await
        .good();
        let silent = silently(&party, &actor, EVIL).await;
        assert_eq!(silent.returned("error").as_deref(), Some("consent_required"));
        let refreshed = party.refresh(tokens.text("refresh_token")).await;
        refreshed.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_code_is_worth_nothing_after_the_sign_out_or_the_withdrawal_that_came_before_it_was_redeemed() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;

        let (actor, pkce) = (Actor::new(&server), Pkce::new());
        let code = party.code(&actor, &hanako, &pkce, &[]).await;
        let account = actor.open("/account").await;
        actor.send(&account.form("/oauth/logout").press("sign-out")).await;
        let late = party.token(&party.redemption(&code, &pkce)).await;
        late.assert_error(400, "invalid_grant");

        let (actor, pkce) = (Actor::new(&server), Pkce::new());
        let code = party.code(&actor, &hanako, &pkce, &[]).await;
        let account = actor.open("/account/services").await;
        actor
            .send(&account.form("/account/applications/withdraw").press(party.id()))
            .await;
        let late = party.token(&party.redemption(&code, &pkce)).await;
        late.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn whoever_knows_a_familys_key_cannot_end_it_with_a_made_up_token() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let family = tokens.text("refresh_token").split('.').next().unwrap();
    for made_up in [
        format!("{family}.{}", "A".repeat(43)),
        format!("{family}.{}.{}", "A".repeat(43), "A".repeat(43)),
    ] {
        party.refresh(&made_up).await.assert_error(400, "invalid_grant");
    }
    let refreshed = party.refresh(tokens.text("refresh_token")).await;
    refreshed.good();
}

#[tokio::test]
async fn an_access_token_tells_an_outsider_neither_which_grant_is_behind_it_nor_which_others_are_of_the_same()
{
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let family = tokens.text("refresh_token").split('.').next().unwrap().to_owned();
    let again = party.refresh(tokens.text("refresh_token")).await.good();
    let (one, other) = (
        part(tokens.text("access_token"), 1),
        part(again.text("access_token"), 1),
    );
    assert_ne!(one["musubi_grant"], other["musubi_grant"]);
    for claims in [&one, &other] {
        assert!(!claims.to_string().replace('-', "").contains(&family), "{claims}");
        let said = harness::party::decode(claims["musubi_grant"].as_str().unwrap());
        let key = u128::from_str_radix(&family, 16).unwrap();
        assert_ne!(said, key.to_be_bytes());
    }
    party.userinfo(again.text("access_token")).await.good();
}

#[tokio::test]
async fn a_pairwise_client_cannot_take_the_subject_or_the_session_id_of_another_sector() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let actor = Actor::new(&server);
    let pairwise = |uri: &str| json!({"redirect_uris": [uri], "subject_type": "pairwise"});
    let hospital = Party::register_with(&server, pairwise(HOSPITAL)).await;
    let evil = Party::register_with(&server, pairwise(EVIL)).await;
    let at_hospital = part(hospital.sign_in(&actor, &hanako).await.text("id_token"), 1);
    let at_evil = part(evil.sign_in(&actor, &hanako).await.text("id_token"), 1);
    assert_ne!(at_hospital["sub"], at_evil["sub"]);
    assert_ne!(
        at_hospital["sid"], at_evil["sid"],
        "the session id joins what two sectors know"
    );
    for changes in [
        json!({"redirect_uris": [HOSPITAL]}),
        json!({"subject_type": "public"}),
    ] {
        change(&evil, changes)
            .await
            .assert_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn an_answer_to_a_consent_page_counts_for_nobody_else_who_has_signed_in_since() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, jiro) = (server.person("hanako"), server.person("jiro"));
    let party = Party::register(&server).await;
    let actor = Actor::new(&server);
    let page = actor.open(&party.request(&Pkce::new(), &[])).await;
    let asked = actor.sign_in(&page, &hanako).await;
    let hers = asked.form("/oauth/consent").press("allow");
    let home = actor.open("/account").await;
    actor.send(&home.form("/oauth/logout").press("sign-out")).await;
    let page = actor.open("/signin").await;
    actor.sign_in(&page, &jiro).await;
    let answer = actor.send(&hers).await;
    assert!(
        answer.away.is_none(),
        "her click gave his consent: {:?}",
        answer.away
    );
    assert!(answer.has_form("/oauth/consent"), "he is asked himself");
}

#[tokio::test]
async fn a_program_on_the_device_gets_no_code_that_the_person_does_not_allow_each_time() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let native = json!({
        "application_type": "native",
        "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1/callback"],
    });
    let party = Party::register_with(&server, native).await;
    let actor = Actor::new(&server);
    party.code(&actor, &hanako, &Pkce::new(), &[]).await;
    let silent = silently(&party, &actor, "http://127.0.0.1:50999/callback").await;
    assert_eq!(silent.returned("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn offline_access_is_not_given_to_a_client_that_cannot_refresh() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"grant_types": ["authorization_code"]})).await;
    let actor = Actor::new(&server);
    let tokens = party.sign_in(&actor, &hanako).await;
    assert!(!tokens.text("scope").contains("offline_access"));
    assert!(tokens.json.get("refresh_token").is_none());
    let account = actor.open("/account").await;
    actor.send(&account.form("/oauth/logout").press("sign-out")).await;
    tools::until("the access token ends with the session", async || {
        party.userinfo(tokens.text("access_token")).await.status == 401
    })
    .await;
}

#[tokio::test]
async fn a_registration_without_a_good_token_leaves_no_row_that_says_it_was_permitted() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let metadata = json!({"redirect_uris": [HOSPITAL]});
    let refused = party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/register"))
                .bearer_auth("garbage")
                .json(&metadata)
        })
        .await;
    assert_eq!(refused.status, 401);
    let rows = server.log();
    let permits = rows
        .iter()
        .filter(|row| row["action"] == "client.register" && row["decision"] == "permit");
    assert_eq!(permits.count(), 1, "the good one alone");
}

#[tokio::test]
async fn a_form_of_another_site_does_not_replace_the_value_that_open_pages_are_bound_to() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let sets_the_browser = async |site: &'static str| {
        let path = server.url("/signin");
        let form = [("login", "hanako"), ("password", "guess")];
        let request = harness::party::http()
            .post(path)
            .header("sec-fetch-site", site)
            .form(&form);
        let answer = request.send().await.unwrap();
        let cookies = answer.headers().get_all("set-cookie").iter();
        cookies
            .map(|cookie| cookie.to_str().unwrap())
            .any(|cookie| cookie.starts_with("musubi_browser="))
    };
    assert!(!sets_the_browser("cross-site").await);
    assert!(sets_the_browser("same-origin").await);
    let request = party.request(&Pkce::new(), &[]);
    let (path, query) = request.split_once('?').unwrap();
    let posted = harness::party::http()
        .post(server.url(path))
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(query.to_owned())
        .send()
        .await
        .unwrap();
    assert_eq!(posted.status(), 303);
    assert!(
        posted.headers()["location"]
            .to_str()
            .unwrap()
            .starts_with("/oauth/authorize?")
    );
    assert!(posted.headers().get("set-cookie").is_none());
}
