//! Pushed authorization requests (RFC 9126).

use harness::party::Pkce;
use harness::{Actor, Backend, Party, Reply, Server};
use serde_json::json;

/// The parameters of a complete request, as pairs.
pub(super) fn parameters(party: &Party, pkce: &Pkce, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let query = party.request(pkce, changes);
    let (_, query) = query.split_once('?').unwrap();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// Pushes a request with the client's secret.
pub(super) async fn push(party: &Party, form: &[(String, String)]) -> Reply {
    party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/par"))
                .basic_auth(party.id(), Some(party.secret()))
                .form(form)
        })
        .await
}

fn by_reference(party: &Party, request_uri: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", party.id()), ("request_uri", request_uri)])
        .finish();
    format!("/oauth/authorize?{query}")
}

#[tokio::test]
async fn a_pushed_request_leads_to_one_code_and_only_for_the_client_that_pushed_it() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let (party, other) = (Party::register(&server).await, Party::register(&server).await);
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let pushed = push(&party, &parameters(&party, &pkce, &[])).await;
        assert_eq!(pushed.status.as_u16(), 201, "{}", pushed.text);
        assert_eq!(pushed.headers["cache-control"], "no-store");
        assert!((5..=600).contains(&pushed.json["expires_in"].as_u64().unwrap()));
        let reference = pushed.text("request_uri");
        assert!(reference.starts_with("urn:ietf:params:oauth:request_uri:"));

        let stolen = browser.open(&by_reference(&other, reference)).await;
        assert!(
            stolen.away.is_none() && stolen.status.as_u16() == 400,
            "{:?}",
            stolen.away
        );

        // A page that is loaded again before anybody has signed in is the same request.
        assert!(
            browser
                .open(&by_reference(&party, reference))
                .await
                .has_form("/signin")
        );
        let other_tab = browser.open(&by_reference(&party, reference)).await;
        let page = browser.authorize(&by_reference(&party, reference), &hanako).await;
        party.assert_answer_is_ours(&page);
        let code = page.returned("code").expect("a code");
        party.token(&party.redemption(&code, &pkce)).await.good();

        let again = browser.open(&by_reference(&party, reference)).await;
        assert!(
            again.away.is_none() && again.status.as_u16() == 400,
            "{:?}",
            again.away
        );
        let late = browser.sign_in(&other_tab, &hanako).await;
        assert!(
            late.away.is_none() && late.status.as_u16() == 400,
            "{:?}",
            late.away
        );
    }
}

#[tokio::test]
async fn what_stands_beside_a_request_uri_is_not_looked_at() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let pkce = Pkce::new();
    let pushed = push(&party, &parameters(&party, &pkce, &[("scope", "openid")]))
        .await
        .good();
    let address = format!(
        "{}&scope=openid+email+offline_access&state=other&redirect_uri=https%3A%2F%2Fevil.example%2F",
        by_reference(&party, pushed.text("request_uri"))
    );
    let page = Actor::new(&server).authorize(&address, &hanako).await;
    party.assert_answer_is_ours(&page);
    let tokens = party
        .token(&party.redemption(&page.returned("code").unwrap(), &pkce))
        .await
        .good();
    assert_eq!(tokens.text("scope"), "openid");
}

#[tokio::test]
async fn a_push_is_judged_like_a_request_and_its_errors_are_json() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let pkce = Pkce::new();
    for (changes, error) in [
        (("redirect_uri", "https://evil.example/"), "invalid_request"),
        (("response_type", "nonsense"), "unsupported_response_type"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "nothing.of.mine"), "invalid_scope"),
        (
            ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
            "invalid_request",
        ),
        (("request", "e30."), "invalid_request_object"),
        (("claims", "[]"), "invalid_request"),
        (("resource", "relative"), "invalid_target"),
        (("dpop_jkt", "short"), "invalid_request"),
    ] {
        let reply = push(&party, &parameters(&party, &pkce, &[changes])).await;
        reply.assert_error(400, error);
        assert!(!reply.text.contains("evil.example"));
    }
    let stranger = party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/par"))
                .basic_auth(party.id(), Some("wrong"))
                .form(&parameters(&party, &pkce, &[]))
        })
        .await;
    stranger.assert_error(401, "invalid_client");
    let by_get = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/par")))
        .await;
    assert_eq!(by_get.status.as_u16(), 405);
}

#[tokio::test]
async fn a_client_that_pushes_its_requests_cannot_be_spoken_for_in_a_browser() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register_with(&server, json!({"require_pushed_authorization_requests": true})).await;
    assert_eq!(party.registration["require_pushed_authorization_requests"], true);
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let page = browser.open(&party.request(&pkce, &[])).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    let pushed = push(&party, &parameters(&party, &pkce, &[])).await.good();
    let page = browser
        .authorize(&by_reference(&party, pushed.text("request_uri")), &hanako)
        .await;
    assert!(page.returned("code").is_some());
}
