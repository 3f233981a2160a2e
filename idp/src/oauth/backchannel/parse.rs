//! The authentication request, from its parameters or from the signed object that holds them (CIBA §7.1).

use std::fmt;
use std::time::Duration;

use platform::config::Tokens;

use super::hint::Hint;
use super::model::Delivery;
use crate::oauth::clients::Client;
use crate::oauth::{ErrorCode, OAuthError, Scope};

/// The longest message that a person is shown: it is to be compared at a glance (§7.1).
const LONGEST_MESSAGE: usize = 64;
/// The longest notification token (§7.1).
const LONGEST_TOKEN: usize = 1024;

/// What a client asks. Codes and tokens in it are not printed.
#[derive(PartialEq, Eq)]
pub struct Asked {
    /// What it wants to have.
    pub scope: Scope,
    /// Of whom.
    pub hint: Hint,
    /// The code with which the person lets themselves be asked.
    pub user_code: Option<String>,
    /// What the person is to compare.
    pub binding_message: Option<String>,
    /// How strongly the person is to sign in.
    pub acr_values: Vec<String>,
    /// With what the client knows that it is the hub that calls.
    pub notification_token: Option<String>,
    /// How long the person has.
    pub life: Duration,
}

impl fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Asked({}, {:?})", self.scope, self.hint)
    }
}

const fn wrong(id: &'static str, text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, text)
}

/// Reads a request of `client`; `get` gives the parameters, `settings` how long a person may have.
pub fn parse<'p>(
    client: &Client,
    delivery: Delivery,
    settings: &Tokens,
    get: impl Fn(&str) -> Option<&'p str>,
) -> Result<Asked, OAuthError> {
    let hint = match (get("login_hint"), get("id_token_hint"), get("login_hint_token")) {
        (Some(name), None, None) => Hint::Login(name.to_owned()),
        (None, Some(token), None) => Hint::IdToken(token.to_owned()),
        (None, None, Some(token)) => Hint::Token(token.to_owned()),
        _ => return Err(wrong("backchannel.hint", "exactly one hint says who is meant")),
    };
    Ok(Asked {
        scope: scope(client, get("scope"))?,
        hint,
        user_code: user_code(client, get("user_code"))?,
        binding_message: get("binding_message").map(message).transpose()?,
        acr_values: get("acr_values")
            .map(|values| {
                values
                    .split(' ')
                    .filter(|one| !one.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default(),
        notification_token: notification_token(delivery, get("client_notification_token"))?,
        life: life(settings, get("requested_expiry"))?,
    })
}

fn scope(client: &Client, asked: Option<&str>) -> Result<Scope, OAuthError> {
    let invalid = |text| OAuthError::new(ErrorCode::InvalidScope, "backchannel.scope", text);
    let asked = Scope::parse(asked.unwrap_or_default()).map_err(|_| invalid("scope is malformed"))?;
    let scope = asked.intersection(&client.scope);
    if scope.has("openid") {
        Ok(scope)
    } else {
        Err(invalid("scope has openid, and the client may ask for it"))
    }
}

/// A message that a person can compare: short, and of letters and signs that stand where they are written.
fn message(text: &str) -> Result<String, OAuthError> {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
    };
    if text.chars().count() > LONGEST_MESSAGE || text.chars().any(hidden) || text.trim().is_empty() {
        return Err(OAuthError::new(
            ErrorCode::InvalidBindingMessage,
            "backchannel.binding_message",
            "binding_message has at most 64 characters, all of them visible",
        ));
    }
    Ok(text.to_owned())
}

/// A code comes from a client that registered to bring codes (§7.1).
fn user_code(client: &Client, code: Option<&str>) -> Result<Option<String>, OAuthError> {
    match code {
        Some(_) if !client.metadata.grants.backchannel_user_code_parameter => Err(wrong(
            "backchannel.user_code.unregistered",
            "this client did not register to send user codes",
        )),
        code => Ok(code.map(str::to_owned)),
    }
}

fn notification_token(delivery: Delivery, token: Option<&str>) -> Result<Option<String>, OAuthError> {
    match (delivery, token) {
        // What a client that asks by itself sends is of no use to anybody, and is not kept.
        (Delivery::Poll, _) => Ok(None),
        (Delivery::Ping | Delivery::Push, Some(token)) if is_bearer(token) => Ok(Some(token.to_owned())),
        (Delivery::Ping | Delivery::Push, _) => Err(wrong(
            "backchannel.notification_token",
            "client_notification_token is missing, too long, or no bearer token",
        )),
    }
}

/// `b64token` of RFC 6750 §2.1.
fn is_bearer(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && token.len() <= LONGEST_TOKEN && body.bytes().all(allowed)
}

fn life(settings: &Tokens, asked: Option<&str>) -> Result<Duration, OAuthError> {
    let Some(asked) = asked else {
        return Ok(Duration::from_secs(settings.backchannel_seconds));
    };
    let seconds: u64 = asked
        .parse()
        .ok()
        .filter(|seconds| *seconds > 0 && !asked.starts_with('+'))
        .ok_or(wrong(
            "backchannel.requested_expiry",
            "requested_expiry is a positive integer",
        ))?;
    let (least, most) = (
        settings.backchannel_least_seconds,
        settings.backchannel_most_seconds,
    );
    Ok(Duration::from_secs(seconds.max(least).min(most)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oauth::clients::Metadata;

    fn ask(parameters: &[(&str, &str)]) -> Result<Asked, OAuthError> {
        ask_by(Delivery::Poll, parameters)
    }

    fn ask_by(delivery: Delivery, parameters: &[(&str, &str)]) -> Result<Asked, OAuthError> {
        let metadata = json!({"grant_types": [], "response_types": []});
        let metadata = Metadata::from_json(&metadata, true).unwrap();
        let client = Client::for_tests("c", metadata, Scope::parse("openid profile").unwrap());
        let mut all = vec![("scope", "openid"), ("login_hint", "hanako")];
        for (name, value) in parameters {
            all.retain(|(known, _)| known != name);
            if !value.is_empty() {
                all.push((name, value));
            }
        }
        parse(&client, delivery, &Tokens::default(), |name| {
            all.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        })
    }

    fn refused(parameters: &[(&str, &str)]) -> &'static str {
        ask(parameters).unwrap_err().id
    }

    #[test]
    fn one_hint_says_who_is_meant() {
        let hint = |parameters: &[(&str, &str)]| ask(parameters).unwrap().hint;
        assert_eq!(hint(&[]), Hint::Login("hanako".to_owned()));
        let token = [("login_hint", ""), ("login_hint_token", "x")];
        assert_eq!(hint(&token), Hint::Token("x".to_owned()));
        let token = [("login_hint", ""), ("id_token_hint", "x")];
        assert_eq!(hint(&token), Hint::IdToken("x".to_owned()));
        assert_eq!(refused(&[("login_hint", "")]), "backchannel.hint");
        assert_eq!(refused(&[("id_token_hint", "x")]), "backchannel.hint");
        assert_eq!(refused(&[("login_hint_token", "x")]), "backchannel.hint");
    }

    #[test]
    fn a_code_comes_from_a_client_that_registered_to_bring_codes() {
        assert_eq!(
            refused(&[("user_code", "314159")]),
            "backchannel.user_code.unregistered"
        );
    }

    #[test]
    fn openid_is_asked_for_and_nothing_that_the_client_may_not_have() {
        assert_eq!(
            ask(&[("scope", "openid email")]).unwrap().scope.to_string(),
            "openid"
        );
        for scope in ["", "profile", "\""] {
            assert_eq!(refused(&[("scope", scope)]), "backchannel.scope");
        }
    }

    #[test]
    fn a_binding_message_is_short_and_hides_nothing() {
        let longest = "あ".repeat(LONGEST_MESSAGE);
        assert!(
            ask(&[("binding_message", "支払い W4SCT")]).is_ok()
                && ask(&[("binding_message", &longest)]).is_ok()
        );
        for message in [
            format!("{longest}あ").as_str(),
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            " ",
            "a\0",
        ] {
            assert_eq!(
                refused(&[("binding_message", message)]),
                "backchannel.binding_message",
                "{message:?}"
            );
        }
    }

    #[test]
    fn a_client_that_is_told_brings_a_token_for_that() {
        let with = |token: &str| ask_by(Delivery::Ping, &[("client_notification_token", token)]);
        assert_eq!(
            with("8d67dc78-7faa.~+/==").unwrap().notification_token.as_deref(),
            Some("8d67dc78-7faa.~+/==")
        );
        for token in ["", "a b", "a\r\nx: y", "=", &"a".repeat(1025)] {
            assert!(with(token).is_err(), "{token:?}");
        }
        assert_eq!(
            ask(&[("client_notification_token", "abc")])
                .unwrap()
                .notification_token,
            None
        );
    }

    #[test]
    fn the_time_that_a_person_has_is_bounded() {
        let life = |asked: &str| ask(&[("requested_expiry", asked)]).map(|asked| asked.life.as_secs());
        assert_eq!(
            (life("120"), life("1"), life("99999")),
            (Ok(120), Ok(30), Ok(600))
        );
        for wrong in ["0", "-1", "+5", "1.5", "x"] {
            assert!(life(wrong).is_err(), "{wrong}");
        }
    }
}
