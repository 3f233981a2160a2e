//! A client's certificate in a header of a trusted proxy: RFC 9440, or PEM as nginx (`$ssl_client_escaped_cert`) and Apache
//! (`SSL_CLIENT_CERT`) write it into a header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;

use super::chain::{Chain, MalformedCertificate};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// The longest value.
const LONGEST: usize = 48 * 1024;

/// The certificate in the value of a header.
pub fn from_header(value: &str) -> Result<Chain, MalformedCertificate> {
    if value.len() > LONGEST {
        return Err(MalformedCertificate);
    }
    let value = value.trim();
    let base64 = match value.strip_prefix(':') {
        // A byte sequence (RFC 9440 §2.1, RFC 8941 §3.3.5).
        Some(rest) => rest.strip_suffix(':').ok_or(MalformedCertificate)?.to_owned(),
        None => body_of_pem(value).ok_or(MalformedCertificate)?,
    };
    let der = STANDARD.decode(base64).map_err(|_| MalformedCertificate)?;
    Chain::new(vec![CertificateDer::from(der)])
}

/// What stands between the lines of a PEM file whose line breaks may have become spaces or percent escapes.
fn body_of_pem(value: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
            let [Some(high), Some(low)] = digits else {
                return None;
            };
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    let text = String::from_utf8(decoded).ok()?;
    let body = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    Some(body.chars().filter(|letter| !letter.is_whitespace()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused_however_it_is_wrapped() {
        let long = format!(":{}:", "A".repeat(50_000));
        for value in [
            "",
            ":",
            "::",
            ":AAAA",
            ":AAAA:",
            "AAAA",
            "-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0AAAAA%0A-----END%20CERTIFICATE-----%0A",
            "-----BEGIN CERTIFICATE-----%",
            &long,
        ] {
            assert_eq!(from_header(value), Err(MalformedCertificate), "{value}");
        }
    }
}
