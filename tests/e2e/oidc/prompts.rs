//! oidcc-basic: `prompt` and `max_age`.

use harness::party::Pkce;
use harness::{Actor, Backend, Page, Party, Person, Server};
use serde_json::Value;

struct Case {
    server: Server,
    party: Party,
    hanako: Person,
    browser: Actor,
}

impl Case {
    async fn begin() -> Self {
        let server = Server::start(Backend::Sqlite).await;
        let (party, hanako) = (Party::register(&server).await, server.person("hanako"));
        let browser = Actor::new(&server);
        Self {
            server,
            party,
            hanako,
            browser,
        }
    }

    async fn redeem(&self, page: &Page, pkce: &Pkce) -> Value {
        let code = page.returned("code").expect("a code");
        let tokens = self.party.token(&self.party.redemption(&code, pkce)).await.good();
        self.party.id_claims(tokens.text("id_token")).await
    }

    /// The claims of a sign-in with these parameters, in which the person does what they are asked.
    async fn claims(&self, changes: &[(&str, &str)]) -> Value {
        let pkce = Pkce::new();
        let request = self.party.request(&pkce, changes);
        let page = self.browser.authorize(&request, &self.hanako).await;
        self.redeem(&page, &pkce).await
    }
}

/// oidcc-prompt-login, oidcc-max-age-1.
#[tokio::test]
async fn whoever_must_sign_in_again_does_and_the_id_token_tells_the_new_time() {
    let case = Case::begin().await;
    let first = case.claims(&[("max_age", "10000")]).await;
    let time = |claims: &Value| claims["auth_time"].as_i64().expect("auth_time");
    // auth_time has whole seconds: it is another one once the second of the first sign-in is over.
    while harness::tools::seconds() <= time(&first) + 1 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for again in [("prompt", "login"), ("max_age", "1")] {
        let page = case
            .browser
            .open(&case.party.request(&Pkce::new(), &[again]))
            .await;
        assert!(page.has_form("/signin"), "{again:?} shows no sign-in page");
        let claims = case.claims(&[again, ("max_age", "1")]).await;
        assert_eq!(claims["sub"], first["sub"]);
        assert!(time(&claims) > time(&first), "{again:?}: {claims}");
        while harness::tools::seconds() <= time(&claims) + 1 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// oidcc-prompt-none-logged-in, oidcc-max-age-10000.
#[tokio::test]
async fn in_silence_and_within_the_age_it_is_the_same_person_and_the_same_sign_in() {
    let case = Case::begin().await;
    let first = case.claims(&[("max_age", "10000")]).await;
    for changes in [
        &[("prompt", "none"), ("max_age", "10000")][..],
        &[("max_age", "10000")],
    ] {
        let pkce = Pkce::new();
        let page = case.browser.open(&case.party.request(&pkce, changes)).await;
        let claims = case.redeem(&page, &pkce).await;
        assert_eq!(
            (&claims["sub"], &claims["auth_time"]),
            (&first["sub"], &first["auth_time"])
        );
    }
}

/// oidcc-prompt-none-not-logged-in.
#[tokio::test]
async fn in_silence_nobody_who_is_not_signed_in_gets_a_code() {
    let case = Case::begin().await;
    let page = Actor::new(&case.server)
        .open(&case.party.request(&Pkce::new(), &[("prompt", "none")]))
        .await;
    assert_eq!(page.returned("error").as_deref(), Some("login_required"));
    case.party.assert_answer_is_ours(&page);
}
