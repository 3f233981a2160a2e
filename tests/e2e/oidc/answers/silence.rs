//! `prompt`, `max_age` and `id_token_hint` where the answer travels through the browser.

use harness::party::Pkce;
use harness::{Actor, Backend, tools};
use serde_json::Value;

use super::{Case, WAYS, Way, time};

/// The claims of the first sign-in of a browser in this way, with the time of it.
async fn first(case: &Case, browser: &Actor, way: Way) -> Value {
    let pkce = Pkce::new();
    let answer = case.answer(browser, way, &pkce, &[("max_age", "15000")]).await;
    case.claims(way, &answer, &pkce).await
}

/// Until the second of a sign-in, and the one after it, are over.
async fn later_than(seconds: i64) {
    tools::until("time goes on", || async { tools::seconds() > seconds + 1 }).await;
}

/// oidcc-prompt-none-not-logged-in.
#[tokio::test]
async fn nobody_who_is_not_signed_in_is_answered_for_in_silence() {
    let case = Case::begin(Backend::Sqlite).await;
    for way in WAYS {
        let request = case.request(way, &Pkce::new(), &[("prompt", "none")]);
        let answer = case.read(way, &Actor::new(&case.server).open(&request).await);
        assert_eq!(answer["error"], "login_required", "{way:?}");
        assert_eq!(answer["state"], "the state & more", "{way:?}");
        for name in ["code", "id_token", "access_token"] {
            assert!(!answer.contains_key(name), "{way:?}: {answer:?}");
        }
    }
}

/// oidcc-prompt-none-logged-in, oidcc-max-age-10000, oidcc-id-token-hint.
#[tokio::test]
async fn in_silence_it_is_the_same_person_and_the_same_sign_in_in_every_flow() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    for way in WAYS {
        let pkce = Pkce::new();
        let answer = case.answer(&browser, way, &pkce, &[("max_age", "15000")]).await;
        let id_token = match answer.get("id_token") {
            Some(token) => token.clone(),
            None => case.redeem(&answer, &pkce).await.text("id_token").to_owned(),
        };
        let before = harness::party::verify(&id_token, &case.keys);
        for changes in [
            &[("prompt", "none"), ("max_age", "15000")][..],
            &[("max_age", "10000")],
            &[
                ("prompt", "none"),
                ("id_token_hint", id_token.as_str()),
                ("max_age", "15000"),
            ],
        ] {
            let pkce = Pkce::new();
            let page = browser.open(&case.request(way, &pkce, changes)).await;
            let answer = case.read(way, &page);
            assert!(!answer.contains_key("error"), "{way:?}: {answer:?}");
            let claims = case.claims(way, &answer, &pkce).await;
            assert_eq!(
                (&claims["sub"], time(&claims)),
                (&before["sub"], time(&before)),
                "{way:?} {changes:?}"
            );
        }
    }
}

/// oidcc-prompt-login, oidcc-max-age-1.
#[tokio::test]
async fn whoever_must_sign_in_again_does_so_in_every_flow() {
    let case = Case::begin(Backend::Sqlite).await;
    let browser = Actor::new(&case.server);
    let mut before = Value::Null;
    for way in WAYS {
        before = first(&case, &browser, way).await;
    }
    for again in [("prompt", "login"), ("max_age", "1")] {
        for way in WAYS {
            if again.0 == "max_age" {
                // A sign-in of this very second or the last is new enough.
                later_than(tools::seconds()).await;
            }
            let pkce = Pkce::new();
            let page = browser.open(&case.request(way, &pkce, &[again])).await;
            assert!(page.has_form("/signin"), "{way:?} {again:?}: {}", page.body);
            let answer = case.go_on(&browser, way, page).await;
            let claims = case.claims(way, &answer, &pkce).await;
            assert_eq!(claims["sub"], before["sub"]);
            if again.0 == "max_age" {
                assert!(time(&claims) > time(&before), "{way:?}: {claims}");
            }
        }
    }
}
