//! Which addresses a page may lead to.

use std::borrow::Cow;

use url::{Host, Url};

use super::Language;

/// `address` if it stays on this host, the start page otherwise.
///
/// Browsers read `//host` and `/\host` as another host, and drop tabs, line breaks and what [`super::escape`] removes
/// before they look; so only visible ASCII without a backslash passes.
pub(super) fn local(address: &str) -> &str {
    let plain = address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain && address.starts_with('/') && !address.starts_with("//") {
        address
    } else {
        "/"
    }
}

/// `address` if it is `https`, or `http` on loopback, without user information.
pub(super) fn external(address: &str) -> Option<&str> {
    if !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let url = Url::parse(address).ok()?;
    let loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    (scheme_fits && url.username().is_empty() && url.password().is_none()).then_some(address)
}

/// `address` if a browser may be sent on to it: as for [`external`], or a program on the device by a scheme of its own
/// (RFC 8252 §7.1), which has a dot in it.
pub(super) fn onward(address: &str) -> Option<&str> {
    let private = |scheme: &str| {
        scheme.contains('.')
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let graphic = address.bytes().all(|byte| byte.is_ascii_graphic());
    match address.split_once(':') {
        Some((scheme, _)) if graphic && private(scheme) => Some(address),
        _ => external(address),
    }
}

impl Language {
    /// The address of the page at `here` in this language.
    pub(super) fn in_place_of(self, here: &str) -> String {
        let here = local(here);
        let here = here.split_once('#').map_or(here, |(before, _)| before);
        let (path, query) = here.split_once('?').unwrap_or((here, ""));
        let mut link: Cow<'_, str> = Cow::Borrowed(path);
        let mut separator = '?';
        for pair in query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("ui_locales="))
        {
            link.to_mut().push(separator);
            link.to_mut().push_str(pair);
            separator = '&';
        }
        format!("{link}{separator}ui_locales={}", self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_host_are_local() {
        for kept in ["/", "/signin?interaction=a%20b", "/account#log"] {
            assert_eq!(local(kept), kept);
        }
        for refused in [
            "",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\u{202E}/evil.example",
            "javascript:alert(1)",
            "https://evil.example",
            "evil",
            " /",
            "/\n/evil.example",
            "/\0/evil.example",
        ] {
            assert_eq!(local(refused), "/", "{refused:?}");
        }
    }

    #[test]
    fn only_web_addresses_are_external_links() {
        for kept in [
            "https://clinic.example/back?a=1",
            "http://localhost:3000/",
            "http://127.0.0.1/",
            "http://[::1]:9/",
        ] {
            assert_eq!(external(kept), Some(kept));
        }
        for refused in [
            "http://clinic.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https://a@evil.example/",
            "//clinic.example",
            "",
            "https://clinic.example/\u{202E}",
            "http://localhost.evil.example/",
        ] {
            assert_eq!(external(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn changing_the_language_keeps_the_rest_of_the_address() {
        assert_eq!(Language::Ja.in_place_of("/"), "/?ui_locales=ja");
        assert_eq!(
            Language::En.in_place_of("/signin?interaction=1"),
            "/signin?interaction=1&ui_locales=en"
        );
        assert_eq!(
            Language::En.in_place_of("/signin?ui_locales=ja&interaction=1#x"),
            "/signin?interaction=1&ui_locales=en"
        );
        assert_eq!(Language::En.in_place_of("//evil.example"), "/?ui_locales=en");
    }
}
