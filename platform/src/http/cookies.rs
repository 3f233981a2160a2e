//! Cookies (RFC 6265): reading those of a request, writing those that hold a secret.

use std::fmt;
use std::time::Duration;

use http::header::{COOKIE, HeaderMap, HeaderValue};

/// The cookies of one request. They do not print.
pub struct Cookies<'h>(&'h HeaderMap);

impl<'h> Cookies<'h> {
    /// Reads from a request's headers.
    pub fn of(headers: &'h HeaderMap) -> Self {
        Self(headers)
    }

    /// The value of `name`; `None` too if it is there twice with different values, which only an attacker on a
    /// neighbouring host brings about. Cookies of other names are none of ours, whatever bytes they have.
    pub fn get(&self, name: &str) -> Option<&'h str> {
        let mut found = None;
        for header in self.0.get_all(COOKIE) {
            for pair in header.as_bytes().split(|byte| *byte == b';') {
                let mut halves = pair.trim_ascii().splitn(2, |byte| *byte == b'=');
                let (Some(key), Some(value)) = (halves.next(), halves.next()) else {
                    continue;
                };
                if key != name.as_bytes() {
                    continue;
                }
                if found.is_some_and(|other| other != value) {
                    return None;
                }
                found = Some(value);
            }
        }
        std::str::from_utf8(found?).ok()
    }
}

impl fmt::Debug for Cookies<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cookies")
    }
}

/// A cookie that scripts cannot read and other sites do not send, unless it is made for frames. Its value does not print.
#[derive(Clone)]
pub struct SetCookie<'a> {
    /// The name without prefix.
    pub name: &'a str,
    /// The value: characters of base64url.
    pub value: &'a str,
    /// Its life; `None` until the browser closes, zero removes it.
    pub max_age: Option<Duration>,
    /// Whether the realm is served over HTTPS: the name then gets the `__Host-` prefix.
    pub secure: bool,
}

impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SetCookie({})", self.name)
    }
}

impl SetCookie<'_> {
    /// The name on the wire.
    pub fn wire_name(name: &str, secure: bool) -> String {
        if secure {
            format!("__Host-{name}")
        } else {
            name.to_owned()
        }
    }

    /// The header's value; `None` if the cookie's value has characters that a cookie cannot hold.
    pub fn header(&self) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        self.with(&format!("; HttpOnly; SameSite=Lax{secure}"))
    }

    /// The header's value for a cookie that is no secret: scripts of ours read it, also in a frame of another site. Browsers
    /// want it `Secure` for that, and take a loopback address for secure.
    pub fn header_for_frames(&self) -> Option<HeaderValue> {
        self.with("; SameSite=None; Secure")
    }

    fn with(&self, attributes: &str) -> Option<HeaderValue> {
        let mut text = format!(
            "{}={}; Path=/{attributes}",
            Self::wire_name(self.name, self.secure),
            self.value
        );
        if let Some(age) = self.max_age {
            text.push_str("; Max-Age=");
            text.push_str(&age.as_secs().to_string());
        }
        let plain = self
            .value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if plain {
            HeaderValue::from_str(&text).ok()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_a_neighbouring_host_set_too_is_not_believed() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; s=x"));
        assert_eq!(Cookies::of(&headers).get("s"), Some("x"));
        headers.append(COOKIE, HeaderValue::from_static("s=y"));
        assert_eq!(Cookies::of(&headers).get("s"), None);
    }

    #[test]
    fn a_neighbours_cookie_of_any_bytes_does_not_hide_ours() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_bytes("x=\u{e9}; s=mine; y".as_bytes()).unwrap(),
        );
        headers.append(COOKIE, HeaderValue::from_bytes(b"\xff\xfe=\xff").unwrap());
        assert_eq!(Cookies::of(&headers).get("s"), Some("mine"));
        headers.append(COOKIE, HeaderValue::from_bytes(b"s=\xff").unwrap());
        assert_eq!(Cookies::of(&headers).get("s"), None, "ours with another value");
    }

    #[test]
    fn a_value_cannot_smuggle_attributes() {
        let cookie = SetCookie {
            name: "s",
            value: "x; Domain=evil",
            max_age: None,
            secure: true,
        };
        assert!(cookie.header().is_none());
        let cookie = SetCookie { value: "x", ..cookie };
        assert_eq!(
            cookie.header().unwrap(),
            "__Host-s=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie.header_for_frames().unwrap(),
            "__Host-s=x; Path=/; SameSite=None; Secure"
        );
    }
}
