//! Parameters of a query or a form: strict UTF-8, bounded, and no parameter twice (RFC 6749 §3.1, §3.2) but
//! those that may.

use std::borrow::Cow;
use std::fmt;

/// The most parameters one request may have.
const MOST: usize = 64;
/// Parameters whose own standards let them come more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The parameters cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// A parameter is there more than once.
    #[error("a parameter is given more than once")]
    Duplicate,
    /// There are more parameters than any request needs.
    #[error("there are too many parameters")]
    TooMany,
    /// The bytes are not UTF-8, or the percent-encoding is broken.
    #[error("the parameters are not valid UTF-8")]
    NotUtf8,
}

/// Parameters by name. An empty value counts as absent (RFC 6749 §3.1). The names print, the values do not: they are
/// passwords, codes and tokens as well.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        formatter.debug_set().entries(names).finish()
    }
}

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParametersError> {
        refuse_broken(bytes)?;
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if pairs.len() == MOST {
                return Err(ParametersError::TooMany);
            }
            let once = !REPEATABLE.contains(&name.as_ref());
            if once && pairs.iter().any(|(known, _)| *known == name) {
                return Err(ParametersError::Duplicate);
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(pairs))
    }

    /// Parameters that came in another form, each name once unless it may come several times.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, ParametersError> {
        if pairs.len() > MOST {
            return Err(ParametersError::TooMany);
        }
        let doubled = |index: usize, name: &str| pairs.iter().skip(index + 1).any(|(other, _)| other == name);
        let twice = pairs
            .iter()
            .enumerate()
            .any(|(index, (name, _))| !REPEATABLE.contains(&name.as_str()) && doubled(index, name));
        if twice {
            return Err(ParametersError::Duplicate);
        }
        Ok(Self(pairs))
    }

    /// The value of `name`, unless it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may come more than once.
    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Encodes them again, as a query.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.iter())
            .finish()
    }
}

/// `form_urlencoded` replaces what is not UTF-8; replaced text must not pass for what was sent.
fn refuse_broken(bytes: &[u8]) -> Result<(), ParametersError> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits =
            [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else {
            return Err(ParametersError::NotUtf8);
        };
        decoded.push(u8::try_from(high * 16 + low).unwrap_or(0));
    }
    match String::from_utf8_lossy(&decoded) {
        Cow::Borrowed(text) if !text.contains('\0') => Ok(()),
        _ => Err(ParametersError::NotUtf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_given_twice_is_refused_even_with_the_same_value() {
        assert_eq!(
            Parameters::parse(b"a=1&a=1").unwrap_err(),
            ParametersError::Duplicate
        );
        assert_eq!(
            Parameters::parse(b"a=1&%61=2").unwrap_err(),
            ParametersError::Duplicate
        );
    }

    #[test]
    fn only_what_a_standard_lets_come_again_may() {
        let parameters = Parameters::parse(b"resource=a&x=1&resource=b&resource=").unwrap();
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert!(Parameters::parse(b"resource=a&scope=1&resource=b&scope=2").is_err());
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["a", "b"]);
        let pair = |name: &str| (name.to_owned(), "v".to_owned());
        assert!(Parameters::from_pairs(vec![pair("resource"), pair("resource"), pair("x")]).is_ok());
        assert_eq!(
            Parameters::from_pairs(vec![pair("x"), pair("y"), pair("x")]).unwrap_err(),
            ParametersError::Duplicate
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_or_broken_escapes_are_refused() {
        for bytes in [&b"a=%ff"[..], b"a=\xff", b"a=%4", b"a=%zz", b"a=%00"] {
            assert_eq!(Parameters::parse(bytes).unwrap_err(), ParametersError::NotUtf8);
        }
    }

    #[test]
    fn what_was_typed_does_not_print() {
        let parameters = Parameters::parse(b"login=hanako&password=secret").unwrap();
        assert_eq!(format!("{parameters:?}"), r#"{"login", "password"}"#);
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let parameters = Parameters::parse("a=&b=%E7%B5%90+x".as_bytes()).unwrap();
        assert_eq!(parameters.get("a"), None);
        assert_eq!(parameters.get("b"), Some("結 x"));
    }
}
