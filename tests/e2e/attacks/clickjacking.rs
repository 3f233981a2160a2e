//! Clickjacking: a page of the hub in a frame of another site, with something else painted over it. Every page forbids it,
//! whoever is signed in, also those that tell of an error; one page is made for frames, and has nothing to click.

use harness::{Actor, Backend, Page, Server, actor};
use reqwest::Method;

use super::sources::endpoints;

/// The page that clients load into a frame (Session Management 1.0 §3.3).
const FOR_FRAMES: &str = "/oauth/check-session";

fn assert_unframed(page: &Page) {
    let header = |name: &str| {
        let mut all = page.headers.get_all(name).iter();
        let first = all
            .next()
            .unwrap_or_else(|| panic!("{} ({}) has no {name}", page.url, page.status));
        assert!(all.next().is_none(), "{}: {name} twice", page.url);
        first.to_str().unwrap().to_owned()
    };
    let policy = header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'none'"),
        "{}: {policy}",
        page.url
    );
    assert!(policy.contains("default-src 'none'"), "{}: {policy}", page.url);
    assert!(!policy.contains("unsafe"), "{}: {policy}", page.url);
    assert_eq!(header("x-frame-options"), "DENY", "{}", page.url);
}

#[tokio::test]
async fn clickjacking_no_page_is_shown_in_a_frame_of_another_site() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (nobody, somebody) = (Actor::new(&server), Actor::new(&server));
    somebody.account("/account", &hanako).await;
    let mut pages = 0;
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{client_id}", "x");
        for browser in [&nobody, &somebody] {
            for method in &endpoint.methods {
                let method: Method = method.to_uppercase().parse().unwrap();
                let request = browser.request(method.clone(), &path);
                let request = if method == Method::POST {
                    request.form(&[("x", "y")])
                } else {
                    request
                };
                let page = browser.once(request).await;
                if !actor::is_page(&page.headers) || path == FOR_FRAMES {
                    continue;
                }
                pages += 1;
                assert_unframed(&page);
            }
        }
    }
    assert!(pages > 60, "{pages} pages");
    for path in [
        "/no/such/page",
        "/oauth/authorize?client_id=unknown",
        "/oauth/consent?interaction=x",
    ] {
        assert_unframed(&somebody.open(path).await);
    }
}

#[tokio::test]
async fn clickjacking_the_page_for_frames_has_nothing_to_click_and_tells_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    browser.account("/account", &hanako).await;
    let page = browser.open(FOR_FRAMES).await;
    for wrong in ["<form", "<button", "<a ", "<input", "hanako", &hanako.name] {
        assert!(!page.body.contains(wrong), "{wrong}: {}", page.body);
    }
}
