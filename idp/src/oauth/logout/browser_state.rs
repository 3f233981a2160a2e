//! `session_state`: the person's state in this browser, as one client may know it (OpenID Connect Session Management 1.0
//! §2, §3.2).
//!
//! The browser keeps a value that changes with every sign-in and sign-out, in a cookie that the script of the frame at
//! `/oauth/check-session` reads. It opens nothing: it is a keyed hash of the session's secret. A client gets it hashed with
//! its own id, its origin and a salt, so that two clients cannot join what they have.

use platform::encoding::{base64url, hex};
use platform::entropy::{Entropy, EntropyFailed};
use platform::keys::sha256;
use url::Url;

use crate::http::View;
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::signin::signed_in;

/// What an answer to a client tells it to watch, as this browser is from that answer on.
pub async fn watched(
    hub: &Hub,
    view: &mut View<'_>,
    client_id: &str,
    redirect_uri: &str,
) -> Result<Option<String>, OAuthError> {
    let signed_in = signed_in(hub, view.call).await?.is_some();
    let browser = view.browser_state(signed_in);
    Ok(session_state(&hub.entropy, client_id, redirect_uri, &browser)?)
}

/// The parameter of an answer to a client whose redirect URI is a web address, for the browser's state `browser` (empty
/// where nobody is signed in).
fn session_state(
    entropy: &Entropy,
    client_id: &str,
    redirect_uri: &str,
    browser: &str,
) -> Result<Option<String>, EntropyFailed> {
    let url = Url::parse(redirect_uri).ok();
    let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
        return Ok(None);
    };
    let salt = base64url(entropy.array::<12>()?);
    let origin = url.origin().ascii_serialization();
    let text = format!("{client_id} {origin} {browser} {salt}");
    Ok(Some(format!("{}.{salt}", hex(sha256(text.as_bytes())))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(client: &str, redirect: &str, browser: &str) -> Option<String> {
        session_state(&Entropy::seeded(1), client, redirect, browser).unwrap()
    }

    #[test]
    fn it_is_of_one_client_one_origin_and_one_state_of_the_browser() {
        let mine = state("a", "https://rp.example/cb?x=1", "s").unwrap();
        assert_eq!(
            state("a", "https://rp.example:443/other", "s").unwrap(),
            mine,
            "one origin"
        );
        for other in [
            state("b", "https://rp.example/cb", "s"),
            state("a", "https://rp.example:8443/cb", "s"),
            state("a", "https://rp.example/cb", "t"),
            state("a", "https://rp.example/cb", ""),
        ] {
            assert_ne!(other.unwrap(), mine);
        }
        assert!(!mine.contains(' ') && !mine.contains("rp.example"));
    }

    #[test]
    fn a_program_on_a_device_has_no_origin_and_gets_none() {
        assert_eq!(state("a", "jp.example.app:/cb", "s"), None);
    }
}
