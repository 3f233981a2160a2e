//! Open redirectors: an address of the hub that sends a browser wherever a parameter says. Every page is asked with every
//! name that such a parameter ever had; nobody is led away but to what a client registered.

use harness::party::Pkce;
use harness::{Actor, Backend, Page, Party, Server, html};
use reqwest::Method;
use reqwest::header::LOCATION;
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::sources::endpoints;

/// Names of parameters that lead somewhere: ours, and those of others.
const NAMES: [&str; 34] = [
    "again",
    "back",
    "callback",
    "client_uri",
    "continue",
    "dest",
    "destination",
    "done",
    "fallback",
    "goto",
    "here",
    "initiate_login_uri",
    "interaction",
    "iss",
    "link",
    "next",
    "path",
    "post_logout_redirect_uri",
    "problem",
    "rd",
    "redirect",
    "redirect_uri",
    "redirect_url",
    "request_uri",
    "return",
    "return_to",
    "returnTo",
    "step",
    "target",
    "target_link_uri",
    "to",
    "token",
    "url",
    "user_code",
];

const ADDRESSES: [&str; 10] = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https:evil.example",
    "/%09/evil.example/",
    "/\t/evil.example/",
    "javascript:alert(document.domain)//evil.example",
    "@evil.example/",
    "x\r\nLocation: https://evil.example/",
];

/// Where a page would have a browser or a person go.
fn leads(page: &Page) -> Vec<String> {
    let mut leads: Vec<String> = page
        .headers
        .get_all(LOCATION)
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    leads.extend(html::values(&page.body, "a", "href"));
    leads.extend(html::values(&page.body, "form", "action"));
    leads.extend(html::values(&page.body, "button", "formaction"));
    leads.extend(html::values(&page.body, "iframe", "src"));
    leads.extend(html::values(&page.body, "meta", "content"));
    if let Some(refresh) = page.headers.get("refresh") {
        leads.push(refresh.to_str().unwrap().to_owned());
    }
    leads
}

fn assert_stays(page: &Page, what: &str) {
    for lead in leads(page) {
        let resolved = page.url.join(&lead);
        let away = resolved.is_ok_and(|url| {
            url.host_str() == Some("evil.example")
                || !(["http", "https"].contains(&url.scheme()))
                || (lead.contains("evil") && url.origin() != page.url.origin())
        });
        assert!(!away, "{what} ({}) leads to {lead}", page.status);
    }
}

#[tokio::test]
async fn open_redirectors_no_parameter_of_any_page_leads_a_browser_away() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (nobody, somebody) = (Actor::new(&server), Actor::new(&server));
    somebody.account("/account", &hanako).await;
    for endpoint in endpoints() {
        if !endpoint.methods.contains(&"get") {
            continue;
        }
        let path = endpoint.path.replace("{client_id}", "x");
        for address in ADDRESSES {
            // All at once; what refuses some of them is asked for each by itself below.
            let mut query = Serializer::new(String::new());
            query.extend_pairs(NAMES.map(|name| (name, address)));
            let all = query.finish();
            for browser in [&nobody, &somebody] {
                let page = browser
                    .once(browser.request(Method::GET, &format!("{path}?{all}")))
                    .await;
                assert!(!page.status.is_server_error(), "{path} {address}");
                assert_stays(&page, &path);
            }
        }
        for name in NAMES {
            let one = Serializer::new(String::new())
                .append_pair(name, "//evil.example/")
                .finish();
            let page = somebody
                .once(somebody.request(Method::GET, &format!("{path}?{one}")))
                .await;
            assert_stays(&page, &format!("{path} {name}"));
        }
    }
}

#[tokio::test]
async fn open_redirectors_a_sign_in_and_a_sign_out_end_where_the_hub_says() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for address in ADDRESSES {
        let browser = Actor::new(&server);
        let mut form = browser.open("/signin").await.form("/signin");
        form = form
            .fill("login", &hanako.login)
            .fill("password", &hanako.password);
        for name in NAMES.iter().filter(|name| **name != "interaction") {
            form = form.forge(name, address);
        }
        let request = browser.request(Method::POST, "/signin").form(&form.fields);
        let page = browser.once(request).await;
        assert_eq!(page.headers[LOCATION], "/account", "{address}");
        let page = browser.open("/account").await;
        let mut form = page.form("/oauth/logout").press("sign-out");
        for name in NAMES {
            if name != "post_logout_redirect_uri" {
                form = form.forge(name, address);
            }
        }
        let request = browser.request(Method::POST, "/oauth/logout").form(&form.fields);
        assert_stays(&browser.once(request).await, "sign-out");
    }
}

#[tokio::test]
async fn open_redirectors_what_a_client_registered_is_as_far_as_anybody_is_sent() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party =
        Party::register_with(&server, json!({"initiate_login_uri": "https://rp.example/start"})).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let id = party.id();
    for address in ADDRESSES {
        let query = |pairs: &[(&str, &str)]| Serializer::new(String::new()).extend_pairs(pairs).finish();
        for path in [
            format!("/account/start/{id}?{}", query(&[("target_link_uri", address)])),
            format!(
                "/oauth/logout?{}",
                query(&[
                    ("id_token_hint", tokens.text("id_token")),
                    ("post_logout_redirect_uri", address)
                ])
            ),
            format!(
                "/oauth/logout?{}",
                query(&[("client_id", id), ("post_logout_redirect_uri", address)])
            ),
            party.request(&Pkce::new(), &[("redirect_uri", address)]),
            party.request(&Pkce::new(), &[("request_uri", address)]),
        ] {
            let page = browser.once(browser.request(Method::GET, &path)).await;
            assert_stays(&page, &path);
        }
    }
    assert!(
        !browser.open("/account").await.has_form("/signin"),
        "and nobody was signed out by trying"
    );
    let start = browser
        .once(browser.request(Method::GET, &format!("/account/start/{id}")))
        .await;
    let location = start.headers[LOCATION].to_str().unwrap();
    assert!(
        location.starts_with("https://rp.example/start?iss="),
        "{location}"
    );
}
