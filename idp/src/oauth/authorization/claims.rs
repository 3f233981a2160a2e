//! The `claims` parameter (OpenID Connect Core 1.0 §5.5): single claims asked for by name, for the ID token or for
//! UserInfo. Claims that nobody here knows are left out, as the specification asks; what is malformed is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::oauth::Scope;
use crate::people::CLAIMS;

/// The longest parameter that is read, in bytes.
const LONGEST: usize = 8 * 1024;
/// The most claims that are looked at in each place.
const MOST: usize = 100;

/// The most languages that are looked at.
const MOST_LOCALES: usize = 10;
/// The longest tag of a language (RFC 5646 §4.4.1 asks for 35 at least).
const TAG_BYTES: usize = 35;

/// Claims about the sign-in itself, which need nobody's leave.
const SIGN_IN_CLAIMS: &[&str] = &["acr", "amr", "auth_time", "sub"];

/// How one claim is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Whether the client cannot go on without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The values that it may have, the most wanted first; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// The claims that a request asks for by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// For the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
    /// For UserInfo.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// The languages and scripts that are wanted (`claims_locales`, §5.2); empty: all that there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<String>,
}

/// The parameter is not what §5.5 describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claims parameter is malformed")]
pub struct MalformedClaims;

impl ClaimsRequest {
    /// Reads the parameter.
    pub fn parse(text: &str) -> Result<Self, MalformedClaims> {
        if text.len() > LONGEST {
            return Err(MalformedClaims);
        }
        let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| MalformedClaims)?;
        Ok(Self {
            id_token: place(members.get("id_token"))?,
            userinfo: place(members.get("userinfo"))?,
            locales: Vec::new(),
        })
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.id_token.is_empty() && self.userinfo.is_empty() && self.locales.is_empty()
    }

    /// The same with the languages and scripts that are wanted. What is no tag is passed over (§5.2: never an error).
    #[must_use]
    pub fn in_locales(self, asked: &str) -> Self {
        let is_tag = |tag: &&str| {
            let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            tag.len() <= TAG_BYTES && tag.bytes().all(letters)
        };
        let tags = asked.split_ascii_whitespace().filter(is_tag).take(MOST_LOCALES);
        Self {
            locales: tags.map(str::to_ascii_lowercase).collect(),
            ..self
        }
    }

    /// Whether a claim is in a language that is wanted. One without a language always is; one in a language is where none
    /// was named, or one that it belongs to (RFC 4647 §3.3.1: `ja` is wanted, `ja-Kana-JP` is given).
    pub fn wants(&self, claim: &str) -> bool {
        let Some((_, tag)) = claim.split_once('#') else {
            return true;
        };
        let tag = tag.to_ascii_lowercase();
        let is_within = |range: &String| {
            let rest = tag.strip_prefix(range.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.locales.is_empty() || self.locales.iter().any(is_within)
    }

    /// The scopes that stand for what is asked for: what the person has to allow.
    pub fn scopes(&self) -> Scope {
        let asked = |claim: &str| self.id_token.contains_key(claim) || self.userinfo.contains_key(claim);
        CLAIMS
            .iter()
            .filter(|(claim, _)| asked(claim))
            .map(|(_, scope)| (*scope).to_owned())
            .collect()
    }

    /// The subject that must be signed in, if the request names one (§5.5.1).
    pub fn subject(&self) -> Option<&str> {
        [&self.id_token, &self.userinfo]
            .into_iter()
            .find_map(|place| place.get("sub")?.values.first())
            .map(String::as_str)
    }

    /// Without what only the person of `scope` may be told: claims whose scope the client may never have.
    #[must_use]
    pub fn within(mut self, scope: &Scope) -> Self {
        let allowed = |claim: &str| {
            CLAIMS
                .iter()
                .find(|(known, _)| *known == claim)
                .is_none_or(|(_, needed)| scope.has(needed))
        };
        self.id_token.retain(|claim, _| allowed(claim));
        self.userinfo.retain(|claim, _| allowed(claim));
        self
    }
}

fn place(asked: Option<&Value>) -> Result<BTreeMap<String, ClaimRequest>, MalformedClaims> {
    let claims = match asked {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(claims)) if claims.len() <= MOST => claims,
        Some(_) => return Err(MalformedClaims),
    };
    let mut known = BTreeMap::new();
    for (name, how) in claims {
        let request = claim(how)?;
        let is_known =
            SIGN_IN_CLAIMS.contains(&name.as_str()) || CLAIMS.iter().any(|(claim, _)| claim == name);
        if is_known {
            known.insert(name.clone(), request);
        }
    }
    Ok(known)
}

fn claim(how: &Value) -> Result<ClaimRequest, MalformedClaims> {
    let members = match how {
        Value::Null => return Ok(ClaimRequest::default()),
        Value::Object(members) => members,
        _ => return Err(MalformedClaims),
    };
    let essential = match members.get("essential") {
        None => false,
        Some(Value::Bool(essential)) => *essential,
        Some(_) => return Err(MalformedClaims),
    };
    let mut values = Vec::new();
    if let Some(Value::String(value)) = members.get("value") {
        values.push(value.clone());
    }
    match members.get("values") {
        None => {}
        Some(Value::Array(several)) => {
            values.extend(several.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Some(_) => return Err(MalformedClaims),
    }
    Ok(ClaimRequest { essential, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_left_out_and_what_is_malformed_is_an_error() {
        let asked = ClaimsRequest::parse(
            r#"{"userinfo":{"email":{"essential":true},"shoe_size":null},"id_token":{"auth_time":null},"other":1}"#,
        )
        .unwrap();
        assert!(asked.userinfo["email"].essential);
        assert!(!asked.userinfo.contains_key("shoe_size"));
        assert!(asked.id_token.contains_key("auth_time"));
        for wrong in [
            "",
            "[]",
            "null",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"name":1}}"#,
            r#"{"id_token":{"acr":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"values":"x"}}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(wrong), Err(MalformedClaims), "{wrong}");
        }
    }

    #[test]
    fn deep_nesting_and_length_are_bounded() {
        let deep = format!("{{\"userinfo\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(ClaimsRequest::parse(&deep), Err(MalformedClaims));
        let nested = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(ClaimsRequest::parse(&nested), Err(MalformedClaims));
        let many: Vec<String> = (0..=MOST).map(|index| format!("\"c{index}\":null")).collect();
        let many = format!("{{\"userinfo\":{{{}}}}}", many.join(","));
        assert_eq!(ClaimsRequest::parse(&many), Err(MalformedClaims));
    }

    #[test]
    fn a_single_claim_asks_the_person_for_the_scope_that_it_belongs_to() {
        let asked =
            ClaimsRequest::parse(r#"{"userinfo":{"email":null},"id_token":{"name":null,"acr":null}}"#)
                .unwrap();
        assert_eq!(asked.scopes().to_string(), "email profile");
        let narrow = asked.within(&Scope::parse("openid email").unwrap());
        assert_eq!(narrow.scopes().to_string(), "email");
        assert!(narrow.id_token.contains_key("acr"));
    }

    #[test]
    fn a_claim_in_a_language_is_given_where_that_is_wanted_or_nothing_else_is() {
        let wants = |locales: &str, claim: &str| ClaimsRequest::default().in_locales(locales).wants(claim);
        for locales in ["", "ja", "en JA-kana", "ja-Kana-JP", "<script> ja"] {
            assert!(wants(locales, "family_name#ja-Kana-JP"), "{locales}");
        }
        for locales in ["en", "j", "ja-Hira", "ja-Kana-JP-x", "jam"] {
            assert!(!wants(locales, "family_name#ja-Kana-JP"), "{locales}");
            assert!(wants(locales, "family_name"), "{locales}");
        }
        let many = ClaimsRequest::default().in_locales(&"x-y ".repeat(5000));
        assert_eq!(many.locales.len(), MOST_LOCALES);
        assert!(!many.is_empty());
    }

    #[test]
    fn a_subject_may_be_asked_for_by_value() {
        let asked = ClaimsRequest::parse(r#"{"id_token":{"sub":{"value":"abc"}}}"#).unwrap();
        assert_eq!(asked.subject(), Some("abc"));
        assert_eq!(ClaimsRequest::default().subject(), None);
    }
}
