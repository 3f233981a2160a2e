//! Who is calling, and which host they asked for. Forwarding headers are believed only from configured proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderValue};
use ipnet::IpNet;

/// The networks whose forwarding headers are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// From the configuration.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether an address is one of theirs.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    }
}

/// The origin of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The caller's address: the last one in `X-Forwarded-For` that no trusted proxy has.
    pub address: IpAddr,
    /// The host that was asked for, lower case, with its port if one was given. It is only ever looked up, never echoed.
    pub host: Option<String>,
}

/// The request names more than one host, or one that is not text (RFC 9112 §3.2: to be answered with 400).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request does not name one host")]
pub struct AmbiguousHost;

impl Origin {
    /// The network that limits count by: an IPv4 address, or the /64 of an IPv6 address, which is one subscriber.
    pub fn network(&self) -> String {
        match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                format!("{first:x}:{second:x}:{third:x}:{fourth:x}::/64")
            }
        }
    }

    /// From the connection's peer and the request's headers. `authority` is that of an absolute request target, which
    /// stands before `Host` (RFC 9112 §3.2.2).
    pub fn of(
        peer: SocketAddr,
        headers: &HeaderMap,
        authority: Option<&str>,
        proxies: &TrustedProxies,
    ) -> Result<Self, AmbiguousHost> {
        let named = single(headers, HOST.as_str())?;
        let direct = authority.or(named);
        if !proxies.contain(peer.ip()) {
            return Ok(Self {
                address: peer.ip().to_canonical(),
                host: direct.map(str::to_ascii_lowercase),
            });
        }
        let host = single(headers, "x-forwarded-host")?.or(direct);
        Ok(Self {
            address: forwarded_for(headers, proxies)
                .unwrap_or(peer.ip())
                .to_canonical(),
            host: host.map(str::to_ascii_lowercase),
        })
    }
}

/// A header that is there at most once.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, AmbiguousHost> {
    let mut all = headers.get_all(name).iter();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    if all.next().is_some() {
        return Err(AmbiguousHost);
    }
    first.to_str().map(Some).map_err(|_| AmbiguousHost)
}

/// Proxies append to the list, so it is read from its end, and no further than what we trust: what a caller wrote itself
/// stands before that, and neither hides nor changes it.
fn forwarded_for(headers: &HeaderMap, proxies: &TrustedProxies) -> Option<IpAddr> {
    let lines: Vec<&[u8]> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let mut nearest = None;
    let parts = lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(|byte| *byte == b','));
    for part in parts {
        let text = std::str::from_utf8(part).ok();
        let Some(address) = text.and_then(|text| text.trim().parse::<IpAddr>().ok()) else {
            break;
        };
        nearest = Some(address);
        if !proxies.contain(address) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn forwarding_headers_of_a_stranger_change_nothing() {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let sent = headers(&[
            ("host", "Hub.Example"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "evil.example"),
        ]);
        let origin = Origin::of("192.0.2.1:5".parse().unwrap(), &sent, None, &proxies).unwrap();
        assert_eq!(
            origin,
            Origin {
                address: "192.0.2.1".parse().unwrap(),
                host: Some("hub.example".to_owned())
            }
        );
    }

    #[test]
    fn behind_a_trusted_proxy_what_the_caller_wrote_itself_is_not_believed() {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        let sent = headers(&[
            ("host", "inside"),
            ("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.1.1.1"),
            ("x-forwarded-host", "hub.example"),
        ]);
        let origin = Origin::of("10.0.0.2:5".parse().unwrap(), &sent, None, &proxies).unwrap();
        assert_eq!(origin.address, "203.0.113.9".parse::<IpAddr>().unwrap());
        assert_eq!(origin.host.as_deref(), Some("hub.example"));
    }

    #[test]
    fn what_the_caller_wrote_before_does_not_hide_the_address_that_a_trusted_proxy_appended() {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap()]);
        for written in [
            "\u{e9}, 203.0.113.9",
            "unknown, 203.0.113.9, 10.1.1.1",
            ",203.0.113.9",
        ] {
            let mut sent = headers(&[("host", "hub.example")]);
            sent.append(
                "x-forwarded-for",
                HeaderValue::from_bytes(written.as_bytes()).unwrap(),
            );
            let origin = Origin::of("10.0.0.2:5".parse().unwrap(), &sent, None, &proxies).unwrap();
            assert_eq!(
                origin.address,
                "203.0.113.9".parse::<IpAddr>().unwrap(),
                "{written}"
            );
        }
        let sent = headers(&[
            ("host", "hub.example"),
            ("x-forwarded-for", "6.6.6.6, what, 10.1.1.1"),
        ]);
        let origin = Origin::of("10.0.0.2:5".parse().unwrap(), &sent, None, &proxies).unwrap();
        assert_eq!(
            origin.address,
            "10.1.1.1".parse::<IpAddr>().unwrap(),
            "nothing from behind what cannot be read"
        );
    }

    #[test]
    fn two_host_headers_or_one_that_is_no_text_are_refused() {
        let mut foreign = HeaderMap::new();
        foreign.append("host", HeaderValue::from_bytes(b"h\xe9").unwrap());
        for sent in [headers(&[("host", "a"), ("host", "b")]), foreign] {
            let origin = Origin::of(
                "192.0.2.1:5".parse().unwrap(),
                &sent,
                None,
                &TrustedProxies::default(),
            );
            assert_eq!(origin, Err(AmbiguousHost));
        }
    }

    #[test]
    fn whoever_has_a_whole_network_of_ipv6_counts_once() {
        let network = |address: &str| {
            let (address, host) = (address.parse().unwrap(), None);
            Origin { address, host }.network()
        };
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::9"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn an_absolute_target_stands_before_the_host_header() {
        let sent = headers(&[("host", "evil.example")]);
        let origin = Origin::of(
            "192.0.2.1:5".parse().unwrap(),
            &sent,
            Some("Hub.Example"),
            &TrustedProxies::default(),
        );
        assert_eq!(origin.unwrap().host.as_deref(), Some("hub.example"));
    }
}
