//! Redirect URI tricks: what may be registered, and what passes for it later. Every answer goes to a registered address to
//! the letter, or nowhere (RFC 9700 §2.1, §4.1).

use harness::party::{Pkce, http, send};
use harness::{Actor, Backend, Party, Reply, Server};
use serde_json::json;

const REGISTERED: &str = "https://rp.example/app/callback?tenant=1";

/// Addresses that somebody might take for the registered one.
fn tricks() -> Vec<String> {
    let texts = [
        // Encodings.
        "https://rp.example/app/%63allback?tenant=1",
        "https://rp.example/app%2Fcallback?tenant=1",
        "https://rp.example/app/callback%3Ftenant=1",
        "https://rp.example/app/callback?tenant=%31",
        "https://rp%2Eexample/app/callback?tenant=1",
        "https://rp.example/app/callback?tenant=1%00",
        "https://rp.example/app/callback?tenant=1%0d%0aSet-Cookie:x=1",
        "https://rp.example%ef%bc%8fapp/callback?tenant=1",
        // User information.
        "https://rp.example@evil.example/app/callback?tenant=1",
        "https://rp.example:x@evil.example/app/callback?tenant=1",
        "https://evil.example\\@rp.example/app/callback?tenant=1",
        "https://@rp.example/app/callback?tenant=1",
        // Fragments.
        "https://rp.example/app/callback?tenant=1#",
        "https://rp.example/app/callback?tenant=1#@evil.example/",
        "https://evil.example/#https://rp.example/app/callback?tenant=1",
        // Dots in paths.
        "https://rp.example/app/../app/callback?tenant=1",
        "https://rp.example/app/./callback?tenant=1",
        "https://rp.example/app/%2e%2e/app/callback?tenant=1",
        "https://rp.example//app/callback?tenant=1",
        "https://rp.example/app/callback/../callback?tenant=1",
        "https://rp.example/app/callback;x=1?tenant=1",
        // Addresses by number, and other names of the host.
        "https://[::ffff:203.0.113.1]/app/callback?tenant=1",
        "https://[::1]/app/callback?tenant=1",
        "https://rp.example./app/callback?tenant=1",
        "https://rp.example:443/app/callback?tenant=1",
        "https://rp.example:8443/app/callback?tenant=1",
        "https://sub.rp.example/app/callback?tenant=1",
        "https://rp.example.evil.example/app/callback?tenant=1",
        "https://evilrp.example/app/callback?tenant=1",
        // International names that look alike, and case.
        "https://\u{440}p.example/app/callback?tenant=1",
        "https://xn--p-3tb.example/app/callback?tenant=1",
        "https://rp\u{3002}example/app/callback?tenant=1",
        "https://RP.example/app/callback?tenant=1",
        "HTTPS://rp.example/app/callback?tenant=1",
        "https://rp.example/App/callback?tenant=1",
        // Other schemes, and none.
        "http://rp.example/app/callback?tenant=1",
        "//rp.example/app/callback?tenant=1",
        "/app/callback?tenant=1",
        "https:rp.example/app/callback?tenant=1",
        "https:/rp.example/app/callback?tenant=1",
        "https:///rp.example/app/callback?tenant=1",
        "javascript://rp.example/app/callback?tenant=1",
        "data:text/html,x",
        // More or less than was registered.
        "https://rp.example/app/callback",
        "https://rp.example/app/callback?tenant=1&",
        "https://rp.example/app/callback?tenant=1&next=https://evil.example",
        "https://rp.example/app/callback?tenant=2&tenant=1",
        "https://rp.example/app/callback/?tenant=1",
        " https://rp.example/app/callback?tenant=1",
        "https://rp.example/app/callback?tenant=1 ",
        "https://rp.example/app/callback?tenant=1\t",
        "https://rp.example/app/callback?tenant=1\n",
        "https://rp.example/app/call\u{200b}back?tenant=1",
    ];
    texts.into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn redirect_uri_tricks_no_answer_and_no_error_goes_to_what_only_looks_registered() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"redirect_uris": [REGISTERED]})).await;
    let browser = Actor::new(&server);
    let page = browser
        .authorize(&party.request(&Pkce::new(), &[]), &hanako)
        .await;
    let away = page.away.clone().expect("an answer").to_string();
    assert!(away.starts_with(&format!("{REGISTERED}&")), "{away}");
    for trick in tricks() {
        // With what would be answered by a code at once, by an error, and by a form.
        for more in [
            ("prompt", "none"),
            ("response_type", "nonsense"),
            ("response_mode", "form_post"),
            ("response_mode", "fragment"),
        ] {
            let request = party.request(&Pkce::new(), &[("redirect_uri", &trick), more]);
            let page = browser.open(&request).await;
            assert!(
                page.away.is_none() && page.status.as_u16() == 400,
                "{trick:?} {more:?}: {} {:?}",
                page.status,
                page.away
            );
            assert!(!page.body.contains("evil.example"), "{trick:?} is echoed");
        }
    }
}

#[tokio::test]
async fn redirect_uri_tricks_a_code_is_not_redeemed_under_another_spelling() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"redirect_uris": [REGISTERED]})).await;
    let browser = Actor::new(&server);
    for trick in tricks().iter().take(12) {
        let pkce = Pkce::new();
        let code = party.code(&browser, &hanako, &pkce, &[]).await;
        let mut form = party.redemption(&code, &pkce);
        form.retain(|(name, _)| *name != "redirect_uri");
        form.push(("redirect_uri", trick));
        let reply = party.token(&form).await;
        assert!(
            ["invalid_grant", "invalid_request"].contains(&reply.text("error")),
            "{trick:?}: {}",
            reply.text
        );
    }
}

async fn register(server: &Server, token: &str, uri: &str, kind: &str) -> Reply {
    let metadata = json!({"redirect_uris": [uri], "application_type": kind});
    let request = http()
        .post(server.url("/oauth/register"))
        .bearer_auth(token)
        .json(&metadata);
    send(request, &server.secrets()).await
}

#[tokio::test]
async fn redirect_uri_tricks_what_two_readers_read_differently_is_not_registered() {
    let server = Server::start(Backend::Sqlite).await;
    let token = server.registration_token(100);
    for uri in [
        "https://evil.example\\@rp.example/cb",
        "https://evil.example\\cb",
        "https://user@rp.example/cb",
        "https://user:secret@rp.example/cb",
        "https://@rp.example/cb",
        "https://rp.example/cb#fragment",
        "https://rp.example/cb#",
        "https://rp.example/a/../cb",
        "https://rp.example/a/%2e%2e/cb",
        "https://rp.example/./cb",
        "https://rp.example/cb\r\nx: y",
        "https://rp.example/c b",
        "https://\u{440}p.example/cb",
        "https://rp.example/\u{7d50}",
        "https:/rp.example/cb",
        "https:rp.example/cb",
        "https://",
        "http://rp.example/cb",
        "http://[2001:db8::1]/cb",
        "http://0.0.0.0/cb",
        "http://169.254.169.254/latest",
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "/cb",
        "",
        "*",
        "https://*.rp.example/cb\u{0}",
    ] {
        for kind in ["web", "native"] {
            let reply = register(&server, &token, uri, kind).await;
            assert!(
                reply.status.as_u16() == 400
                    && ["invalid_redirect_uri", "invalid_client_metadata"].contains(&reply.text("error")),
                "{uri:?} as {kind}: {} {}",
                reply.status,
                reply.text
            );
            assert!(uri.len() < 4 || !reply.text.contains(uri), "{uri:?} is echoed");
        }
    }
    for uri in [
        "https://rp.example/cb",
        "https://[2001:db8::1]/cb",
        "https://xn--bcher-kva.example/cb",
    ] {
        let reply = register(&server, &token, uri, "web").await;
        assert_eq!(reply.status.as_u16(), 201, "{uri}");
    }
}
