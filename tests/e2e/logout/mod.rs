//! Signing out: who may bring it about, where the browser goes, and which clients are told.

mod back_channel;
mod front_channel;
mod rp_initiated;
mod session_management;

use harness::party::part;
use harness::{Actor, Backend, Party, Reply, Server};
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

async fn is_signed_in(browser: &Actor) -> bool {
    !browser.open("/account").await.has_form("/signin")
}
