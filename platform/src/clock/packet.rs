//! One exchange with one server (RFC 5905 §7.3, §8, §9.2): the request, and what makes an answer acceptable. Pure.
//!
//! Packets are ntp-proto's. The request carries a random transmit timestamp instead of our time, so that an answer
//! cannot be guessed by somebody who does not see the request, and our clock is nobody's business.

use std::io::Cursor;
use std::time::Duration;

use ntp_proto::{
    NoCipher, NtpAssociationMode, NtpDuration, NtpLeapIndicator, NtpPacket, NtpTimestamp, NtpVersion,
    PollInterval,
};

use super::filter::{Sample, drift};
use super::tick::nanos;

/// From the NTP era 0 (1900) to the Unix epoch, in seconds (RFC 5905 §6).
const UNIX_EPOCH: i64 = 2_208_988_800;
/// A server whose interval is wider than this on either side says too little (MAXDIST of RFC 5905 §11.1 is 1 s).
const MAX_DISTANCE: i64 = 1_500_000_000;
/// What our own reading of the tick may be off by; also covers the rounding of NTP's fractions.
const PRECISION: i64 = 1_000;
/// By how much a server may claim to have held a request longer than the whole exchange took.
const HELD_TOLERANCE: i64 = 1_000_000;

/// Why an answer is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rejected {
    /// Not an answer to our request: wait for the real one.
    #[error("it does not answer our request ({0})")]
    Stray(&'static str),
    /// Kiss code RATE (RFC 5905 §7.4).
    #[error("the server asks to be polled more seldom")]
    Rate,
    /// Kiss code DENY or RSTR (RFC 5905 §7.4).
    #[error("the server refuses to serve us")]
    Denied,
    /// Stratum 0 with another kiss code or none.
    #[error("the server sent a kiss code")]
    Kiss,
    /// Leap indicator 3, or stratum 16 and more (RFC 5905 §7.3).
    #[error("the server is not synchronised itself")]
    Unsynchronised,
    /// Timestamps that contradict each other.
    #[error("the server's timestamps are impossible")]
    Impossible,
    /// The root distance is above 1.5 s.
    #[error("the server is too far from its reference clock to be of use")]
    Distance,
}

/// When a request left and its answer came, by the tick, and what our clock showed when it left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    /// Tick at sending.
    pub(super) sent: i64,
    /// Tick at receiving.
    pub(super) received: i64,
    /// Displayed time at sending, nanoseconds since the Unix epoch: picks the NTP era (RFC 5905 §6), nothing else.
    pub(super) shown: i64,
}

/// A request on its way.
pub(super) struct Request {
    packet: NtpPacket<'static>,
    /// Whether an answer carries our identifier as its origin timestamp; ntp-proto does not name the identifier's type.
    answered_by: Box<dyn Fn(&NtpPacket<'_>) -> bool + Send + Sync>,
}

impl Request {
    /// A client request with a fresh random identifier.
    pub(super) fn new() -> Self {
        let (packet, identifier) = NtpPacket::poll_message(PollInterval::default());
        let answered_by =
            Box::new(move |answer: &NtpPacket<'_>| answer.valid_server_response(identifier, false));
        Self { packet, answered_by }
    }

    /// The 48 octets to send.
    pub(super) fn encode(&self) -> std::io::Result<[u8; 48]> {
        let mut octets = [0; 48];
        self.packet
            .serialize(&mut Cursor::new(octets.as_mut_slice()), &NoCipher, None)?;
        Ok(octets)
    }

    /// Judges an answer.
    pub(super) fn examine(&self, octets: &[u8], exchange: Exchange) -> Result<Sample, Rejected> {
        let (answer, _) =
            NtpPacket::deserialize(octets, &NoCipher).map_err(|_| Rejected::Stray("not an NTP packet"))?;
        self.check_addressee(&answer)?;
        check_server(&answer)?;
        let sample = measure(&answer, exchange)?;
        if sample.root_distance() > MAX_DISTANCE {
            return Err(Rejected::Distance);
        }
        Ok(sample)
    }

    fn check_addressee(&self, answer: &NtpPacket<'_>) -> Result<(), Rejected> {
        if answer.version() != NtpVersion::V4 {
            return Err(Rejected::Stray("another version"));
        }
        if answer.mode() != NtpAssociationMode::Server {
            return Err(Rejected::Stray("not in server mode"));
        }
        if !(self.answered_by)(answer) {
            return Err(Rejected::Stray("another origin timestamp"));
        }
        Ok(())
    }
}

fn check_server(answer: &NtpPacket<'_>) -> Result<(), Rejected> {
    if answer.is_kiss_rate(PollInterval::default()) {
        return Err(Rejected::Rate);
    }
    if answer.is_kiss_deny() || answer.is_kiss_rstr() {
        return Err(Rejected::Denied);
    }
    // A server that waits for its own servers sends stratum 0 and leap indicator 3; that is no kiss code.
    if answer.stratum() >= 16
        || matches!(
            answer.leap(),
            NtpLeapIndicator::Unsynchronized | NtpLeapIndicator::Unknown
        )
    {
        return Err(Rejected::Unsynchronised);
    }
    if answer.is_kiss() {
        return Err(Rejected::Kiss);
    }
    Ok(())
}

/// Offset and delay (RFC 5905 §8), against the tick.
fn measure(answer: &NtpPacket<'_>, exchange: Exchange) -> Result<Sample, Rejected> {
    if answer.transmit_timestamp() == NtpTimestamp::default()
        || answer.receive_timestamp() == NtpTimestamp::default()
    {
        return Err(Rejected::Impossible);
    }
    let base = timestamp(exchange.shown);
    let arrived = exchange
        .shown
        .saturating_add(between(answer.receive_timestamp() - base));
    let held = between(answer.transmit_timestamp() - answer.receive_timestamp());
    let elapsed = exchange.received.saturating_sub(exchange.sent);
    if held < 0 || held > elapsed.saturating_add(HELD_TOLERANCE) {
        return Err(Rejected::Impossible);
    }
    let there = arrived.saturating_sub(exchange.sent);
    let back = arrived.saturating_add(held).saturating_sub(exchange.received);
    let server_precision = 2_f64.powi(i32::from(answer.precision().min(2)));
    Ok(Sample {
        tick: exchange.received,
        offset: there.midpoint(back),
        delay: elapsed.saturating_sub(held).max(0),
        root_delay: between(answer.root_delay()),
        dispersion: between(answer.root_dispersion())
            .saturating_add(seconds(server_precision))
            .saturating_add(PRECISION)
            .saturating_add(drift(elapsed)),
        stratum: answer.stratum(),
    })
}

/// The NTP timestamp of a time in nanoseconds since the Unix epoch, in whichever era.
fn timestamp(unix: i64) -> NtpTimestamp {
    let since_1900 = unix.div_euclid(1_000_000_000).saturating_add(UNIX_EPOCH);
    let in_era = u32::try_from(since_1900.rem_euclid(1 << 32)).unwrap_or(0);
    let fraction = u32::try_from(unix.rem_euclid(1_000_000_000)).unwrap_or(0);
    NtpTimestamp::from_seconds_nanos_since_ntp_era(in_era, fraction)
}

/// Nanoseconds of an NTP duration.
///
/// ntp-proto 1.9.0 divides by 2³² − 1 where a second has 2³² fractions; that is 0.4 s in the 56 years of a machine
/// that wakes up in 1970, so it is undone here.
fn between(duration: NtpDuration) -> i64 {
    seconds(duration.to_seconds() * (f64::from(u32::MAX) / 4_294_967_296.0))
}

fn seconds(value: f64) -> i64 {
    let magnitude = nanos(Duration::try_from_secs_f64(value.abs()).unwrap_or(Duration::MAX));
    if value < 0.0 {
        magnitude.saturating_neg()
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const NOW: i64 = 1_790_000_000 * SECOND;

    /// The 64-bit NTP timestamp of a time in nanoseconds since the Unix epoch, by integer arithmetic.
    fn wire(unix: i64) -> [u8; 8] {
        let since_1900 = i128::from(unix) + i128::from(UNIX_EPOCH) * i128::from(SECOND);
        let bits = since_1900.rem_euclid((1 << 32) * i128::from(SECOND)) * (1 << 32) / i128::from(SECOND);
        u64::try_from(bits).unwrap().to_be_bytes()
    }

    /// An answer to `request` from a server that received it and answered at the given times.
    fn answer(request: &Request, receive: i64, transmit: i64) -> [u8; 48] {
        let mut octets = [0; 48];
        octets[0] = 4 << 3 | 4;
        octets[1] = 3;
        octets[3] = 0xE8; // precision 2^-24 s
        octets[24..32].copy_from_slice(&request.encode().unwrap()[40..48]);
        octets[32..40].copy_from_slice(&wire(receive));
        octets[40..48].copy_from_slice(&wire(transmit));
        octets
    }

    fn exchange() -> Exchange {
        Exchange {
            sent: 0,
            received: 10_000_000,
            shown: NOW,
        }
    }

    fn judge(change: impl FnOnce(&mut [u8; 48])) -> Result<Sample, Rejected> {
        let request = Request::new();
        let mut octets = answer(&request, NOW + 5_000_000, NOW + 5_000_000);
        change(&mut octets);
        request.examine(&octets, exchange())
    }

    #[test]
    fn a_request_is_a_version_4_client_packet_that_does_not_tell_our_time() {
        let octets = Request::new().encode().unwrap();
        assert_eq!(octets[0], 4 << 3 | 3);
        assert_eq!(&octets[1..40], &{
            let mut rest = [0; 39];
            rest[1..3].copy_from_slice(&octets[2..4]);
            rest
        });
        assert_ne!(octets[40..48], Request::new().encode().unwrap()[40..48]);
    }

    #[test]
    fn offset_and_delay_are_those_of_the_specification() {
        let request = Request::new();
        // 2 ms there, 1 ms held, 7 ms back; the server is 3 s ahead.
        let octets = answer(
            &request,
            NOW + 3 * SECOND + 2_000_000,
            NOW + 3 * SECOND + 3_000_000,
        );
        let sample = request.examine(&octets, exchange()).unwrap();
        assert!((sample.offset - (NOW + 3 * SECOND - 2_500_000)).abs() < 1_000);
        assert!((sample.delay - 9_000_000).abs() < 1_000);
        assert_eq!((sample.tick, sample.stratum), (10_000_000, 3));
    }

    #[test]
    fn root_delay_counts_half_and_root_dispersion_whole() {
        let plain = judge(|_| {}).unwrap().root_distance();
        let farther = judge(|octets| {
            octets[4..8].copy_from_slice(&0x0000_8000_u32.to_be_bytes()); // half a second
            octets[8..12].copy_from_slice(&0x0000_4000_u32.to_be_bytes()); // a quarter
        });
        assert!((farther.unwrap().root_distance() - plain - SECOND / 2).abs() < 1_000);
    }

    #[test]
    fn a_server_decades_ahead_is_measured_to_the_microsecond() {
        let request = Request::new();
        let octets = answer(&request, NOW + 5_000_000, NOW + 5_000_000);
        let in_1970 = Exchange {
            shown: 0,
            ..exchange()
        };
        assert!((request.examine(&octets, in_1970).unwrap().offset - NOW).abs() < 1_000);
    }

    #[test]
    fn the_next_era_of_2036_is_understood_from_both_sides() {
        let turn = ((1_i64 << 32) - UNIX_EPOCH) * SECOND;
        for server in [turn - SECOND, turn + SECOND] {
            let request = Request::new();
            let octets = answer(&request, server, server);
            let exchange = Exchange {
                shown: turn,
                ..exchange()
            };
            assert!((request.examine(&octets, exchange).unwrap().offset - server + 5_000_000).abs() < 1_000);
        }
    }

    #[test]
    fn an_answer_with_another_origin_timestamp_is_stray() {
        assert!(matches!(judge(|octets| octets[31] ^= 1), Err(Rejected::Stray(_))));
        assert!(matches!(
            judge(|octets| octets[24..32].fill(0)),
            Err(Rejected::Stray(_))
        ));
    }

    #[test]
    fn an_answer_in_any_mode_but_server_is_stray() {
        for mode in [0, 1, 2, 3, 5, 6, 7] {
            assert!(
                matches!(judge(|octets| octets[0] = 4 << 3 | mode), Err(Rejected::Stray(_))),
                "{mode}"
            );
        }
    }

    #[test]
    fn an_answer_in_another_version_is_stray() {
        for version in [0, 1, 2, 3, 5, 6, 7] {
            let judged = judge(|octets| octets[0] = version << 3 | 4);
            assert!(matches!(judged, Err(Rejected::Stray(_))), "{version}");
        }
    }

    #[test]
    fn kiss_codes_are_told_apart() {
        for (code, expected) in [
            (b"RATE", Rejected::Rate),
            (b"DENY", Rejected::Denied),
            (b"RSTR", Rejected::Denied),
            (b"INIT", Rejected::Kiss),
        ] {
            let judged = judge(|octets| {
                octets[1] = 0;
                octets[12..16].copy_from_slice(code);
            });
            assert_eq!(judged, Err(expected));
        }
    }

    #[test]
    fn a_forged_kiss_without_our_origin_timestamp_is_stray() {
        let judged = judge(|octets| {
            octets[1] = 0;
            octets[12..16].copy_from_slice(b"DENY");
            octets[31] ^= 1;
        });
        assert!(matches!(judged, Err(Rejected::Stray(_))));
    }

    #[test]
    fn an_unsynchronised_server_is_refused_by_leap_indicator_and_by_stratum() {
        assert_eq!(judge(|octets| octets[0] |= 3 << 6), Err(Rejected::Unsynchronised));
        assert_eq!(judge(|octets| octets[1] = 16), Err(Rejected::Unsynchronised));
        assert_eq!(judge(|octets| octets[1] = 255), Err(Rejected::Unsynchronised));
        assert_eq!(
            judge(|octets| octets[..2].copy_from_slice(&[3 << 6 | 4 << 3 | 4, 0])),
            Err(Rejected::Unsynchronised)
        );
        assert!(judge(|octets| octets[0] |= 1 << 6).is_ok());
    }

    #[test]
    fn a_server_far_from_its_reference_is_refused() {
        let judged = judge(|octets| octets[8..12].copy_from_slice(&0x0001_8000_u32.to_be_bytes()));
        assert_eq!(judged, Err(Rejected::Distance));
        let judged = judge(|octets| octets[4..12].fill(0xFF));
        assert_eq!(judged, Err(Rejected::Distance));
        let judged = judge(|octets| octets[3] = 0x7F);
        assert_eq!(judged, Err(Rejected::Distance));
    }

    #[test]
    fn timestamps_that_contradict_the_exchange_are_refused() {
        let request = Request::new();
        for (receive, transmit) in [(NOW + 5_000_000, NOW + 4_000_000), (NOW, NOW + SECOND)] {
            let octets = answer(&request, receive, transmit);
            assert_eq!(request.examine(&octets, exchange()), Err(Rejected::Impossible));
        }
        assert_eq!(judge(|octets| octets[40..48].fill(0)), Err(Rejected::Impossible));
        assert_eq!(judge(|octets| octets[32..40].fill(0)), Err(Rejected::Impossible));
    }

    #[test]
    fn a_short_packet_is_stray() {
        let request = Request::new();
        let octets = answer(&request, NOW, NOW);
        for length in 0..48 {
            let judged = request.examine(&octets[..length], exchange());
            assert!(matches!(judged, Err(Rejected::Stray(_))), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_whatever_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Request::new().examine(&octets, exchange());
        }

        #[test]
        fn no_answer_to_our_request_makes_it_panic(noise in proptest::array::uniform24(any::<u8>()), tail in any::<u128>()) {
            let _ = judge(|octets| {
                octets[..24].copy_from_slice(&noise);
                octets[32..48].copy_from_slice(&tail.to_be_bytes());
            });
        }

        #[test]
        fn the_truth_is_inside_the_interval_however_unsymmetrical_the_way(
            there in 0_i64..SECOND, held in 0_i64..SECOND, back in 0_i64..SECOND, ahead in -3_600 * SECOND..3_600 * SECOND,
        ) {
            let request = Request::new();
            let octets = answer(&request, NOW + ahead + there, NOW + ahead + there + held);
            let exchange = Exchange { sent: 77, received: 77 + there + held + back, shown: NOW };
            let sample = request.examine(&octets, exchange).unwrap();
            prop_assert!((sample.offset - (NOW + ahead - 77)).abs() <= sample.root_distance());
        }
    }
}
