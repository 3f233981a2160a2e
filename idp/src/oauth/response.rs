//! What an authorization request wants back, and how it comes: `response_type` and `response_mode` (OAuth 2.0 Multiple
//! Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode, JARM §2.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A `response_type`: which of code, ID token and access token the authorization endpoint itself gives. The order of the
/// words does not matter. `token` alone is not here: it would be an access token that nothing ties to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResponseType {
    code: bool,
    id_token: bool,
    token: bool,
}

/// A response type that does not exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the response type is not supported")]
pub struct UnsupportedResponseType;

impl ResponseType {
    /// The code flow, the one that everybody may use.
    pub const CODE: Self = Self::of(true, false, false);
    /// All of them, as metadata lists them.
    pub const ALL: [Self; 6] = [
        Self::CODE,
        Self::of(false, true, false),
        Self::of(false, true, true),
        Self::of(true, true, false),
        Self::of(true, false, true),
        Self::of(true, true, true),
    ];

    const fn of(code: bool, id_token: bool, token: bool) -> Self {
        Self {
            code,
            id_token,
            token,
        }
    }

    /// Whether an authorization code is among it.
    pub const fn has_code(self) -> bool {
        self.code
    }

    /// Whether an ID token is among it.
    pub const fn has_id_token(self) -> bool {
        self.id_token
    }

    /// Whether an access token is among it.
    pub const fn has_token(self) -> bool {
        self.token
    }

    /// Whether tokens come through the browser: the implicit and hybrid flows.
    pub const fn is_front_channel(self) -> bool {
        self.id_token || self.token
    }

    /// The name, with its words in the order of the specification.
    pub const fn name(self) -> &'static str {
        match (self.code, self.id_token, self.token) {
            (true, false, false) => "code",
            (false, true, false) => "id_token",
            (false, true, true) => "id_token token",
            (true, true, false) => "code id_token",
            (true, false, true) => "code token",
            (true, true, true) => "code id_token token",
            (false, false, true) => "token",
            (false, false, false) => "",
        }
    }
}

impl FromStr for ResponseType {
    type Err = UnsupportedResponseType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut asked = Self::of(false, false, false);
        for word in text.split(' ') {
            let part = match word {
                "code" => &mut asked.code,
                "id_token" => &mut asked.id_token,
                "token" => &mut asked.token,
                _ => return Err(UnsupportedResponseType),
            };
            if std::mem::replace(part, true) {
                return Err(UnsupportedResponseType);
            }
        }
        Self::ALL
            .contains(&asked)
            .then_some(asked)
            .ok_or(UnsupportedResponseType)
    }
}

impl Serialize for ResponseType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ResponseType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where in the answer the parameters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// The query of the redirect URI.
    Query,
    /// Its fragment.
    Fragment,
    /// A form that the browser posts to it.
    FormPost,
}

/// A `response_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseMode {
    /// Where the parameters are.
    pub carrier: Carrier,
    /// Whether they are in a signed JWT (JARM).
    pub jwt: bool,
}

/// Why a `response_mode` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsupportedResponseMode {
    /// There is no such mode.
    Unknown,
    /// Tokens do not travel in a query (Multiple Response Types §3).
    TokensInQuery,
}

impl ResponseMode {
    /// All of them, as metadata lists them.
    pub const NAMES: [&str; 7] = [
        "query",
        "fragment",
        "form_post",
        "query.jwt",
        "fragment.jwt",
        "form_post.jwt",
        "jwt",
    ];

    /// The mode of a request that names none.
    pub const fn default_of(response_type: ResponseType) -> Self {
        let carrier = if response_type.is_front_channel() {
            Carrier::Fragment
        } else {
            Carrier::Query
        };
        Self { carrier, jwt: false }
    }

    /// The mode that a request names, or the default of its response type.
    pub fn parse(asked: Option<&str>, response_type: ResponseType) -> Result<Self, UnsupportedResponseMode> {
        let default = Self::default_of(response_type);
        let Some(asked) = asked else { return Ok(default) };
        if asked == "jwt" {
            return Ok(Self { jwt: true, ..default });
        }
        let (carrier, jwt) = match asked.strip_suffix(".jwt") {
            Some(carrier) => (carrier, true),
            None => (asked, false),
        };
        let carrier = match carrier {
            "query" => Carrier::Query,
            "fragment" => Carrier::Fragment,
            "form_post" => Carrier::FormPost,
            _ => return Err(UnsupportedResponseMode::Unknown),
        };
        if carrier == Carrier::Query && response_type.is_front_channel() {
            return Err(UnsupportedResponseMode::TokensInQuery);
        }
        Ok(Self { carrier, jwt })
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_words_does_not_matter_and_none_may_come_twice() {
        assert_eq!(
            "token code id_token".parse::<ResponseType>(),
            "code id_token token".parse()
        );
        for wrong in [
            "",
            "token",
            "none",
            "code code",
            "code  id_token",
            "Code",
            "code,id_token",
        ] {
            assert_eq!(
                wrong.parse::<ResponseType>(),
                Err(UnsupportedResponseType),
                "{wrong}"
            );
        }
    }

    #[test]
    fn every_name_is_read_as_itself() {
        for one in ResponseType::ALL {
            assert_eq!(one.name().parse(), Ok(one));
            assert_eq!(
                serde_json::from_str::<ResponseType>(&serde_json::to_string(&one).unwrap()).unwrap(),
                one
            );
        }
    }

    #[test]
    fn tokens_never_travel_in_a_query() {
        for front in ResponseType::ALL.into_iter().filter(|one| one.is_front_channel()) {
            for mode in ["query", "query.jwt"] {
                assert_eq!(
                    ResponseMode::parse(Some(mode), front),
                    Err(UnsupportedResponseMode::TokensInQuery)
                );
            }
            assert_eq!(
                ResponseMode::parse(None, front).unwrap().carrier,
                Carrier::Fragment
            );
        }
    }

    #[test]
    fn jwt_alone_means_the_carrier_of_the_response_type() {
        let code = ResponseMode::parse(Some("jwt"), ResponseType::CODE).unwrap();
        assert_eq!((code.carrier, code.jwt), (Carrier::Query, true));
        let hybrid = ResponseMode::parse(Some("jwt"), "code id_token".parse().unwrap()).unwrap();
        assert_eq!((hybrid.carrier, hybrid.jwt), (Carrier::Fragment, true));
        assert_eq!(
            ResponseMode::parse(Some("web_message"), ResponseType::CODE),
            Err(UnsupportedResponseMode::Unknown)
        );
    }
}
