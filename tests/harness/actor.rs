//! A person with a browser: cookies, forms, redirects, no scripts.

use std::sync::Arc;

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use url::Url;

use crate::html::{self, Form};
use crate::{Secrets, Server};

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their login name.
    pub login: String,
    /// Their password.
    pub password: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// What the browser shows, or where it was sent outside the hub.
#[derive(Debug)]
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// The status of the last answer.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
    /// Where the hub sent the browser that is not the hub.
    pub away: Option<Url>,
}

impl Page {
    /// The form that goes to `action`.
    pub fn form(&self, action: &str) -> Form {
        let found = html::forms(&self.body)
            .into_iter()
            .find(|form| form.action == action);
        found.unwrap_or_else(|| {
            panic!(
                "{} ({}) has no form to {action}:\n{}",
                self.url, self.status, self.body
            )
        })
    }

    /// Whether there is a form that goes to `action`.
    pub fn has_form(&self, action: &str) -> bool {
        html::forms(&self.body).iter().any(|form| form.action == action)
    }

    /// A parameter of the address outside the hub.
    pub fn returned(&self, name: &str) -> Option<String> {
        let away = self
            .away
            .as_ref()
            .unwrap_or_else(|| panic!("still at {} ({}):\n{}", self.url, self.status, self.body));
        away.query_pairs()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// A browser.
#[derive(Debug, Clone)]
pub struct Actor {
    http: Client,
    cookies: Arc<Jar>,
    hub: Url,
    language: &'static str,
    secrets: Secrets,
}

impl Actor {
    /// A fresh browser in front of a server.
    pub fn new(server: &Server) -> Self {
        Self::at(server, server.url("/"))
    }

    /// The same in front of another realm of that server.
    pub fn at(server: &Server, hub: Url) -> Self {
        let cookies = Arc::new(Jar::default());
        let http = Client::builder()
            .cookie_provider(cookies.clone())
            .redirect(redirect::Policy::none())
            .user_agent("Musubi-Test/1.0")
            .build()
            .expect("an HTTP client");
        Self {
            http,
            cookies,
            hub,
            language: "en",
            secrets: server.secrets(),
        }
    }

    /// The same browser, set to another language.
    #[must_use]
    pub fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// The cookies that the hub gets, as `name=value; …`.
    pub fn cookies(&self) -> String {
        self.cookies
            .cookies(&self.hub)
            .and_then(|value| value.to_str().map(str::to_owned).ok())
            .unwrap_or_default()
    }

    /// One of them.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.cookies();
        all.split("; ")
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }

    /// Plants a cookie.
    pub fn plant(&self, cookie: &str) {
        self.cookies.add_cookie_str(cookie, &self.hub);
    }

    /// A request to a path of the hub, to be completed.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let url = self.hub.join(path).expect("a path");
        self.http
            .request(method, url)
            .header("accept-language", self.language)
            .header("accept", "text/html")
    }

    /// Opens an address of the hub and goes where it sends the browser, as long as that is the hub.
    pub async fn open(&self, address: &str) -> Page {
        self.follow(self.request(reqwest::Method::GET, address)).await
    }

    /// Sends a form and goes on.
    pub async fn send(&self, form: &Form) -> Page {
        let request = self
            .request(reqwest::Method::POST, &form.action)
            .form(&form.fields);
        self.follow(request).await
    }

    /// Sends a request once; redirects are the test's business.
    pub async fn once(&self, request: RequestBuilder) -> Page {
        let response = request.send().await.expect("an answer");
        let (url, status, headers) = (
            response.url().clone(),
            response.status(),
            response.headers().clone(),
        );
        for cookie in headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let value = cookie.split(['=', ';']).nth(1).unwrap_or_default();
            self.secrets.add(value);
        }
        let body = response.text().await.expect("a body");
        for form in html::forms(&body) {
            form.value("csrf")
                .into_iter()
                .for_each(|csrf| self.secrets.add(csrf));
        }
        Page {
            url,
            status,
            headers,
            body,
            away: None,
        }
    }

    async fn follow(&self, mut request: RequestBuilder) -> Page {
        for _ in 0..12 {
            let mut page = self.once(request).await;
            let Some(location) = page.headers.get(LOCATION) else {
                return page;
            };
            let next = page
                .url
                .join(location.to_str().expect("an address"))
                .expect("an address");
            assert_eq!(
                page.status,
                StatusCode::SEE_OTHER,
                "pages are left by 303 only: {}",
                page.url
            );
            if next.origin() != self.hub.origin() {
                for (name, value) in next.query_pairs() {
                    if name == "code" {
                        self.secrets.add(&value);
                    }
                }
                page.away = Some(next);
                return page;
            }
            request = self
                .http
                .get(next)
                .header("accept-language", self.language)
                .header("accept", "text/html");
        }
        panic!("the hub sends the browser round in circles");
    }

    /// Signs in on the page that is shown.
    pub async fn sign_in(&self, page: &Page, person: &Person) -> Page {
        let form = page
            .form("/signin")
            .fill("login", &person.login)
            .fill("password", &person.password);
        self.send(&form).await
    }

    /// Sets up an app as a second factor, for who is signed in a moment ago; the app, and the recovery codes shown with it.
    pub async fn set_up_app(&self) -> (crate::App, Vec<String>) {
        let page = self.open("/account/security/app").await;
        let secret = html::texts(&page.body, "code");
        let secret = secret
            .first()
            .unwrap_or_else(|| panic!("no secret at {}: {}", page.url, page.body));
        self.secrets.add(&secret.replace(' ', ""));
        let mut app = crate::App::new(secret);
        // The code of the step before, so that the present one is left for a sign-in that follows at once.
        let form = page.form("/account/security/app").fill("code", &app.earlier());
        let shown = self.send(&form).await;
        let codes = html::texts(&shown.body, "code");
        assert_eq!(codes.len(), 10, "{} {}", shown.url, shown.body);
        for code in &codes {
            self.secrets.add(code);
        }
        (app, codes)
    }

    /// Answers the second step that is shown.
    pub async fn second_step(&self, page: &Page, code: &str) -> Page {
        self.send(&page.form("/signin/second").fill("code", code)).await
    }

    /// Opens a page of the account, signing in first where that is asked for.
    pub async fn account(&self, path: &str, person: &Person) -> Page {
        let page = self.open(path).await;
        if !page.has_form("/signin") {
            return page;
        }
        self.sign_in(&page, person).await;
        self.open(path).await
    }

    /// Does what a well-meaning person does with an authorization request: signs in where asked, allows where asked.
    pub async fn authorize(&self, request: &str, person: &Person) -> Page {
        let mut page = self.open(request).await;
        for _ in 0..3 {
            if page.away.is_some() {
                return page;
            }
            page = if page.has_form("/signin") {
                self.sign_in(&page, person).await
            } else {
                self.send(&page.form("/oauth/consent").press("allow")).await
            };
        }
        page
    }
}

/// Whether an answer says that it is a page.
pub fn is_page(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"))
}
