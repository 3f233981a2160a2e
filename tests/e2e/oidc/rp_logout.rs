//! oidcc-rp-initiated-logout: where a person is sent after a sign-out that a relying party asked for.

use harness::party::{Pkce, encode};
use harness::{Actor, Backend, Page, Party, Server};
use serde_json::json;
use url::form_urlencoded::Serializer;

const BYE: &str = "https://rp.example/bye";

struct Case {
    party: Party,
    browser: Actor,
    id_token: String,
}

impl Case {
    async fn begin() -> (Server, Self) {
        let server = Server::start(Backend::Sqlite).await;
        let hanako = server.person("hanako");
        let (party, browser) = (Party::register(&server).await, Actor::new(&server));
        let tokens = party.sign_in(&browser, &hanako).await;
        let id_token = tokens.text("id_token").to_owned();
        let case = Self {
            party,
            browser,
            id_token,
        };
        (server, case)
    }

    /// Asks for the sign-out, and says yes where the person is asked.
    async fn sign_out(&self, parameters: &[(&str, &str)]) -> Page {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        let page = self.browser.open(&format!("/oauth/logout?{query}")).await;
        if page.has_form("/oauth/logout") {
            return self
                .browser
                .send(&page.form("/oauth/logout").press("sign-out"))
                .await;
        }
        page
    }

    async fn is_signed_in(&self) -> bool {
        let request = self.party.request(&Pkce::new(), &[("prompt", "none")]);
        self.browser.open(&request).await.returned("code").is_some()
    }
}

/// oidcc-rp-initiated-logout, oidcc-rp-initiated-logout-no-state.
#[tokio::test]
async fn the_person_comes_back_signed_out_with_the_state_that_was_sent_and_nothing_else() {
    let state = "a long state & more ".repeat(8);
    for state in [Some(state.as_str()), None] {
        let (_server, case) = Case::begin().await;
        let mut parameters = vec![
            ("id_token_hint", case.id_token.as_str()),
            ("post_logout_redirect_uri", BYE),
        ];
        parameters.extend(state.map(|state| ("state", state)));
        let page = case.sign_out(&parameters).await;
        let away = page.away.clone().expect("back at the relying party");
        assert!(away.as_str().starts_with(BYE));
        let pairs: Vec<(String, String)> = away.query_pairs().into_owned().collect();
        let expected: Vec<(String, String)> = state
            .map(|state| ("state".to_owned(), state.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(pairs, expected);
        assert!(!case.is_signed_in().await);
    }
}

/// oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-to-post-logout-redirect-uri,
/// -modified-id-token-hint, -bad-id-token-hint, -no-id-token-hint.
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_no_hint_of_ours_vouches_for() {
    let (_server, case) = Case::begin().await;
    let (header, rest) = case.id_token.split_once('.').unwrap();
    let claims = rest.split_once('.').unwrap().0;
    let none = format!(
        "{}.{claims}.",
        encode(json!({"alg": "none"}).to_string().as_bytes())
    );
    let forged = format!("{header}.{claims}.{}", encode(&[7; 256]));
    let (hint, added) = (case.id_token.as_str(), format!("{BYE}?foo=bar"));
    for (hint, back) in [
        (Some(hint), "https://rp.example/other"),
        (Some(hint), added.as_str()),
        (Some(none.as_str()), BYE),
        (Some(forged.as_str()), BYE),
        (None, BYE),
    ] {
        let mut parameters = vec![("post_logout_redirect_uri", back), ("state", "s")];
        parameters.extend(hint.map(|hint| ("id_token_hint", hint)));
        let page = case.sign_out(&parameters).await;
        assert!(page.away.is_none(), "{back} was gone to with {hint:?}");
        assert!(case.is_signed_in().await, "nothing was asked for that counts");
    }
}

/// oidcc-rp-initiated-logout-no-params, -only-state, -no-post-logout-redirect-uri.
#[tokio::test]
async fn a_sign_out_without_an_address_to_go_back_to_ends_on_a_page_here() {
    for with in [&[][..], &["state"], &["state", "id_token_hint"]] {
        let (_server, case) = Case::begin().await;
        let all = [("state", "s"), ("id_token_hint", case.id_token.as_str())];
        let parameters: Vec<(&str, &str)> = all.into_iter().filter(|(name, _)| with.contains(name)).collect();
        let page = case.sign_out(&parameters).await;
        assert!(page.away.is_none() && page.status.is_success(), "{with:?}");
        assert!(!case.is_signed_in().await, "{with:?}");
    }
}
