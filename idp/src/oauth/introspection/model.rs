//! Who may know what of a token.

use platform::keys::NumericDate;
use serde::Serialize;

use crate::oauth::clients::{AuthMethod, Client};
use crate::oauth::tokens::AccessClaims;

/// The scope of a gateway: it may know of every access token. Only an administrator gives it.
pub const INTROSPECT: &str = "musubi:introspect";

/// What the client that asks is to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The token was made for it.
    Own,
    /// The token is meant for it.
    Audience,
    /// It has the scope [`INTROSPECT`].
    Gateway,
    /// None of these: it learns nothing.
    Stranger,
}

/// What `asker` is to a token that was made for `client_id`; `is_audience`: whether the token names the asker, or a
/// resource of its, as its audience. A public client proved nothing, and is a stranger even to its own tokens.
pub fn standing(asker: &Client, client_id: &str, is_audience: bool) -> Standing {
    if asker.metadata.token_endpoint_auth_method == AuthMethod::None {
        Standing::Stranger
    } else if asker.id == client_id {
        Standing::Own
    } else if is_audience {
        Standing::Audience
    } else if asker.scope.has(INTROSPECT) {
        Standing::Gateway
    } else {
        Standing::Stranger
    }
}

/// The answer (RFC 7662 §2.2).
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Introspection<'a> {
    /// An access token that carries.
    Access {
        /// True.
        active: bool,
        /// How it is presented.
        token_type: &'static str,
        /// The login name of the person.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<&'a str>,
        /// Everything that the token says itself.
        #[serde(flatten)]
        claims: &'a AccessClaims,
    },
    /// A refresh token that can be used.
    Refresh {
        /// True.
        active: bool,
        /// The realm's issuer.
        iss: &'a str,
        /// The person as the client knows them.
        sub: &'a str,
        /// For whom it was made.
        client_id: &'a str,
        /// What it can get.
        scope: String,
        /// When it is over.
        exp: NumericDate,
        /// The login name of the person.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<&'a str>,
    },
    /// Anything else.
    Inactive {
        /// False.
        active: bool,
    },
}

impl Introspection<'_> {
    /// What a stranger is told, and anybody about what is none of our tokens or carries no more.
    pub const INACTIVE: Self = Self::Inactive { active: false };
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::oauth::Scope;
    use crate::oauth::clients::Metadata;

    fn client(id: &str, scope: &str, method: &str) -> Client {
        let metadata = json!({"grant_types": [], "response_types": [], "token_endpoint_auth_method": method});
        Client::for_tests(
            id,
            Metadata::from_json(&metadata, true).unwrap(),
            Scope::parse(scope).unwrap(),
        )
    }

    #[test]
    fn only_the_client_of_a_token_its_audience_and_a_gateway_learn_of_it() {
        let basic = "client_secret_basic";
        let asker = client("a", "openid profile", basic);
        assert_eq!(standing(&asker, "a", false), Standing::Own);
        assert_eq!(standing(&asker, "b", true), Standing::Audience);
        assert_eq!(standing(&asker, "b", false), Standing::Stranger);
        assert_eq!(
            standing(&client("a", INTROSPECT, basic), "b", false),
            Standing::Gateway
        );
        let near = client("a", "musubi:introspect.not", basic);
        assert_eq!(standing(&near, "b", false), Standing::Stranger);
    }

    #[test]
    fn a_public_client_is_a_stranger_to_every_token() {
        let public = client("a", INTROSPECT, "none");
        for (owner, audience) in [("a", false), ("b", true), ("b", false)] {
            assert_eq!(standing(&public, owner, audience), Standing::Stranger);
        }
    }

    #[test]
    fn an_inactive_answer_says_nothing_but_that() {
        let answer: Value = serde_json::to_value(Introspection::INACTIVE).unwrap();
        assert_eq!(answer, json!({"active": false}));
    }
}
