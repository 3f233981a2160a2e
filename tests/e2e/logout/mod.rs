//! Signing out: who may bring it about, where the browser goes, and which clients are told.

mod back_channel;
mod front_channel;
mod rp_initiated;
mod session_management;

use harness::party::part;
use harness::{Actor, Backend, Party, Reply, Server};
use serde_json::json;
use url::form_urlencoded::Serializer;

/// A relying party's request to sign out.
fn request(parameters: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oauth/logout?{query}")
}

/// The `sid` of an ID token.
fn sid(tokens: &Reply) -> String {
    let claims = part(tokens.text("id_token"), 1);
    claims["sid"].as_str().expect("sid").to_owned()
}

#[tokio::test]
async fn metadata_tells_how_clients_are_told() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let document = party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
        .await
        .good()
        .json;
    for name in [
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
    ] {
        assert_eq!(document[name], true, "{name}");
    }
    let frame = format!("{}/oauth/check-session", server.issuer());
    assert_eq!(document["check_session_iframe"], frame);
    assert_eq!(
        document["end_session_endpoint"],
        format!("{}/oauth/logout", server.issuer())
    );
}

#[tokio::test]
async fn an_id_token_names_the_session_only_to_a_client_that_has_to_do_with_its_end() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for (changes, named) in [
        (json!({}), true),
        (
            json!({"post_logout_redirect_uris": null, "backchannel_logout_uri": "http://127.0.0.1:9/told"}),
            true,
        ),
        (
            json!({"post_logout_redirect_uris": null, "frontchannel_logout_uri": "https://rp.example/frame"}),
            true,
        ),
        (json!({"post_logout_redirect_uris": null}), false),
    ] {
        let party = Party::register_with(&server, changes.clone()).await;
        let tokens = party.sign_in(&browser, &hanako).await;
        let claims = part(tokens.text("id_token"), 1);
        assert_eq!(claims["sid"].is_string(), named, "{changes}");
        if !named {
            // Such a token vouches for no session: the person is asked.
            let page = browser
                .open(&request(&[("id_token_hint", tokens.text("id_token"))]))
                .await;
            assert!(page.has_form("/oauth/logout"));
            assert!(is_signed_in(&browser).await);
        }
    }
}

async fn is_signed_in(browser: &Actor) -> bool {
    !browser.open("/account").await.has_form("/signin")
}
