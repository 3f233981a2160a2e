//! Code injection: a code that was stolen is put into another session, another client or another flow (RFC 9700 §4.5).

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::json;

#[tokio::test]
async fn code_injection_a_stolen_code_meets_no_verifier_but_its_own() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (hanako, eve) = (server.person("hanako"), server.person("eve"));
        let party = Party::register(&server).await;
        let victim = Pkce::new();
        let stolen = party.code(&Actor::new(&server), &hanako, &victim, &[]).await;
        // Eve began a flow of her own at the client, which keeps her verifier, and hands it the stolen code.
        let own = Pkce::new();
        let browser = Actor::new(&server);
        let unused = party.code(&browser, &eve, &own, &[]).await;
        party
            .token(&party.redemption(&stolen, &own))
            .await
            .assert_error(400, "invalid_grant");
        // It is used up by that: nobody has it now, and nobody has got anything.
        party
            .token(&party.redemption(&stolen, &victim))
            .await
            .assert_error(400, "invalid_grant");
        party.token(&party.redemption(&unused, &own)).await.good();
    }
}

#[tokio::test]
async fn code_injection_a_code_is_for_its_client_its_place_and_its_key() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let two = json!({"redirect_uris": [harness::party::CALLBACK, "https://rp.example/other"]});
    let (party, other) = (
        Party::register_with(&server, two).await,
        Party::register(&server).await,
    );
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    other
        .token(&other.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let mut form = party.redemption(&code, &pkce);
    form.retain(|(name, _)| *name != "redirect_uri");
    form.push(("redirect_uri", "https://rp.example/other"));
    party.token(&form).await.assert_error(400, "invalid_grant");
    // Bound to a key from the request on (RFC 9449 §10): without a proof of it the code is nothing.
    let key = harness::party::ClientKey::generate().thumbprint();
    let code = party.code(&browser, &hanako, &pkce, &[("dpop_jkt", &key)]).await;
    party
        .token(&party.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn code_injection_an_id_token_says_for_which_request_and_beside_which_code_it_was_made() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let metadata = json!({
        "client_name": "Hybrid portal",
        "redirect_uris": [harness::party::CALLBACK],
        "grant_types": ["authorization_code", "implicit"],
        "response_types": ["code", "code id_token"],
        "scope": "openid profile email",
    });
    let made = server.musubi(&["client", "create", "--file", "-"], &metadata.to_string());
    let party = Party::of(&server, made);
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    let changes = [("response_type", "code id_token"), ("nonce", "this request")];
    let page = browser.authorize(&party.request(&pkce, &changes), &hanako).await;
    let fragment = page.away.as_ref().unwrap().fragment().unwrap().to_owned();
    let given = |name: &str| {
        url::form_urlencoded::parse(fragment.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
            .unwrap()
    };
    let (code, id_token) = (given("code"), given("id_token"));
    server.secret(&code);
    server.secret(&id_token);
    let claims = part(&id_token, 1);
    assert_eq!(claims["nonce"], "this request");
    let half = |text: &str| {
        let whole = harness::party::decode(&harness::party::hash(text.as_bytes()));
        harness::party::encode(&whole[..16])
    };
    assert_eq!(claims["c_hash"], half(&code), "another code in its place is seen");
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    assert_eq!(part(tokens.text("id_token"), 1)["nonce"], "this request");
}

#[tokio::test]
async fn code_injection_a_code_from_before_the_sign_out_is_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let page = browser.open("/account").await;
    browser.send(&page.form("/oauth/logout").press("sign-out")).await;
    party
        .token(&party.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
    tools::until("the refusal is in the log", async || {
        let rows = server.log();
        rows.iter().any(|row| row["reason"] == "token.code.session_over")
    })
    .await;
}
