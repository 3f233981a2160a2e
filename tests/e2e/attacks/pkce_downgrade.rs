//! PKCE downgrade: the challenge is taken away, weakened, or answered where there was none (RFC 7636 §7.2, RFC 9700
//! §4.8.2).

use harness::party::{CALLBACK, Pkce};
use harness::{Actor, Backend, Party, Server};
use serde_json::json;

#[tokio::test]
async fn pkce_downgrade_a_public_client_gets_no_code_without_a_challenge_by_s256() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let public = json!({"token_endpoint_auth_method": "none", "redirect_uris": [CALLBACK]});
    let party = Party::register_with(&server, public).await;
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    browser.authorize(&party.request(&pkce, &[]), &hanako).await;
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge_method", "none")],
        &[("code_challenge_method", "S512")],
        &[("code_challenge", "")],
        &[("code_challenge", "short")],
        &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMx")],
        &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw=cM")],
        &[
            ("code_challenge", &pkce.verifier),
            ("code_challenge_method", "plain"),
        ],
    ] {
        let page = browser.open(&party.request(&pkce, changes)).await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("invalid_request"),
            "{changes:?}"
        );
        assert!(page.returned("code").is_none());
    }
    let discovery = party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
        .await
        .good();
    assert_eq!(
        discovery.json["code_challenge_methods_supported"],
        json!(["S256"])
    );
}

#[tokio::test]
async fn pkce_downgrade_a_challenge_cannot_be_left_out_at_the_token_endpoint_nor_a_verifier_put_in() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    let long = "a".repeat(129);
    for verifier in [
        None,
        Some(""),
        Some(pkce.challenge.as_str()),
        Some("short"),
        Some(long.as_str()),
        Some(&pkce.verifier[1..]),
    ] {
        let code = party.code(&browser, &hanako, &pkce, &[]).await;
        let mut form = party.redemption(&code, &pkce);
        form.retain(|(name, _)| *name != "code_verifier");
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        party.token(&form).await.assert_error(400, "invalid_grant");
    }
    // Somebody on the way took the challenge out of the request: the client's verifier shows it.
    let stripped = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = party.code(&browser, &hanako, &pkce, &stripped).await;
    party
        .token(&party.redemption(&code, &pkce))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn pkce_downgrade_what_stands_beside_a_pushed_or_signed_request_weakens_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let (pkce, attackers) = (Pkce::new(), Pkce::new());
    let request = party.request(&pkce, &[]);
    let query = request.split_once('?').unwrap().1.to_owned();
    let pushed = party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/par"))
                .basic_auth(party.id(), Some(party.secret()))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(query)
        })
        .await
        .good();
    let beside = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", party.id())
        .append_pair("request_uri", pushed.text("request_uri"))
        .append_pair("code_challenge", &attackers.challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let page = browser
        .authorize(&format!("/oauth/authorize?{beside}"), &hanako)
        .await;
    let code = page.returned("code").unwrap();
    party
        .token(&party.redemption(&code, &attackers))
        .await
        .assert_error(400, "invalid_grant");
}
