//! Asking one server over UDP (RFC 5905 §9): name, socket, time-out. What the answer is worth is `packet`'s decision.
//!
//! Each poll has a socket of its own: a fresh source port, connected, so that the kernel drops what comes from
//! another address, and a refusal (ICMP) is noticed at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::filter::Sample;
use super::packet::{Exchange, Rejected, Request};
use super::tick::Tick;

/// How long an answer is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the name service is waited for.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// The port of NTP (RFC 5905 §7.2).
const NTP_PORT: u16 = 123;

/// Why a poll gave no sample.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The name leads nowhere.
    #[error("the name does not resolve: {0}")]
    Unresolved(#[source] std::io::Error),
    /// The name leads only to addresses that other servers of the configuration have.
    #[error("another configured server has the same address")]
    Duplicate,
    /// The network refused.
    #[error("the network says: {0}")]
    Network(#[source] std::io::Error),
    /// Nothing came within two seconds.
    #[error("no answer within two seconds")]
    Silent,
    /// Only packets that do not answer our request came within two seconds.
    #[error("no answer within two seconds, but a packet: {0}")]
    Impostor(#[source] Rejected),
    /// The answer is not usable.
    #[error("{0}")]
    Rejected(#[source] Rejected),
}

/// `host[:port]` taken apart; a bare IPv6 address needs no brackets unless a port follows.
pub(super) fn host_and_port(server: &str) -> Option<(&str, u16)> {
    if server.parse::<Ipv6Addr>().is_ok() {
        return Some((server, NTP_PORT));
    }
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (server, NTP_PORT),
    };
    let host = match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .filter(|address| address.parse::<Ipv6Addr>().is_ok())?,
        None => host,
    };
    let plausible = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '[');
    let colons_only_in_brackets = !host.contains(':') || server.starts_with('[');
    (plausible && colons_only_in_brackets).then_some((host, port))
}

/// The addresses that a configured server's name leads to.
pub(super) async fn resolve(server: &str) -> Result<Vec<SocketAddr>, Failure> {
    let invalid = || std::io::Error::new(std::io::ErrorKind::InvalidInput, "not host[:port]");
    let (host, port) = host_and_port(server).ok_or_else(|| Failure::Unresolved(invalid()))?;
    let found = timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| Failure::Unresolved(std::io::ErrorKind::TimedOut.into()))?
        .map_err(Failure::Unresolved)?;
    Ok(found.collect())
}

/// One exchange with `address`. `shown` tells what the clock shows at a tick.
pub(super) async fn ask(
    address: SocketAddr,
    tick: &Tick,
    shown: impl Fn(i64) -> i64,
) -> Result<Sample, Failure> {
    let local: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((local, 0)).await.map_err(Failure::Network)?;
    socket.connect(address).await.map_err(Failure::Network)?;
    let request = Request::new();
    let octets = request.encode().map_err(Failure::Network)?;
    let sent = tick.read();
    socket.send(&octets).await.map_err(Failure::Network)?;
    let mut impostor = None;
    let listening = listen(&socket, &request, tick, (sent, shown(sent)), &mut impostor);
    match timeout(ANSWER_TIMEOUT, listening).await {
        Ok(answered) => answered,
        Err(_) => Err(impostor.map_or(Failure::Silent, Failure::Impostor)),
    }
}

/// Waits for the packet that answers `request`, past all that do not.
async fn listen(
    socket: &UdpSocket,
    request: &Request,
    tick: &Tick,
    (sent, shown): (i64, i64),
    impostor: &mut Option<Rejected>,
) -> Result<Sample, Failure> {
    let mut buffer = [0; 1024];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(Failure::Network)?;
        let received = tick.read();
        let octets = buffer.get(..length).unwrap_or_default();
        match request.examine(
            octets,
            Exchange {
                sent,
                received,
                shown,
            },
        ) {
            Ok(sample) => return Ok(sample),
            Err(stray @ Rejected::Stray(_)) => *impostor = Some(stray),
            Err(rejected) => return Err(Failure::Rejected(rejected)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_perhaps_a_port() {
        assert_eq!(host_and_port("ntp.example"), Some(("ntp.example", 123)));
        assert_eq!(host_and_port("ntp.example:1123"), Some(("ntp.example", 1123)));
        assert_eq!(host_and_port("192.0.2.1:1123"), Some(("192.0.2.1", 1123)));
        assert_eq!(host_and_port("2001:db8::1"), Some(("2001:db8::1", 123)));
        assert_eq!(host_and_port("[2001:db8::1]:1123"), Some(("2001:db8::1", 1123)));
    }

    #[test]
    fn what_is_not_a_host_with_a_port_is_not_understood() {
        for wrong in [
            "",
            ":123",
            "ntp.example:",
            "ntp.example:0",
            "ntp.example:70000",
            "a b",
            "ntp://x",
            "[x]:1",
            "[::1",
        ] {
            assert_eq!(host_and_port(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn an_answer_from_another_address_is_not_even_seen() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (tick, anchor) = Tick::start();
        let answering = async {
            let mut request = [0; 48];
            let (_, client) = server.recv_from(&mut request).await.unwrap();
            other.send_to(&answer_to(&request, 3), client).await.unwrap();
            server.send_to(&answer_to(&request, 4), client).await.unwrap();
        };
        let (sample, ()) = tokio::join!(ask(address, &tick, |at| at + anchor), answering);
        assert_eq!(sample.unwrap().stratum, 4);
    }

    #[tokio::test]
    async fn a_forged_answer_does_not_keep_the_real_one_from_being_heard() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let (tick, anchor) = Tick::start();
        let answering = async {
            let mut request = [0; 48];
            let (_, client) = server.recv_from(&mut request).await.unwrap();
            let mut forged = answer_to(&request, 3);
            forged[24] ^= 1;
            server.send_to(&forged, client).await.unwrap();
            server.send_to(&answer_to(&request, 5), client).await.unwrap();
        };
        let (sample, ()) = tokio::join!(ask(address, &tick, |at| at + anchor), answering);
        assert_eq!(sample.unwrap().stratum, 5);
    }

    #[tokio::test]
    async fn a_closed_port_is_an_error_at_once_and_not_after_the_time_out() {
        let closed = std::net::UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let (tick, anchor) = Tick::start();
        assert!(matches!(
            ask(closed, &tick, |at| at + anchor).await,
            Err(Failure::Network(_))
        ));
    }

    /// An answer from a server at the given stratum in the year 2026.
    fn answer_to(request: &[u8; 48], stratum: u8) -> [u8; 48] {
        let mut octets = [0; 48];
        octets[0] = 4 << 3 | 4;
        octets[1] = stratum;
        octets[3] = 0xE8;
        octets[24..32].copy_from_slice(&request[40..48]);
        for start in [32, 40] {
            octets[start..start + 4].copy_from_slice(&3_986_000_000_u32.to_be_bytes());
        }
        octets
    }
}
