//! Who is calling, and which host they asked for. Forwarding headers are believed only from configured proxies.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::{HOST, HeaderMap};
use ipnet::IpNet;

/// The networks whose forwarding headers are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// From the configuration.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    fn contain(&self, address: IpAddr) -> bool {
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

impl Origin {
    /// From the connection's peer and the request's headers. `authority` is that of an absolute request target.
    pub fn of(
        peer: SocketAddr,
        headers: &HeaderMap,
        authority: Option<&str>,
        proxies: &TrustedProxies,
    ) -> Self {
        let direct = single(headers, HOST.as_str()).or(authority);
        if !proxies.contain(peer.ip()) {
            return Self {
                address: peer.ip().to_canonical(),
                host: direct.map(str::to_ascii_lowercase),
            };
        }
        let host = single(headers, "x-forwarded-host").or(direct);
        Self {
            address: forwarded_for(headers, proxies)
                .unwrap_or(peer.ip())
                .to_canonical(),
            host: host.map(str::to_ascii_lowercase),
        }
    }
}

/// A header that is there exactly once.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() {
        None
    } else {
        first.to_str().ok()
    }
}

/// Proxies append to the list, so it is read from its end: what a caller wrote itself stands before what we trust.
fn forwarded_for(headers: &HeaderMap, proxies: &TrustedProxies) -> Option<IpAddr> {
    let text: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let list = text.join(",");
    let mut nearest = None;
    for part in list.rsplit(',') {
        let address: IpAddr = part.trim().parse().ok()?;
        nearest = Some(address);
        if !proxies.contain(address) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

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
        let origin = Origin::of("192.0.2.1:5".parse().unwrap(), &sent, None, &proxies);
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
        let origin = Origin::of("10.0.0.2:5".parse().unwrap(), &sent, None, &proxies);
        assert_eq!(origin.address, "203.0.113.9".parse::<IpAddr>().unwrap());
        assert_eq!(origin.host.as_deref(), Some("hub.example"));
    }

    #[test]
    fn two_host_headers_name_no_host() {
        let sent = headers(&[("host", "a"), ("host", "b")]);
        assert_eq!(
            Origin::of(
                "192.0.2.1:5".parse().unwrap(),
                &sent,
                None,
                &TrustedProxies::default()
            )
            .host,
            None
        );
    }
}
