//! Which addresses belong to the public internet (IANA's registries of special-purpose addresses, RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// To somebody on the public internet.
    Public,
    /// To this machine.
    Loopback,
    /// To a network of ours, to nobody, or to many.
    Inside,
}

/// IPv4 networks that are nobody's on the public internet.
const INSIDE_V4: [Ipv4Net; 14] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// The only part of IPv6 that is given out to the public internet (RFC 4291 §2.4).
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// What in it is not: protocol assignments with Teredo, benchmarks and ORCHID; documentation; 6to4.
const INSIDE_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x2002, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0], 20),
];

/// IPv4 by way of a translator (RFC 6052 §2.1): as good as the address in it.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6([a, b, c, d]: [u16; 4], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), bits)
}

/// The address that is meant: an IPv4 address in IPv6 clothes (mapped, or for a translator) is the IPv4 address.
pub(super) fn meant(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if NAT64.contains(&v6) => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        other => other,
    }
}

/// Where `address` leads.
pub(super) fn place(address: IpAddr) -> Place {
    match address.to_canonical() {
        IpAddr::V4(v4) if v4.is_loopback() => Place::Loopback,
        IpAddr::V6(v6) if v6.is_loopback() => Place::Loopback,
        // A translator that reaches its own loopback is a machine of ours, and not this one.
        IpAddr::V6(v6) if NAT64.contains(&v6) => match place(meant(address)) {
            Place::Public => Place::Public,
            Place::Loopback | Place::Inside => Place::Inside,
        },
        IpAddr::V4(v4) if INSIDE_V4.iter().any(|net| net.contains(&v4)) => Place::Inside,
        IpAddr::V6(v6) if !GLOBAL_V6.contains(&v6) || INSIDE_V6.iter().any(|net| net.contains(&v6)) => {
            Place::Inside
        }
        IpAddr::V4(_) | IpAddr::V6(_) => Place::Public,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Place {
        place(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_the_public_internet_are_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2400:cb00::1",
            "2606:4700:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert_eq!(of(text), Place::Public, "{text}");
        }
    }

    #[test]
    fn this_machine_is_loopback_under_each_of_its_names() {
        for text in [
            "127.0.0.1",
            "127.255.255.255",
            "127.1.2.3",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(of(text), Place::Loopback, "{text}");
        }
    }

    #[test]
    fn addresses_that_lead_inside_to_nobody_or_to_many_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::7f00:1",
            "::10.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert_eq!(of(text), Place::Inside, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_ipv4_address_in_ipv6_clothes_leads_no_further_than_itself(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let plain = place(IpAddr::V4(v4));
            prop_assert_eq!(place(IpAddr::V6(v4.to_ipv6_mapped())), plain);
            let [a, b, c, d] = v4.octets();
            let translated = Ipv6Addr::from([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]);
            prop_assert_eq!(place(IpAddr::V6(translated)) == Place::Public, plain == Place::Public);
            prop_assert_eq!(meant(IpAddr::V6(translated)), IpAddr::V4(v4));
        }

        #[test]
        fn what_the_standard_library_knows_as_special_is_never_public(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified();
            prop_assert!(!(special && place(IpAddr::V4(v4)) == Place::Public));
        }
    }
}
