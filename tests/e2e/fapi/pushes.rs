//! Pushed requests: what they must say, whose they are, and how often they count.

use harness::party::Pkce;
use harness::{Actor, Backend};
use serde_json::json;

use super::{Client, KINDS, hub};

/// -ensure-redirect-uri-in-authorization-request, -ensure-request-object-without-redirect-uri-fails,
/// -plain-fapi-tolerate-unregistered-redirect-uri, -ensure-response-type-code-idtoken-fails, -ensure-response-type-token-fails,
/// -par-ensure-pkce-required, -par-plain-pkce-rejected, -par-authorization-request-containing-request_uri-form-param,
/// -par-authorization-request-containing-request_uri.
#[tokio::test]
async fn a_request_that_is_less_than_the_profile_asks_for_is_refused_when_it_is_pushed() {
    let server = hub(Backend::Sqlite).await;
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        let pkce = Pkce::new();
        for (changes, error) in [
            (&[("redirect_uri", "")][..], "invalid_request"),
            (
                &[("redirect_uri", "https://evil.example/callback")],
                "invalid_request",
            ),
            (&[("response_type", "code id_token")], "unauthorized_client"),
            (&[("response_type", "token")], "unsupported_response_type"),
            (
                &[("code_challenge", ""), ("code_challenge_method", "")],
                "invalid_request",
            ),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (
                &[("code_challenge", &pkce.verifier), ("code_challenge_method", "")],
                "invalid_request",
            ),
        ] {
            let reply = client.push(&pkce, changes).await;
            assert_eq!(
                (reply.status.as_u16(), reply.json["error"].as_str()),
                (400, Some(error)),
                "{kind:?} {changes:?}: {}",
                reply.text
            );
        }
        let reference = "urn:ietf:params:oauth:request_uri:made-up";
        let mut form = client.parameters(&pkce, &[]);
        form.push(("request_uri".to_owned(), reference.to_owned()));
        client.push_form(form).await.assert_error(400, "invalid_request");
        if kind.signs {
            let mut claims = client.claims(&client.parameters(&pkce, &[]));
            claims["request_uri"] = json!(reference);
            let object = client.object(&claims);
            let reply = client.push_form(vec![("request".to_owned(), object)]).await;
            reply.assert_error(400, "invalid_request_object");
        }
        client.push(&pkce, &[]).await.good();
    }
}

/// -ensure-unsigned-authorization-request-without-using-par-fails, -ensure-unsigned-request-at-par-endpoint-fails.
#[tokio::test]
async fn a_request_that_was_not_pushed_or_not_signed_is_none() {
    let server = hub(Backend::Sqlite).await;
    for kind in KINDS {
        let client = Client::made(&server, kind).await;
        let pkce = Pkce::new();
        let page = Actor::new(&server).open(&client.party.request(&pkce, &[])).await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("invalid_request"),
            "{kind:?}"
        );
        assert!(page.returned("code").is_none());
        let plain = client.push_form(client.parameters(&pkce, &[])).await;
        if kind.signs {
            plain.assert_error(400, "invalid_request");
        } else {
            plain.good();
        }
    }
}

/// -par-attempt-reuse-request_uri, -par-ensure-reused-request-uri-prior-to-auth-completion-succeeds,
/// -par-attempt-to-use-request_uri-for-different-client.
#[tokio::test]
async fn a_pushed_request_counts_once_for_its_own_client_however_often_the_page_is_opened_before() {
    for backend in Backend::ALL {
        let server = hub(backend).await;
        let hanako = server.person("hanako");
        for kind in KINDS {
            let (client, other) = (
                Client::made(&server, kind).await,
                Client::made(&server, kind).await,
            );
            let (browser, pkce) = (Actor::new(&server), Pkce::new());
            let pushed = client.push(&pkce, &[]).await.good();
            let stolen = browser.open(&other.by_reference(&pushed)).await;
            assert!(stolen.away.is_none() && stolen.status.as_u16() == 400, "{kind:?}");
            let address = client.by_reference(&pushed);
            assert!(browser.open(&address).await.has_form("/signin"), "{kind:?}");
            let answer = client.read(&browser.authorize(&address, &hanako).await);
            assert!(answer.contains_key("code"), "{kind:?}: {answer:?}");
            let again = browser.open(&address).await;
            assert!(again.away.is_none() && again.status.as_u16() == 400, "{kind:?}");
        }
    }
}

/// -par-attempt-invalid-http-method.
#[tokio::test]
async fn the_endpoint_takes_nothing_but_a_post() {
    let server = hub(Backend::Sqlite).await;
    let client = Client::made(&server, KINDS[0]).await;
    for method in [
        reqwest::Method::GET,
        reqwest::Method::PUT,
        reqwest::Method::DELETE,
    ] {
        let reply = client
            .party
            .ask(|http, issuer| http.request(method.clone(), format!("{issuer}/oauth/par")))
            .await;
        assert_eq!(reply.status.as_u16(), 405, "{method}");
    }
}
