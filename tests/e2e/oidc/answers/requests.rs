//! What may stand in a request, and what may not.

use harness::party::{CALLBACK, Pkce, encode};
use harness::{Actor, Backend, html};
use serde_json::json;
use url::form_urlencoded::parse;

use super::{Case, WAYS};

/// oidcc-display-page, oidcc-display-popup, oidcc-ui-locales, oidcc-claims-locales, oidcc-login-hint,
/// oidcc-ensure-request-with-unknown-parameter-succeeds, oidcc-ensure-request-with-valid-pkce-succeeds.
#[tokio::test]
async fn parameters_that_may_be_left_alone_stop_no_flow() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        for change in [
            ("display", "page"),
            ("display", "popup"),
            ("ui_locales", "se"),
            ("claims_locales", "se"),
            ("login_hint", "buffy@localhost"),
            ("extra", "foobar"),
            ("code_challenge", ""),
        ] {
            let pkce = Pkce::new();
            let more = if change.0 == "code_challenge" {
                &[change, ("code_challenge_method", "")][..]
            } else {
                &[change]
            };
            let answer = case.answer(&browser, way, &pkce, more).await;
            if change.0 != "code_challenge" {
                case.claims(way, &answer, &pkce).await;
            }
        }
    }
}

/// oidcc-ensure-request-with-acr-values-succeeds.
#[tokio::test]
async fn a_class_of_sign_in_that_was_asked_for_stands_in_the_id_token_of_every_flow() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    let said = case
        .party
        .ask(|http, issuer| http.get(format!("{issuer}/.well-known/openid-configuration")))
        .await
        .good();
    let known: Vec<&str> = said.json["acr_values_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_str().unwrap())
        .collect();
    for way in WAYS {
        let pkce = Pkce::new();
        let answer = case
            .answer(&browser, way, &pkce, &[("acr_values", &known.join(" "))])
            .await;
        let claims = case.claims(way, &answer, &pkce).await;
        assert!(
            known.contains(&claims["acr"].as_str().unwrap()),
            "{way:?}: {claims}"
        );
    }
}

/// oidcc-ensure-request-without-nonce-fails, oidcc-ensure-request-without-nonce-succeeds-for-code-flow.
#[tokio::test]
async fn an_id_token_that_travels_through_the_browser_needs_a_nonce_and_no_other_does() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        let pkce = Pkce::new();
        let page = browser.open(&case.request(way, &pkce, &[("nonce", "")])).await;
        let answer = case.go_on(&browser, way, page).await;
        if way.0.contains("id_token") {
            assert_eq!(answer["error"], "invalid_request", "{way:?}");
            assert_eq!(answer["state"], "the state & more");
        } else {
            let claims = case.claims(way, &answer, &pkce).await;
            assert!(claims.get("nonce").is_none(), "{way:?}: {claims}");
        }
    }
}

/// oidcc-alternate-happy-flow, oidcc-ensure-post-request-succeeds.
#[tokio::test]
async fn the_order_of_a_request_and_its_method_make_no_difference() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        let pkce = Pkce::new();
        let request = case.request(way, &pkce, &[("scope", "offline_access email profile openid")]);
        let query = request.split_once('?').unwrap().1;
        let mut fields: Vec<(String, String)> = parse(query.as_bytes()).into_owned().collect();
        fields.reverse();
        let form = html::Form {
            action: "/oauth/authorize".to_owned(),
            fields,
            buttons: Vec::new(),
        };
        let page = browser.send(&form).await;
        let answer = case.go_on(&browser, way, page).await;
        let told = case.told(way, &answer, &pkce).await;
        assert_eq!(told["email"], case.hanako.email.as_str(), "{way:?}");
    }
}

/// oidcc-ensure-registered-redirect-uri.
#[tokio::test]
async fn no_answer_of_any_kind_goes_to_an_address_that_is_not_registered() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        let elsewhere = format!("{CALLBACK}/other");
        let request = case.request(way, &Pkce::new(), &[("redirect_uri", &elsewhere)]);
        let page = browser.open(&request).await;
        assert!(page.away.is_none() && page.status.as_u16() == 400, "{way:?}");
        assert!(!page.has_form(&elsewhere) && !page.has_form(CALLBACK), "{way:?}");
    }
}

/// oidcc-response-type-missing.
#[tokio::test]
async fn a_request_without_a_response_type_is_refused_in_the_mode_that_it_names() {
    let case = Case::begin(Backend::Sqlite).await;
    let way = ("", Some("form_post"));
    let page = Actor::new(&case.server)
        .open(&case.request(way, &Pkce::new(), &[]))
        .await;
    let answer = case.read(way, &page);
    assert_eq!(answer["error"], "invalid_request");
    assert_eq!(answer["state"], "the state & more");
}

/// oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported,
/// oidcc-ensure-request-object-with-redirect-uri.
#[tokio::test]
async fn an_object_that_nobody_signed_is_refused_in_every_flow_and_moves_no_answer() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        for redirect in [CALLBACK, "https://evil.example/callback"] {
            let claims = json!({
                "iss": case.party.id(), "aud": case.server.issuer(), "client_id": case.party.id(),
                "response_type": way.0, "redirect_uri": redirect, "scope": "openid", "nonce": "n",
            });
            let object = format!(
                "{}.{}.",
                encode(br#"{"alg":"none"}"#),
                encode(claims.to_string().as_bytes())
            );
            let page = browser
                .open(&case.request(way, &Pkce::new(), &[("request", &object)]))
                .await;
            let answer = case.read(way, &page);
            assert_eq!(answer["error"], "invalid_request_object", "{way:?}");
        }
    }
}
