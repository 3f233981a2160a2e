//! Response modes: fragment, form_post, and answers in a signed JWT (JARM).

use harness::party::{CALLBACK, Pkce, part};
use harness::{Actor, Backend, Page, Party, Person, Server};
use serde_json::{Value, json};

/// Goes through sign-in and consent by hand, as far as the page that carries the answer.
async fn to_the_form(browser: &Actor, request: &str, person: &Person) -> Page {
    let page = browser.open(request).await;
    let page = browser.sign_in(&page, person).await;
    browser.send(&page.form("/oauth/consent").press("allow")).await
}

#[tokio::test]
async fn a_form_carries_the_answer_to_the_letter_and_a_button_sends_it_where_scripts_do_not_run() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let state = "\"><script>alert(1)</script> \u{202e}結び & 'more'";
        let request = party.request(&pkce, &[("response_mode", "form_post"), ("state", state)]);
        let page = to_the_form(&browser, &request, &hanako).await;
        assert_eq!(page.status.as_u16(), 200);
        assert!(!page.body.contains("alert(1)</script>"));
        let form = page.form(CALLBACK);
        assert_eq!(form.value("state"), Some(state));
        assert_eq!(form.value("iss"), Some(server.issuer().as_str()));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.body.contains("<button type=\"submit\">"));
        let code = form.value("code").unwrap().to_owned();
        party.token(&party.redemption(&code, &pkce)).await.good();
    }
}

#[tokio::test]
async fn an_error_travels_by_the_mode_that_the_request_names() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let request = |mode: &str| party.request(&Pkce::new(), &[("response_mode", mode), ("prompt", "none")]);
    let page = browser.open(&request("form_post")).await;
    assert_eq!(page.form(CALLBACK).value("error"), Some("login_required"));
    let page = browser.open(&request("fragment")).await;
    let away = page.away.unwrap();
    assert!(away.query().is_none(), "{away}");
    assert!(
        away.fragment().unwrap().contains("error=login_required"),
        "{away}"
    );
    let page = browser.open(&request("web_message")).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
}

async fn open(party: &Party, jwt: &str) -> Value {
    let keys = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
        .await
        .good()
        .json;
    harness::party::verify(jwt, &keys)
}

#[tokio::test]
async fn an_answer_in_a_jwt_is_signed_for_the_client_and_short_lived() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let page = browser
            .authorize(&party.request(&pkce, &[("response_mode", "jwt")]), &hanako)
            .await;
        assert!(page.returned("code").is_none() && page.returned("state").is_none());
        let response = page.returned("response").expect("a JWT");
        assert_eq!(part(&response, 0)["alg"], "RS256", "JARM §3: the default");
        let claims = open(&party, &response).await;
        assert_eq!(claims["iss"], server.issuer().as_str());
        assert_eq!(claims["aud"], party.id());
        assert_eq!(claims["state"], "the state & more");
        let life = claims["exp"].as_i64().unwrap() - harness::tools::seconds();
        assert!((1..=600).contains(&life), "{life}");
        let code = claims["code"].as_str().unwrap();
        party.token(&party.redemption(code, &pkce)).await.good();
    }
}

#[tokio::test]
async fn an_answer_in_a_jwt_has_the_algorithm_of_the_client_and_tells_errors_too() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register_with(&server, json!({"authorization_signed_response_alg": "ES256"})).await;
    let browser = Actor::new(&server);
    for mode in ["query.jwt", "fragment.jwt", "form_post.jwt"] {
        let request = party.request(&Pkce::new(), &[("response_mode", mode), ("prompt", "none")]);
        let page = browser.open(&request).await;
        let response = match (mode, &page.away) {
            ("query.jwt", Some(_)) => page.returned("response").unwrap(),
            ("fragment.jwt", Some(away)) => away.fragment().unwrap().replace("response=", ""),
            _ => page.form(CALLBACK).value("response").unwrap().to_owned(),
        };
        assert_eq!(part(&response, 0)["alg"], "ES256");
        assert_eq!(part(&response, 1)["error"], "login_required", "{mode}");
    }
}
