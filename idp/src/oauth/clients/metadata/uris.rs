//! Which addresses client metadata may name, as far as their text tells.

use url::Url;

use crate::realms::is_loopback;

/// Longest address.
const BYTES: usize = 2000;

/// `https` to somebody, without user name and fragment; for a realm that is itself on loopback without HTTPS, `http` to
/// loopback as well. Where it leads is checked when it is called ([`platform::outbound`]).
pub fn is_callable(uri: &str, secure: bool) -> bool {
    parse(uri, secure).is_some_and(|url| url.fragment().is_none())
}

/// A page or picture that people may be shown a link to: the same, and it may name a part of the page.
pub fn is_web_page(uri: &str, secure: bool) -> bool {
    parse(uri, secure).is_some()
}

fn parse(uri: &str, secure: bool) -> Option<Url> {
    // What is not printable ASCII, a parser would mend in silence, and another one otherwise.
    let plain = uri.len() <= BYTES && uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let url = Url::parse(uri).ok().filter(|_| plain)?;
    let host = url.host()?;
    let open = match url.scheme() {
        "https" => uri.starts_with("https://"),
        "http" => !secure && uri.starts_with("http://") && is_loopback(&host),
        _ => false,
    };
    (open && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_and_plain_ones_stay_on_loopback() {
        for uri in [
            "https://rp.example/keys?x=1",
            "https://rp.example:8443",
            "http://localhost:3000/keys",
            "http://127.0.0.1/",
        ] {
            assert!(is_callable(uri, false), "{uri}");
        }
        for uri in [
            "http://rp.example/keys",
            "http://localhost.rp.example/keys",
            "http://10.0.0.1/",
            "https://user@rp.example/",
            "https://:secret@rp.example/",
            "https://rp.example/#x",
            "https:/rp.example/",
            "https:rp.example",
            "https://rp.example\\@10.0.0.1/",
            "https://rp.example/\n",
            " https://rp.example/",
            "https://",
            "ftp://rp.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "//rp.example/",
            "/keys",
            "",
        ] {
            assert!(!is_callable(uri, false), "{uri}");
        }
        assert!(!is_callable("http://localhost:3000/keys", true));
        assert!(is_web_page("https://rp.example/terms#part", true));
    }
}
