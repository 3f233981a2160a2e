//! Protected headers of JOSE objects: strict reading, and writing ahead of time.
//!
//! RFC 7515 §4 and RFC 7516 §4. A header is read once, by this parser and before anything else is done with the object.
//! Refused whatever else it says: duplicate members (§4: "MUST be unique"), `crit` and `b64` (no extension is
//! understood here, §4.1.11, RFC 7797), and keys or pointers to keys inside the object (`jwk`, `jku`, `x5u`, `x5c`): the
//! key comes from whom we trust, never from the object that it is to vouch for. The one exception is an object that proves
//! nothing but that its maker holds the key in it (RFC 9449 §4.2), which is read by a way of its own.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

use super::algorithm::SigningAlgorithm;
use crate::encoding::{base64url, from_base64url};

/// Longest accepted header, in characters of base64url.
pub const MAX_HEADER_CHARS: usize = 4096;
/// Most members a header may have.
const MAX_MEMBERS: usize = 32;

/// A header that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Longer than [`MAX_HEADER_CHARS`], or more members than anybody needs.
    #[error("the protected header is too large")]
    TooLarge,
    /// Not canonical base64url of a JSON object.
    #[error("the protected header is not a JSON object in base64url")]
    Malformed,
    /// A member occurs twice.
    #[error("a member of the protected header occurs twice")]
    Duplicate,
    /// It names critical extensions or an unencoded payload.
    #[error("the protected header asks for an extension that is not understood")]
    Critical,
    /// It carries a key or says where to fetch one.
    #[error("the protected header carries its own key")]
    EmbeddedKey,
    /// `alg` is absent, or a member that must be a string is none.
    #[error("a member of the protected header is missing or of the wrong type")]
    Member,
}

/// What a protected header says, as far as the house listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`, as written.
    pub alg: String,
    /// `enc`, as written (RFC 7516 §4.1.2).
    pub enc: Option<String>,
    /// Whether there is a `zip` member, whatever it says.
    pub zip: bool,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`, as written.
    pub typ: Option<String>,
    /// `cty`, as written.
    pub cty: Option<String>,
}

impl Header {
    /// Reads the first part of a compact serialisation.
    pub(super) fn parse(encoded: &str) -> Result<Self, HeaderError> {
        Self::from_members(read_members(encoded)?)
    }

    /// The same of an object that shows the key it is signed with, and whose use is to show it; with that key as a JWK.
    pub(super) fn parse_carrying(encoded: &str) -> Result<(Self, String), HeaderError> {
        let (own, rest): (Vec<_>, Vec<_>) = read_members(encoded)?
            .into_iter()
            .partition(|(name, _)| name == "jwk");
        match <[(String, Value); 1]>::try_from(own) {
            Ok([(_, key @ Value::Object(_))]) => Ok((Self::from_members(rest)?, key.to_string())),
            Ok(_) => Err(HeaderError::Member),
            Err(all) if all.is_empty() => Err(HeaderError::Member),
            Err(_) => Err(HeaderError::Duplicate),
        }
    }

    fn from_members(members: Vec<(String, Value)>) -> Result<Self, HeaderError> {
        if members.len() > MAX_MEMBERS {
            return Err(HeaderError::TooLarge);
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other))
        {
            return Err(HeaderError::Duplicate);
        }
        let mut header = Self {
            alg: String::new(),
            enc: None,
            zip: false,
            kid: None,
            typ: None,
            cty: None,
        };
        let mut alg = None;
        for (name, value) in members {
            match name.as_str() {
                "alg" => alg = Some(text(value)?),
                "enc" => header.enc = Some(text(value)?),
                "kid" => header.kid = Some(text(value)?),
                "typ" => header.typ = Some(text(value)?),
                "cty" => header.cty = Some(text(value)?),
                "zip" => header.zip = true,
                "crit" | "b64" => return Err(HeaderError::Critical),
                "jwk" | "jku" | "x5u" | "x5c" => return Err(HeaderError::EmbeddedKey),
                _ => {}
            }
        }
        header.alg = alg.ok_or(HeaderError::Member)?;
        Ok(header)
    }
}

fn read_members(encoded: &str) -> Result<Vec<(String, Value)>, HeaderError> {
    if encoded.len() > MAX_HEADER_CHARS {
        return Err(HeaderError::TooLarge);
    }
    let json = from_base64url(encoded).ok_or(HeaderError::Malformed)?;
    let mut reader = serde_json::Deserializer::from_slice(&json);
    let members = reader
        .deserialize_map(Members)
        .map_err(|_| HeaderError::Malformed)?;
    reader.end().map_err(|_| HeaderError::Malformed)?;
    Ok(members)
}

fn text(value: Value) -> Result<String, HeaderError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(HeaderError::Member),
    }
}

/// Collects all members in order, so that duplicates are seen.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// The types that the house's own tokens have; their headers are encoded once for each key.
const PREPARED_TYPES: [&str; 6] = [
    "at+jwt",
    "JWT",
    "logout+jwt",
    "token-introspection+jwt",
    "secevent+jwt",
    "entity-statement+jwt",
];

/// The encoded headers of one key, each followed by the dot that separates it from the payload.
pub(super) struct PreparedHeaders {
    untyped: String,
    typed: [String; PREPARED_TYPES.len()],
    algorithm: SigningAlgorithm,
    kid: String,
}

impl PreparedHeaders {
    pub(super) fn new(algorithm: SigningAlgorithm, kid: &str) -> Self {
        Self {
            untyped: encode(algorithm, kid, None),
            typed: PREPARED_TYPES.map(|typ| encode(algorithm, kid, Some(typ))),
            algorithm,
            kid: kid.to_owned(),
        }
    }

    /// Hands the encoded header for `typ` to `use_header`.
    pub(super) fn with<T>(&self, typ: Option<&str>, use_header: impl FnOnce(&str) -> T) -> T {
        let Some(typ) = typ else {
            return use_header(&self.untyped);
        };
        match PREPARED_TYPES
            .iter()
            .zip(&self.typed)
            .find(|(name, _)| **name == typ)
        {
            Some((_, header)) => use_header(header),
            None => use_header(&encode(self.algorithm, &self.kid, Some(typ))),
        }
    }
}

fn encode(algorithm: SigningAlgorithm, kid: &str, typ: Option<&str>) -> String {
    let kid = Value::from(kid);
    let json = match typ {
        Some(typ) => format!(
            r#"{{"alg":"{algorithm}","typ":{},"kid":{kid}}}"#,
            Value::from(typ)
        ),
        None => format!(r#"{{"alg":"{algorithm}","kid":{kid}}}"#),
    };
    let mut encoded = base64url(json);
    encoded.push('.');
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Header, HeaderError> {
        Header::parse(&base64url(json))
    }

    #[test]
    fn an_ordinary_header_is_read() {
        let header =
            parse(r#"{"alg":"ES256","kid":"k","typ":"at+jwt","cty":"JWT","x5t#S256":"abc"}"#).unwrap();
        assert_eq!((header.alg.as_str(), header.kid.as_deref()), ("ES256", Some("k")));
        assert_eq!(
            (header.typ.as_deref(), header.cty.as_deref()),
            (Some("at+jwt"), Some("JWT"))
        );
        assert!(!header.zip);
    }

    #[test]
    fn duplicate_members_are_refused_also_when_one_is_written_with_an_escape() {
        assert_eq!(
            parse(r#"{"alg":"ES256","alg":"none"}"#),
            Err(HeaderError::Duplicate)
        );
        assert_eq!(
            parse(r#"{"kid":"a","alg":"ES256","\u006bid":"b"}"#),
            Err(HeaderError::Duplicate)
        );
        assert_eq!(
            parse(r#"{"alg":"ES256","x":1,"x":1}"#),
            Err(HeaderError::Duplicate)
        );
    }

    #[test]
    fn extensions_and_embedded_keys_are_refused_even_when_empty_or_null() {
        for member in [
            r#""crit":[]"#,
            r#""crit":["exp"]"#,
            r#""b64":false"#,
            r#""crit":null"#,
        ] {
            assert_eq!(
                parse(&format!(r#"{{"alg":"ES256",{member}}}"#)),
                Err(HeaderError::Critical),
                "{member}"
            );
        }
        for member in [
            r#""jwk":{}"#,
            r#""jku":"https://a"#,
            r#""x5u":"https://a"#,
            r#""x5c":[]"#,
        ] {
            let member = if member.contains("https") {
                format!("{member}\"")
            } else {
                member.to_owned()
            };
            assert_eq!(
                parse(&format!(r#"{{"alg":"ES256",{member}}}"#)),
                Err(HeaderError::EmbeddedKey),
                "{member}"
            );
        }
    }

    #[test]
    fn what_is_no_object_or_not_canonical_is_refused() {
        for json in [
            "",
            "null",
            "[]",
            "\"alg\"",
            "{\"alg\":\"ES256\"} x",
            "{\"alg\":\"ES256\"}{}",
            "{\"alg\":",
            "\u{feff}{}",
        ] {
            assert_eq!(parse(json), Err(HeaderError::Malformed), "{json}");
        }
        assert_eq!(
            Header::parse("eyJhbGciOiJFUzI1NiJ9=="),
            Err(HeaderError::Malformed)
        );
        assert_eq!(
            Header::parse("eyJhbGciOiJFUzI1Ni J9"),
            Err(HeaderError::Malformed)
        );
        assert_eq!(parse("{}"), Err(HeaderError::Member));
        assert_eq!(parse(r#"{"alg":["ES256"]}"#), Err(HeaderError::Member));
        assert_eq!(parse(r#"{"alg":"ES256","kid":1}"#), Err(HeaderError::Member));
    }

    #[test]
    fn oversized_headers_are_refused() {
        let padding = "x".repeat(MAX_HEADER_CHARS);
        assert_eq!(
            parse(&format!(r#"{{"alg":"ES256","pad":"{padding}"}}"#)),
            Err(HeaderError::TooLarge)
        );
        let many = (0..40)
            .map(|i| format!(r#""m{i}":0"#))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(
            parse(&format!(r#"{{"alg":"ES256",{many}}}"#)),
            Err(HeaderError::TooLarge)
        );
        let deep = format!(r#"{{"alg":"ES256","d":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(parse(&deep), Err(HeaderError::Malformed));
    }

    #[test]
    fn a_type_with_quotes_cannot_add_a_member() {
        let headers = PreparedHeaders::new(SigningAlgorithm::Es256, "k");
        let header = headers.with(Some(r#"x","alg":"none"#), |encoded| {
            Header::parse(encoded.trim_end_matches('.'))
        });
        let header = header.unwrap();
        assert_eq!(header.alg, "ES256");
        assert_eq!(header.typ.as_deref(), Some(r#"x","alg":"none"#));
    }
}
