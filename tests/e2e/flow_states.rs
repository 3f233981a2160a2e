//! The way of an authorization request through a browser as a table: every state that it can be in against every request
//! that can be made about it, in the browser that began it, in another one, and in one where somebody else is signed in.
//! No step is skipped, none is repeated to another end, none is taken by another browser.

use harness::html::Form;
use harness::party::Pkce;
use harness::{Actor, Page, Party, Person, Server};

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has signed in yet.
    Begun,
    /// The person is asked.
    Asked,
    /// They said yes, and their browser has not gone on yet.
    Allowed,
    /// The client has its answer.
    Answered,
    /// They said no.
    Denied,
}

/// What is asked of the hub about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    ShowSignIn,
    SignIn,
    ShowConsent,
    Allow,
    Continue,
}

/// What comes of that, after all redirects within the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    SignInPage,
    ConsentPage,
    Code,
    Refused,
}

const STATES: [State; 5] = [
    State::Begun,
    State::Asked,
    State::Allowed,
    State::Answered,
    State::Denied,
];
const REQUESTS: [Request; 5] = [
    Request::ShowSignIn,
    Request::SignIn,
    Request::ShowConsent,
    Request::Allow,
    Request::Continue,
];

/// The table for the browser that began the request.
fn expected(state: State, request: Request) -> Outcome {
    match (state, request) {
        (State::Answered | State::Denied, _) | (State::Begun, Request::ShowConsent | Request::Allow) => {
            Outcome::Refused
        }
        (State::Begun, Request::Continue) | (_, Request::ShowSignIn) => Outcome::SignInPage,
        (State::Begun, Request::SignIn)
        | (State::Asked, Request::SignIn | Request::ShowConsent | Request::Continue)
        | (State::Allowed, Request::ShowConsent) => Outcome::ConsentPage,
        (State::Asked | State::Allowed, Request::Allow)
        | (State::Allowed, Request::SignIn | Request::Continue) => Outcome::Code,
    }
}

/// A request on its way.
struct Flow {
    browser: Actor,
    /// The id under which it waits.
    interaction: String,
    sign_in: Form,
    consent: Option<Form>,
}

impl Flow {
    async fn reach(server: &Server, party: &Party, person: &Person, state: State) -> Self {
        let browser = Actor::new(server);
        let page = browser.open(&party.request(&Pkce::new(), &[])).await;
        let interaction = page.form("/signin").value("interaction").unwrap().to_owned();
        let sign_in = page
            .form("/signin")
            .fill("login", &person.login)
            .fill("password", &person.password);
        let mut flow = Self {
            browser,
            interaction,
            sign_in,
            consent: None,
        };
        if state == State::Begun {
            return flow;
        }
        let page = flow.browser.send(&flow.sign_in).await;
        let question = page.form("/oauth/consent");
        flow.consent = Some(question.clone().press("allow"));
        match state {
            State::Begun | State::Asked => {}
            State::Denied => {
                let page = flow.browser.send(&question.press("deny")).await;
                assert_eq!(page.returned("error").as_deref(), Some("access_denied"));
            }
            State::Allowed => {
                let form = flow.consent.clone().unwrap();
                let request = flow.browser.request(reqwest::Method::POST, &form.action);
                flow.browser.once(request.form(&form.fields)).await;
            }
            State::Answered => {
                let page = flow.browser.send(&question.press("allow")).await;
                assert!(page.returned("code").is_some());
            }
        }
        flow
    }

    /// Makes a request about this flow in `browser`; forms carry what that browser's own pages carry.
    async fn make(&self, browser: &Actor, own: &Form, request: Request) -> Page {
        let at = |path: &str| format!("{path}?interaction={}", self.interaction);
        let interaction = self.interaction.as_str();
        match request {
            Request::ShowSignIn => browser.open(&at("/signin")).await,
            Request::ShowConsent => browser.open(&at("/oauth/consent")).await,
            Request::Continue => browser.open(&at("/oauth/continue")).await,
            Request::SignIn => browser.send(&own.clone().forge("interaction", interaction)).await,
            Request::Allow => {
                let csrf = own.value("csrf").unwrap_or_default();
                let mut form = match &self.consent {
                    Some(question) => question.clone().forge("csrf", csrf),
                    None => own.clone().forge("decision", "allow").forge("question", "forged"),
                };
                "/oauth/consent".clone_into(&mut form.action);
                browser.send(&form).await
            }
        }
    }

    /// The end that its own browser brings it to from where it is.
    async fn finish(&self) -> Page {
        let page = self.make(&self.browser, &self.sign_in, Request::Continue).await;
        let page = if page.away.is_none() && page.has_form("/signin") {
            self.browser.send(&self.sign_in).await
        } else {
            page
        };
        if page.away.is_none() && page.has_form("/oauth/consent") {
            return self
                .browser
                .send(&page.form("/oauth/consent").press("allow"))
                .await;
        }
        page
    }
}

fn outcome(page: &Page) -> Outcome {
    if page.away.is_some() {
        assert!(page.returned("code").is_some(), "{:?}", page.away);
        return Outcome::Code;
    }
    match page.status.as_u16() {
        200 if page.has_form("/signin") => Outcome::SignInPage,
        200 if page.has_form("/oauth/consent") => Outcome::ConsentPage,
        400 => Outcome::Refused,
        other => panic!("{} answers {other}:\n{}", page.url, page.body),
    }
}

#[tokio::test]
async fn in_its_own_browser_every_request_does_what_the_table_says_and_nothing_is_skipped() {
    let server = Server::start(harness::Backend::Sqlite).await;
    for state in STATES {
        for request in REQUESTS {
            // A person and a client of their own, since a consent that was given once is not asked for again.
            let person = server.person(&format!("{state:?}-{request:?}").to_lowercase());
            let party = Party::register(&server).await;
            let flow = Flow::reach(&server, &party, &person, state).await;
            let page = flow.make(&flow.browser, &flow.sign_in, request).await;
            assert_eq!(
                outcome(&page),
                expected(state, request),
                "{state:?}, {request:?}: {}",
                page.url
            );
        }
    }
}

#[tokio::test]
async fn another_browser_finishes_nothing_whoever_is_signed_in_there_and_takes_nothing_away() {
    let server = Server::start(harness::Backend::Sqlite).await;
    let (hanako, taro) = (server.person("hanako"), server.person("taro"));
    let stranger = Actor::new(&server);
    let own = stranger.open("/signin").await.form("/signin");
    let own = own
        .fill("login", &hanako.login)
        .fill("password", &hanako.password);
    let other_person = Actor::new(&server);
    let page = other_person.open("/signin").await;
    let theirs = page
        .form("/signin")
        .fill("login", &taro.login)
        .fill("password", &taro.password);
    other_person.send(&theirs).await;
    for state in STATES {
        let party = Party::register(&server).await;
        let flow = Flow::reach(&server, &party, &hanako, state).await;
        for request in REQUESTS {
            for (browser, form) in [(&stranger, &own), (&other_person, &theirs)] {
                let page = flow.make(browser, form, request).await;
                assert_eq!(outcome(&page), Outcome::Refused, "{state:?}, {request:?}");
            }
        }
        let end = outcome(&flow.finish().await);
        let over = matches!(state, State::Answered | State::Denied);
        assert_eq!(
            end,
            if over { Outcome::Refused } else { Outcome::Code },
            "{state:?}"
        );
    }
}
