//! Who is meant, and who lets themselves be asked (CIBA §7.1): ID tokens and tokens of the client as hints, and codes.

use harness::party::ClientKey;
use harness::{Actor, Backend, Page, Party, Person, Reply, Server, tools};
use serde_json::{Value, json};

use super::{GRANT, answer, begin, counter, hub, look, outcome};

/// A client of the code flow and of the back channel.
async fn portal(server: &Server, changes: Value) -> Party {
    let mut metadata = json!({
        "redirect_uris": [harness::party::CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", GRANT],
        "response_types": ["code"],
        "scope": "openid profile email offline_access",
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    counter(server, metadata).await
}

async fn by(party: &Party, hint: (&str, &str)) -> Reply {
    begin(party, &[("login_hint", ""), hint]).await
}

#[tokio::test]
async fn an_id_token_names_the_person_to_the_client_that_has_it_as_long_as_they_let_it_have_something() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let (hanako, jiro) = (server.person("hanako"), server.person("jiro"));
        let (party, other) = (
            portal(&server, json!({"subject_type": "pairwise"})).await,
            portal(&server, json!({})).await,
        );
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        let id_token = tokens.text("id_token").to_owned();
        party.sign_in(&Actor::new(&server), &jiro).await;

        let begun = by(&party, ("id_token_hint", &id_token)).await.good();
        let page = look(&browser, &hanako).await;
        answer(&browser, &page, "allow").await;
        let fresh = outcome(&party, &begun).await.good();
        let subject = |tokens: &Reply| harness::party::part(tokens.text("id_token"), 1)["sub"].clone();
        assert_eq!(subject(&fresh), subject(&tokens));

        let forged = id_token.replace('.', "x.");
        for hint in [
            forged.as_str(),
            tokens.text("access_token"),
            "x",
            &"x".repeat(5000),
        ] {
            by(&party, ("id_token_hint", hint))
                .await
                .assert_error(400, "invalid_request");
        }
        by(&other, ("id_token_hint", &id_token))
            .await
            .assert_error(400, "invalid_request");
        // What is taken back names nobody any more.
        let services = browser.open("/account/services").await;
        let form = services.form("/account/applications/withdraw").press(party.id());
        browser.send(&form).await;
        by(&party, ("id_token_hint", &id_token))
            .await
            .assert_error(400, "unknown_user_id");
    }
}

#[tokio::test]
async fn a_token_that_the_client_signed_names_the_person_by_subject_address_or_login_name() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.confirmed_person("hanako");
    let jiro = server.person("jiro");
    let (key, stranger) = (ClientKey::generate(), ClientKey::generate());
    let party = portal(&server, json!({"jwks": key.jwks()})).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let sub = harness::party::part(tokens.text("id_token"), 1)["sub"].clone();
    let now = tools::seconds();
    let signed = |key: &ClientKey, typ: &str, changes: Value| {
        let mut claims = json!({
            "iss": party.id(), "aud": server.issuer(), "exp": now + 60,
            "sub_id": {"format": "opaque", "id": "hanako"},
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        key.sign_as(typ, &claims)
    };
    let ask = async |token: String| by(&party, ("login_hint_token", &token)).await;
    let good = |sub_id: Value| signed(&key, "login-hint+jwt", json!({"sub_id": sub_id}));
    for sub_id in [
        json!({"format": "opaque", "id": "hanako"}),
        json!({"format": "email", "email": hanako.email}),
        json!({"format": "iss_sub", "iss": server.issuer(), "sub": sub}),
    ] {
        ask(good(sub_id)).await.good();
    }
    for (sub_id, error) in [
        (json!({"format": "opaque", "id": "nobody"}), "unknown_user_id"),
        // Nobody showed that this address is theirs.
        (json!({"format": "email", "email": jiro.email}), "unknown_user_id"),
        (
            json!({"format": "iss_sub", "iss": "https://else.example", "sub": sub}),
            "unknown_user_id",
        ),
        (
            json!({"format": "did", "url": "did:example:1"}),
            "invalid_request",
        ),
        (json!("hanako"), "invalid_request"),
    ] {
        ask(good(sub_id)).await.assert_error(400, error);
    }
    for (changes, error) in [
        (json!({"exp": now - 60}), "expired_login_hint_token"),
        (json!({"exp": null}), "invalid_request"),
        (json!({"exp": now + 7200}), "invalid_request"),
        (json!({"iss": "somebody"}), "invalid_request"),
        (json!({"aud": "https://else.example"}), "invalid_request"),
        (json!({"sub_id": null, "sub": "hanako"}), "invalid_request"),
    ] {
        ask(signed(&key, "login-hint+jwt", changes))
            .await
            .assert_error(400, error);
    }
    for token in [
        signed(&stranger, "login-hint+jwt", json!({})),
        signed(&key, "at+jwt", json!({})),
        "x.y.z".to_owned(),
    ] {
        ask(token).await.assert_error(400, "invalid_request");
    }
    // One hint, not two that contradict each other.
    let token = good(json!({"format": "opaque", "id": "hanako"}));
    begin(&party, &[("login_hint", "jiro"), ("login_hint_token", &token)])
        .await
        .assert_error(400, "invalid_request");
}

const CODE: &str = "/account/requests/code";

async fn set_code(actor: &Actor, person: &Person, code: &str) -> Page {
    let page = actor.account(CODE, person).await;
    let form = page.form(CODE).fill("code", code).fill("code_again", code);
    actor.send(&form.press("set")).await
}

#[tokio::test]
async fn who_set_a_code_is_asked_only_by_who_brings_it() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        server.person("jiro");
        let bringing = counter(&server, json!({"backchannel_user_code_parameter": true})).await;
        let plain = counter(&server, json!({})).await;
        // Without a code of theirs, a person is asked as before.
        begin(&bringing, &[]).await.good();
        begin(&bringing, &[("user_code", "314159")])
            .await
            .assert_error(400, "invalid_user_code");

        let actor = Actor::new(&server);
        let page = set_code(&actor, &hanako, "314159").await;
        assert!(page.body.contains("The code is set"), "{}", page.body);
        server.secret("314159");
        for party in [&bringing, &plain] {
            begin(party, &[]).await.assert_error(400, "missing_user_code");
        }
        begin(&plain, &[("user_code", "314159")])
            .await
            .assert_error(400, "invalid_request");
        begin(&bringing, &[("user_code", "314150")])
            .await
            .assert_error(400, "invalid_user_code");
        let begun = begin(&bringing, &[("user_code", "３１４ 159")]).await.good();
        let page = look(&actor, &hanako).await;
        answer(&actor, &page, "allow").await;
        outcome(&bringing, &begun).await.good();
        // Somebody else's code is nobody's.
        begin(&bringing, &[("login_hint", "jiro"), ("user_code", "314159")])
            .await
            .assert_error(400, "invalid_user_code");

        let page = actor.account(CODE, &hanako).await;
        actor.send(&page.form(CODE).press("remove")).await;
        begin(&plain, &[]).await.good();
    }
}

#[tokio::test]
async fn a_code_is_not_guessed_and_who_guesses_shuts_out_nobody_else() {
    let server = hub(Backend::Sqlite, "[limits]\nfailures_per_account = 3\n").await;
    let hanako = server.person("hanako");
    let members = json!({"backchannel_user_code_parameter": true});
    let (guesser, good) = (
        counter(&server, members.clone()).await,
        counter(&server, members).await,
    );
    let actor = Actor::new(&server);
    set_code(&actor, &hanako, "314159").await;
    for guess in ["314150", "314151", "314152"] {
        begin(&guesser, &[("user_code", guess)])
            .await
            .assert_error(400, "invalid_user_code");
    }
    let closed = begin(&guesser, &[("user_code", "314159")]).await;
    assert_eq!(closed.status, 429, "{}", closed.text);
    begin(&good, &[("user_code", "314159")]).await.good();
}

#[tokio::test]
async fn a_code_that_everybody_tries_first_is_not_taken_and_another_site_sets_none() {
    let server = hub(Backend::Sqlite, "").await;
    let hanako = server.person("hanako");
    let plain = counter(&server, json!({})).await;
    let actor = Actor::new(&server);
    for code in ["31415", "000000", "123456", "hanako", "<b>onetwo"] {
        let page = set_code(&actor, &hanako, code).await;
        assert_eq!(page.status, 400, "{code}");
        assert!(!page.body.contains("<b>onetwo"));
    }
    let page = actor.open(CODE).await;
    let form = page
        .form(CODE)
        .fill("code", "314159")
        .fill("code_again", "271828");
    assert_eq!(actor.send(&form.press("set")).await.status, 400);
    let forged = actor.request(reqwest::Method::POST, CODE).form(&[
        ("code", "314159"),
        ("code_again", "314159"),
        ("decision", "set"),
    ]);
    assert!(actor.once(forged).await.status.is_client_error());
    let stranger = Actor::new(&server).open(CODE).await;
    assert!(stranger.has_form("/signin"));
    begin(&plain, &[]).await.good();
}
