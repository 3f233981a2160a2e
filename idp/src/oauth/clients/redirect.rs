//! Redirect URIs: what may be registered, and whether one that is asked for was (RFC 9700 §2.1, RFC 8252 §7).

use url::Url;

use super::metadata::ApplicationType;
use super::model::Client;
use crate::realms::is_loopback;

/// A redirect URI that the client registered. Only from such a value can anything be sent there.
#[derive(Debug, Clone)]
pub struct RedirectVerified {
    uri: String,
}

impl RedirectVerified {
    /// Verifies a redirect URI against a client's; if none is asked for, the client's only one is meant.
    pub fn verify(client: &Client, asked: Option<&str>) -> Option<Self> {
        let registered = &client.metadata.redirect_uris;
        match asked {
            None => match registered.as_slice() {
                [only] => Some(Self { uri: only.clone() }),
                _ => None,
            },
            Some(asked) => registered
                .iter()
                .any(|known| matches(known, asked))
                .then(|| Self {
                    uri: asked.to_owned(),
                }),
        }
    }

    /// The URI, as it was asked for.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Where answers go, for people to read and for consents to be bound to: the host, or the private scheme.
    pub fn place(&self) -> String {
        Url::parse(&self.uri).map_or_else(
            |_| self.uri.clone(),
            |url| {
                url.host_str()
                    .map_or_else(|| format!("{}:", url.scheme()), str::to_owned)
            },
        )
    }

    /// Whether any program on the person's device may be listening there (RFC 8252 §8.6): loopback, private schemes.
    pub fn is_on_device(&self) -> bool {
        !self.uri.starts_with("https://")
    }

    /// Whether a browser can post a form there.
    pub fn takes_forms(&self) -> bool {
        self.uri.starts_with("https://") || self.uri.starts_with("http://")
    }

    /// The URI with parameters added to its query.
    pub fn with_query(&self, parameters: &[(&str, &str)]) -> String {
        let separator = if self.uri.contains('?') { '&' } else { '?' };
        format!("{}{separator}{}", self.uri, encoded(parameters))
    }

    /// The URI with parameters in its fragment; registered URIs have none of their own.
    pub fn with_fragment(&self, parameters: &[(&str, &str)]) -> String {
        format!("{}#{}", self.uri, encoded(parameters))
    }
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// Exact comparison of strings, except for the port of a loopback address, which a native client learns only when it
/// starts (RFC 8252 §7.3).
pub fn matches(registered: &str, asked: &str) -> bool {
    if registered == asked {
        return true;
    }
    match (loopback_parts(registered), loopback_parts(asked)) {
        (Some(known), Some(wanted)) => known == wanted,
        _ => false,
    }
}

/// A loopback URI without its port: host, and everything from the path on. `localhost` is a name and not exempt.
fn loopback_parts(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| authority.starts_with(host))?;
    let port = authority.strip_prefix(host)?;
    let digits = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
    (digits && !path.contains('#')).then_some((host, path))
}

/// Whether a client may register a URI; the text says why not. `secure`: the realm is served over HTTPS, so that only
/// native clients have a place on the device itself.
pub fn is_registrable(uri: &str, application: ApplicationType, secure: bool) -> Result<(), &'static str> {
    // A backslash is a slash to a browser, and none to others (WHATWG URL §4.4): two readers, two hosts.
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if uri.len() > 2000 || uri.contains('#') || !uri.bytes().all(plain) {
        return Err("a redirect URI has at most 2000 ASCII characters, no backslash and no fragment");
    }
    let url = Url::parse(uri).map_err(|_| "a redirect URI is an absolute URI")?;
    // `https:/host` and `https:host` are the same to a parser, and relative to a browser that is redirected.
    if matches!(url.scheme(), "http" | "https") && !uri.contains("://") {
        return Err("a redirect URI is an absolute URI");
    }
    // Also an empty one, of which the parser says nothing.
    let authority = uri.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
        return Err("a redirect URI has no user name");
    }
    let segments = url.path_segments().map(Iterator::count).unwrap_or_default();
    let written = uri
        .split(['?'])
        .next()
        .unwrap_or_default()
        .split('/')
        .skip(3)
        .count()
        .max(1);
    if url.has_host() && segments != written {
        return Err("a redirect URI has no dot segments");
    }
    let loopback = url.host().is_some_and(|host| is_loopback(&host));
    match (url.scheme(), application) {
        ("https", _) if url.has_host() => Ok(()),
        ("http", ApplicationType::Native) if loopback => Ok(()),
        ("http", ApplicationType::Web) if loopback && !secure => Ok(()),
        ("http", _) => Err("a redirect URI with http goes to a loopback address"),
        (scheme, ApplicationType::Native) if scheme.contains('.') => Ok(()),
        _ => Err("a redirect URI is https; native clients may have a private scheme such as jp.example.app"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_a_loopback_address_may_differ() {
        assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
        assert!(matches("http://[::1]:1/cb?x=1", "http://[::1]:2/cb?x=1"));
        for (registered, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb2"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?x=1"),
            ("http://127.0.0.1/cb", "http://127.0.0.2/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://localhost/cb", "http://localhost:1/cb"),
        ] {
            assert!(!matches(registered, asked), "{asked}");
        }
    }

    #[test]
    fn tricks_with_a_registered_uri_do_not_match() {
        let registered = "https://rp.example/cb";
        for asked in [
            "https://rp.example/cb/",
            "https://rp.example/cb?x",
            "https://rp.example/cb#x",
            "https://rp.example/%63b",
            "https://rp.example/a/../cb",
            "https://RP.example/cb",
            "https://rp.example:443/cb",
            "https://rp.example@evil.example/cb",
            "https://rp.example.evil.example/cb",
            "https://rp.example\\@evil.example/cb",
            "//rp.example/cb",
            "https://rp.example/cb\n",
            " https://rp.example/cb",
        ] {
            assert!(!matches(registered, asked), "{asked}");
        }
    }

    #[test]
    fn uris_that_cannot_be_trusted_are_not_registered() {
        for uri in [
            "http://rp.example/cb",
            "http://10.0.0.1/cb",
            "https://u:p@rp.example/cb",
            "https://rp.example/cb#f",
            "https://rp.example/a/../cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "/cb",
            "https://rp.example/\u{7d50}",
            "https://evil.example\\cb",
            "https://evil.example\\.rp.example/cb",
            "https://@rp.example/cb",
            "https://:@rp.example",
            "https://rp.example/%2e%2e/cb",
            "https://rp.example/a/%2E/cb",
        ] {
            assert!(is_registrable(uri, ApplicationType::Web, false).is_err(), "{uri}");
        }
        assert!(is_registrable("https:/rp.example/cb", ApplicationType::Web, false).is_err());
        assert!(is_registrable("http://127.0.0.1/cb", ApplicationType::Web, true).is_err());
        assert!(is_registrable("http://127.0.0.1/cb", ApplicationType::Native, true).is_ok());
        assert!(is_registrable("https://rp.example", ApplicationType::Web, false).is_ok());
        assert!(is_registrable("http://localhost:3000/cb", ApplicationType::Web, false).is_ok());
        assert!(is_registrable("jp.example.app:/cb", ApplicationType::Native, false).is_ok());
        assert!(is_registrable("jp.example.app:/cb", ApplicationType::Web, false).is_err());
        assert!(is_registrable("javascript:alert(1)", ApplicationType::Native, false).is_err());
    }
}
