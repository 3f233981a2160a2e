//! Parameter pollution: a parameter twice, in two places, or as an array, so that one reader takes the one and another the
//! other. Every endpoint that takes parameters is asked; none takes one of two.

use harness::party::{CALLBACK, Pkce, http, send};
use harness::{Actor, Backend, Party, Reply, Server};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use super::sources::endpoints;

const FORM: &str = "application/x-www-form-urlencoded";

/// Endpoints whose query decides nothing: doubled, it is as if it were not there.
const WITHOUT_QUERY: &[&str] = &[
    "/",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/webauthn",
    "/account",
    "/account/contact",
    "/account/devices",
    "/account/emergency",
    "/account/family",
    "/account/password",
    "/account/profile",
    "/account/profile/details",
    "/account/requests",
    "/account/requests/code",
    "/account/security",
    "/account/security/app",
    "/account/services",
    "/account/trusted",
    "/fhir/metadata",
    "/healthz",
    "/log/checkpoint",
    "/metrics",
    "/oauth/check-session",
    "/oauth/jwks",
    "/oauth/register/{client_id}",
    "/oauth/userinfo",
    "/readyz",
    "/recover",
    "/recover/family",
    "/recover/sent",
];

#[tokio::test]
async fn parameter_pollution_a_doubled_parameter_is_refused_at_every_endpoint_that_takes_any() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    browser.account("/account", &hanako).await;
    let profile = browser.open("/account/profile").await;
    let csrf = profile
        .form("/account/profile/language")
        .value("csrf")
        .unwrap()
        .to_owned();
    let mut asked = 0;
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{client_id}", "x");
        if endpoint.path.contains("{*") || endpoint.path.starts_with("/assets") {
            continue;
        }
        if endpoint.methods.contains(&"post") {
            asked += 1;
            for doubled in ["p=1&p=1", "p=1&p=2", "p=&p=1", "p=1&%70=2"] {
                let request = browser
                    .request(Method::POST, &path)
                    .header(CONTENT_TYPE, FORM)
                    .body(format!("csrf={csrf}&{doubled}"));
                let page = browser.once(request).await;
                assert!(
                    page.status.is_client_error(),
                    "POST {path} {doubled}: {}",
                    page.status
                );
            }
        }
        if endpoint.methods.contains(&"get") {
            asked += 1;
            let plain = browser.once(browser.request(Method::GET, &path)).await;
            let doubled = browser
                .once(browser.request(Method::GET, &format!("{path}?p=1&p=1")))
                .await;
            // Who has no token and names nothing that is there may learn that first.
            let absent = [401, 404].contains(&plain.status.as_u16());
            let ignored =
                absent || WITHOUT_QUERY.contains(&endpoint.path.as_str()) || endpoint.path.contains('.');
            assert!(
                doubled.status.as_u16() == 400 || ignored && doubled.status == plain.status,
                "GET {path}: {} and {}",
                plain.status,
                doubled.status
            );
        }
    }
    assert!(asked > 60, "{asked}");
}

/// What every endpoint of clients gets when each of its parameters stands twice.
async fn each_doubled(party: &Party, path: &str, form: &[(String, String)]) -> Vec<(String, Reply)> {
    let mut replies = Vec::new();
    for (name, value) in form {
        // What may come again by its own standard.
        if ["resource", "audience"].contains(&name.as_str()) {
            continue;
        }
        for again in [value.as_str(), "another"] {
            let mut doubled = form.to_vec();
            doubled.push((name.clone(), again.to_owned()));
            let reply = party.ask(|http, issuer| {
                http.post(format!("{issuer}{path}"))
                    .basic_auth(party.id(), Some(party.secret()))
                    .form(&doubled)
            });
            replies.push((format!("{name}={again}"), reply.await));
        }
    }
    replies
}

fn pairs(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn parameter_pollution_each_parameter_of_each_request_of_a_client_stands_once() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let pkce = Pkce::new();
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let redemption = pairs(&party.redemption(&code, &pkce));
    let request = party.request(&pkce, &[]);
    let query = request.split_once('?').unwrap().1;
    let pushed: Vec<(String, String)> = parse(query.as_bytes()).into_owned().collect();
    let refresh = pairs(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.text("refresh_token")),
        ("scope", "openid"),
    ]);
    let token = pairs(&[
        ("token", tokens.text("access_token")),
        ("token_type_hint", "access_token"),
    ]);
    let device = pairs(&[("scope", "openid"), ("client_id", party.id())]);
    for (path, form) in [
        ("/oauth/token", &redemption),
        ("/oauth/token", &refresh),
        ("/oauth/par", &pushed),
        ("/oauth/introspect", &token),
        ("/oauth/revoke", &token),
        ("/oauth/device", &device),
        ("/oauth/backchannel", &device),
    ] {
        for (doubled, reply) in each_doubled(&party, path, form).await {
            assert_eq!(
                (reply.status.as_u16(), reply.json["error"].as_str()),
                (400, Some("invalid_request")),
                "{path} {doubled}: {}",
                reply.text
            );
        }
    }
    // And nothing was used up, ended or given by all that.
    party.token(&party.redemption(&code, &pkce)).await.good();
    party.userinfo(tokens.text("access_token")).await.good();
    party.refresh(tokens.text("refresh_token")).await.good();
}

#[tokio::test]
async fn parameter_pollution_a_request_in_the_browser_with_any_parameter_twice_goes_nowhere() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    browser
        .authorize(&party.request(&Pkce::new(), &[]), &hanako)
        .await;
    let request = party.request(&Pkce::new(), &[("prompt", "none"), ("max_age", "1000")]);
    let query = request.split_once('?').unwrap().1;
    for (name, value) in parse(query.as_bytes()) {
        for again in [value.as_ref(), "https://evil.example/"] {
            let more = Serializer::new(String::new()).append_pair(&name, again).finish();
            for address in [
                format!("{request}&{more}"),
                format!("/oauth/authorize?{more}&{query}"),
            ] {
                let page = browser.open(&address).await;
                assert!(
                    page.away.is_none() && page.status.as_u16() == 400,
                    "{name}: {} {:?}",
                    page.status,
                    page.away
                );
            }
        }
    }
}

#[tokio::test]
async fn parameter_pollution_of_a_form_only_the_body_counts_and_of_an_address_only_the_query() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    let code = party.code(&browser, &hanako, &pkce, &[]).await;
    let form = party.redemption(&code, &pkce);
    let query = Serializer::new(String::new()).extend_pairs(&form).finish();
    let ask = async |query: &str, form: &[(&str, &str)]| {
        let request = http()
            .post(server.url(&format!("/oauth/token?{query}")))
            .basic_auth(party.id(), Some(party.secret()))
            .form(form);
        send(request, &server.secrets()).await
    };
    ask(&query, &[]).await.assert_error(400, "invalid_request");
    ask(&query, &[("grant_type", "authorization_code")])
        .await
        .assert_error(400, "invalid_request");
    // Credentials in an address prove nothing (RFC 6749 §2.3.1).
    let credentials = Serializer::new(String::new())
        .append_pair("client_id", party.id())
        .append_pair("client_secret", party.secret())
        .finish();
    let request = http()
        .post(server.url(&format!("/oauth/token?{credentials}")))
        .form(&form);
    let reply = send(request, &server.secrets()).await;
    assert_eq!(reply.status.as_u16(), 401, "{}", reply.text);
    ask("code=another&grant_type=refresh_token", &form).await.good();
    // The same of a request by form: what stands in the address is not looked at.
    let request = party.request(&Pkce::new(), &[]);
    let fields: Vec<(String, String)> = parse(request.split_once('?').unwrap().1.as_bytes())
        .into_owned()
        .collect();
    let evil = "/oauth/authorize?redirect_uri=https%3A%2F%2Fevil.example%2F&state=evil&scope=email";
    let page = browser
        .once(browser.request(Method::POST, evil).form(&fields))
        .await;
    let location = page.headers["location"].to_str().unwrap();
    assert!(!location.contains("evil"), "{location}");
    let page = browser.open(location).await;
    party.assert_answer_is_ours(&page);
}

#[tokio::test]
async fn parameter_pollution_brackets_make_no_arrays_and_arrays_are_no_strings() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    for name in ["grant_type[]", "grant_type[0]", "grant_type.0", "grant_type[$ne]"] {
        let form = [(name, "authorization_code"), ("code", "x")];
        party.token(&form).await.assert_error(400, "invalid_request");
    }
    let request = party.request(&Pkce::new(), &[("redirect_uri", "")]);
    let page = Actor::new(&server)
        .open(&format!("{request}&redirect_uri[]=https://evil.example/"))
        .await;
    assert!(page.away.is_none() && !page.body.contains("evil.example"));
    let wrong: [(&str, Value); 8] = [
        ("redirect_uris", json!(CALLBACK)),
        ("redirect_uris", json!({"0": CALLBACK})),
        ("redirect_uris", json!([[CALLBACK]])),
        ("grant_types", json!("authorization_code")),
        ("client_name", json!(["Clinic", "Evil"])),
        ("scope", json!(["openid", "profile"])),
        (
            "token_endpoint_auth_method",
            json!(["none", "client_secret_basic"]),
        ),
        ("jwks_uri", json!(["https://rp.example/jwks"])),
    ];
    for (name, value) in wrong {
        let mut metadata = json!({"redirect_uris": [CALLBACK]});
        metadata[name] = value;
        let request = http()
            .post(server.url("/oauth/register"))
            .bearer_auth(server.registration_token(1))
            .json(&metadata);
        let reply = send(request, &server.secrets()).await;
        assert_eq!(reply.status.as_u16(), 400, "{metadata}: {}", reply.text);
    }
}

#[tokio::test]
async fn parameter_pollution_a_header_that_decides_stands_once() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let service = Party::service(&server, "a");
    let twice = service
        .token_request()
        .basic_auth(service.id(), Some(service.secret()))
        .basic_auth(service.id(), Some(service.secret()))
        .form(&[("grant_type", "client_credentials")]);
    let reply = service.ask(|_, _| twice).await;
    reply.assert_error(400, "invalid_request");
    let token = tokens.text("access_token");
    let reply = party.ask(|http, issuer| {
        http.get(format!("{issuer}/oauth/userinfo"))
            .bearer_auth(token)
            .bearer_auth("another")
    });
    assert_eq!(reply.await.status.as_u16(), 401);
    let reply = party.ask(|http, issuer| http.get(format!("{issuer}/oauth/userinfo?access_token={token}")));
    assert_eq!(reply.await.status.as_u16(), 401, "never by an address");
    let reply = party.ask(|http, issuer| {
        http.post(format!("{issuer}/oauth/userinfo"))
            .bearer_auth(token)
            .form(&[("access_token", token)])
    });
    reply.await.assert_error(400, "invalid_request");
}
