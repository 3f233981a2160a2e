//! Whether a certificate is that of the subject that was registered (RFC 8705 §2.1.2).

use std::net::IpAddr;
use std::str::FromStr as _;

use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::chain::Chain;

/// Whose certificate is expected: one of the ways that RFC 8705 §2.1.2 knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// `tls_client_auth_subject_dn`: a distinguished name as RFC 4514 writes it.
    DistinguishedName(&'a str),
    /// `tls_client_auth_san_dns`.
    Dns(&'a str),
    /// `tls_client_auth_san_uri`.
    Uri(&'a str),
    /// `tls_client_auth_san_ip`.
    Ip(IpAddr),
    /// `tls_client_auth_san_email`.
    Email(&'a str),
}

/// Whether a text is a distinguished name as RFC 4514 writes it.
pub fn is_distinguished_name(text: &str) -> bool {
    text.len() <= 1000 && Name::from_str(text).is_ok_and(|name| !name.is_empty())
}

impl Subject<'_> {
    /// Whether the caller's own certificate names it.
    pub fn is_named_by(&self, chain: &Chain) -> bool {
        let Ok(certificate) = Certificate::from_der(chain.leaf()) else {
            return false;
        };
        let certificate = certificate.tbs_certificate();
        if let Self::DistinguishedName(wanted) = self {
            return Name::from_str(wanted).is_ok_and(|wanted| is_same_name(&wanted, certificate.subject()));
        }
        match certificate.get_extension::<SubjectAltName>() {
            Ok(Some((_, SubjectAltName(names)))) => names.iter().any(|name| self.is(name)),
            _ => false,
        }
    }

    fn is(&self, name: &GeneralName) -> bool {
        match (self, name) {
            // Names of hosts know no case (RFC 4343).
            (Self::Dns(wanted), GeneralName::DnsName(name)) => name.as_str().eq_ignore_ascii_case(wanted),
            (Self::Uri(wanted), GeneralName::UniformResourceIdentifier(name))
            | (Self::Email(wanted), GeneralName::Rfc822Name(name)) => name.as_str() == *wanted,
            (Self::Ip(IpAddr::V4(wanted)), GeneralName::IpAddress(name)) => {
                name.as_bytes() == wanted.octets()
            }
            (Self::Ip(IpAddr::V6(wanted)), GeneralName::IpAddress(name)) => {
                name.as_bytes() == wanted.octets()
            }
            _ => false,
        }
    }
}

/// distinguishedNameMatch (RFC 4517 §4.2.15): the same parts in the same order; in each the same attributes in any.
fn is_same_name(one: &Name, other: &Name) -> bool {
    !one.is_empty()
        && one.iter_rdn().count() == other.iter_rdn().count()
        && one
            .iter_rdn()
            .zip(other.iter_rdn())
            .all(|(one, other)| is_same_part(one, other))
}

fn is_same_part(one: &RelativeDistinguishedName, other: &RelativeDistinguishedName) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .all(|one| other.iter().any(|other| is_same_attribute(one, other)))
}

/// Texts are the same in whatever string type they are written, without regard to case and to how much white space there is
/// (RFC 5280 §7.1); anything else is the same byte by byte.
fn is_same_attribute(one: &AttributeTypeAndValue, other: &AttributeTypeAndValue) -> bool {
    if one.oid != other.oid {
        return false;
    }
    match (text(one), text(other)) {
        (Some(one), Some(other)) => folded(&one) == folded(&other),
        (None, None) => {
            matches!((one.value.to_der(), other.value.to_der()), (Ok(one), Ok(other)) if one == other)
        }
        _ => false,
    }
}

fn text(attribute: &AttributeTypeAndValue) -> Option<String> {
    let value = &attribute.value;
    if let Ok(text) = value.decode_as::<Utf8StringRef<'_>>() {
        return Some(text.as_str().to_owned());
    }
    if let Ok(text) = value.decode_as::<PrintableStringRef<'_>>() {
        return Some(text.as_str().to_owned());
    }
    if let Ok(text) = value.decode_as::<Ia5StringRef<'_>>() {
        return Some(text.as_str().to_owned());
    }
    let text = value.decode_as::<TeletexStringRef<'_>>().ok()?;
    Some(text.as_str().to_owned())
}

fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        is_same_name(&Name::from_str(one).unwrap(), &Name::from_str(other).unwrap())
    }

    #[test]
    fn a_name_is_the_same_in_whatever_case_and_order_within_a_part() {
        let name = "CN=Clinic Portal,OU=Front+O=Hospital,C=JP";
        for (other, is) in [
            (name, true),
            ("cn=clinic portal,o=hospital+ou=front,c=jp", true),
            ("CN=Clinic  Portal,OU=Front+O=Hospital,C=JP", true),
            ("CN=ClinicPortal,OU=Front+O=Hospital,C=JP", false),
            ("CN=Clinic Portal,OU=Front,O=Hospital,C=JP", false),
            ("C=JP,OU=Front+O=Hospital,CN=Clinic Portal", false),
            ("CN=Clinic Portal,OU=Front+O=Hospital", false),
            (
                "CN=Clinic Portal,CN=Clinic Portal,OU=Front+O=Hospital,C=JP",
                false,
            ),
            ("CN=Clinic Portal\\,OU=Front+O=Hospital,C=JP", false),
        ] {
            assert_eq!(same(name, other), is, "{other}");
        }
    }

    #[test]
    fn a_text_that_is_no_name_is_told_apart() {
        for (text, is) in [
            ("CN=Clinic", true),
            ("", false),
            ("Clinic", false),
            ("CN=", true),
            ("NO_SUCH_TYPE=x", false),
        ] {
            assert_eq!(is_distinguished_name(text), is, "{text}");
        }
    }
}
