//! Public key material: its thumbprint (RFC 7638), its JWK members (RFC 7517, 7518 §6, 8037 §2), its parsed form.
//!
//! Invariant: a value exists only if the material is of a kind, a size and a form that the house accepts.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::algorithm::SigningAlgorithm;
use crate::encoding::{base64url, hex};

/// RSA moduli below this many bits are refused (RFC 7518 §3.3).
const MIN_RSA_BITS: usize = 2048;
/// RSA moduli above this many bits are refused: verifying them costs a stranger nothing and us much.
const MAX_RSA_BITS: usize = 8192;
/// Bytes of the longest accepted RSA exponent.
const MAX_RSA_EXPONENT_BYTES: usize = 4;

/// The second coordinates of the points whose order divides eight, and of their second spellings, in hexadecimal.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Key material that is no acceptable public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// A coordinate is not 32 bytes, or the point is not on the curve.
    #[error("the key is not a point on its curve")]
    NotOnCurve,
    /// The point generates a handful of values only.
    #[error("the key is a point of small order")]
    SmallOrder,
    /// The modulus is outside 2048 to 8192 bits, or written with leading zeros.
    #[error("the RSA modulus is not acceptable")]
    Modulus,
    /// The exponent is even, below 3, over 32 bits, or written with leading zeros.
    #[error("the RSA exponent is not acceptable")]
    Exponent,
    /// The algorithm does not go with this kind of key.
    #[error("the algorithm does not go with this kind of key")]
    Algorithm,
}

/// The public half of a key, big-endian and without leading zeros where the standard asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// A point on P-256 (`kty` EC).
    P256 {
        /// First coordinate.
        x: [u8; 32],
        /// Second coordinate.
        y: [u8; 32],
    },
    /// An RSA key (`kty` RSA).
    Rsa {
        /// Modulus.
        n: Box<[u8]>,
        /// Public exponent.
        e: Box<[u8]>,
    },
    /// A point on Ed25519 (`kty` OKP).
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
}

impl PublicKey {
    /// A P-256 key from its coordinates; that the point is on the curve is checked when it is [parsed](Self::parse).
    pub fn p256(x: &[u8], y: &[u8]) -> Result<Self, PublicKeyError> {
        match (x.try_into(), y.try_into()) {
            (Ok(x), Ok(y)) => Ok(Self::P256 { x, y }),
            _ => Err(PublicKeyError::NotOnCurve),
        }
    }

    /// An Ed25519 key from its encoded point. Points of small order are refused: under such a key anybody's signature is
    /// valid for anything, so that its owner can deny all of them (RFC 8032 leaves the check to us).
    pub fn ed25519(x: &[u8]) -> Result<Self, PublicKeyError> {
        let x: [u8; 32] = x.try_into().map_err(|_| PublicKeyError::NotOnCurve)?;
        let mut without_sign = x;
        if let Some(last) = without_sign.last_mut() {
            *last &= 0x7f;
        }
        if SMALL_ORDER.contains(&hex(without_sign).as_str()) {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Self::Ed25519 { x })
    }

    /// An RSA key from its modulus and exponent.
    pub fn rsa(n: &[u8], e: &[u8]) -> Result<Self, PublicKeyError> {
        let bits = match n.first() {
            Some(first) if *first != 0 => n.len() * 8 - first.leading_zeros() as usize,
            _ => return Err(PublicKeyError::Modulus),
        };
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(PublicKeyError::Modulus);
        }
        let acceptable = e.len() <= MAX_RSA_EXPONENT_BYTES
            && e.first().is_some_and(|first| *first != 0)
            && e.last().is_some_and(|last| last % 2 == 1)
            && e != [1];
        if !acceptable {
            return Err(PublicKeyError::Exponent);
        }
        Ok(Self::Rsa {
            n: n.into(),
            e: e.into(),
        })
    }

    /// The algorithms that this kind of key can verify.
    pub fn algorithms(&self) -> &'static [SigningAlgorithm] {
        match self {
            Self::P256 { .. } => &[SigningAlgorithm::Es256],
            Self::Rsa { .. } => &[SigningAlgorithm::Rs256, SigningAlgorithm::Ps256],
            Self::Ed25519 { .. } => &[SigningAlgorithm::EdDsa],
        }
    }

    /// The key ready to verify with `algorithm`.
    pub fn parse(&self, algorithm: SigningAlgorithm) -> Result<ParsedPublicKey, PublicKeyError> {
        match (self, algorithm) {
            (Self::P256 { x, y }, SigningAlgorithm::Es256) => {
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| PublicKeyError::NotOnCurve)
            }
            (Self::Ed25519 { x }, SigningAlgorithm::EdDsa) => {
                ParsedPublicKey::new(&ED25519, x).map_err(|_| PublicKeyError::NotOnCurve)
            }
            (Self::Rsa { n, e }, SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256) => {
                let parameters = match algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }
                    .to_parsed_public_key(parameters)
                    .map_err(|_| PublicKeyError::Modulus)
            }
            _ => Err(PublicKeyError::Algorithm),
        }
    }

    /// The SHA-256 JWK thumbprint (RFC 7638 §3) in base64url: 43 characters.
    pub fn thumbprint(&self) -> String {
        base64url(digest::digest(
            &digest::SHA256,
            self.required_members().as_bytes(),
        ))
    }

    /// The required members of the JWK as a JSON object, in lexicographic order and without white space (RFC 7638 §3.2;
    /// RFC 8037 §2 for OKP). All values are base64url or fixed names, so that nothing in them needs escaping.
    pub fn required_members(&self) -> String {
        match self {
            Self::P256 { x, y } => {
                format!(
                    r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                    base64url(x),
                    base64url(y)
                )
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(e), base64url(n)),
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(x)),
        }
    }

    /// The public JWK of a signing key: the required members, then `kid`, `alg` and `use`.
    pub fn to_jwk(&self, kid: &str, algorithm: SigningAlgorithm) -> String {
        let members = self.required_members();
        let kid = serde_json::Value::from(kid);
        format!(
            r#"{},"kid":{kid},"alg":"{algorithm}","use":"sig"}}"#,
            members.trim_end_matches('}')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::from_base64url;

    fn bytes(text: &str) -> Vec<u8> {
        from_base64url(text).unwrap()
    }

    #[test]
    fn the_thumbprint_of_rfc_7638_section_3_1_is_reproduced() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF\
                 V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9\
                 c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1\
                 jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicKey::rsa(&bytes(n), &bytes("AQAB")).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn the_thumbprint_of_rfc_8037_appendix_a_3_is_reproduced() {
        let key = PublicKey::ed25519(&bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).unwrap();
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn points_off_the_curve_are_refused() {
        let mut y = bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let x = bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert!(
            PublicKey::p256(&x, &y)
                .unwrap()
                .parse(SigningAlgorithm::Es256)
                .is_ok()
        );
        y[31] ^= 1;
        let forged = PublicKey::p256(&x, &y).unwrap();
        assert_eq!(
            forged.parse(SigningAlgorithm::Es256).err(),
            Some(PublicKeyError::NotOnCurve)
        );
        assert_eq!(PublicKey::p256(&x, &y[1..]), Err(PublicKeyError::NotOnCurve));
    }

    #[test]
    fn a_key_under_which_anybody_signs_anything_is_refused() {
        let identity = [&[1_u8][..], &[0; 31]].concat();
        let anybodys = [identity.as_slice(), &[0; 32]].concat();
        let unchecked = ParsedPublicKey::new(&ED25519, &identity).unwrap();
        assert!(unchecked.verify_sig(b"anything", &anybodys).is_ok());
        for y in SMALL_ORDER {
            let mut point = crate::encoding::from_hex(y).unwrap();
            assert_eq!(PublicKey::ed25519(&point), Err(PublicKeyError::SmallOrder));
            point[31] |= 0x80;
            assert_eq!(PublicKey::ed25519(&point), Err(PublicKeyError::SmallOrder));
        }
    }

    #[test]
    fn small_huge_and_padded_moduli_are_refused() {
        let modulus = |bytes: usize| [vec![0x80], vec![1; bytes - 1]].concat();
        assert!(PublicKey::rsa(&modulus(256), &[1, 0, 1]).is_ok());
        assert!(PublicKey::rsa(&modulus(1024), &[1, 0, 1]).is_ok());
        assert_eq!(
            PublicKey::rsa(&modulus(128), &[1, 0, 1]),
            Err(PublicKeyError::Modulus)
        );
        assert_eq!(
            PublicKey::rsa(&[vec![0x7f], vec![1; 255]].concat(), &[3]),
            Err(PublicKeyError::Modulus)
        );
        assert_eq!(
            PublicKey::rsa(&modulus(1025), &[1, 0, 1]),
            Err(PublicKeyError::Modulus)
        );
        assert_eq!(
            PublicKey::rsa(&[vec![0], modulus(256)].concat(), &[3]),
            Err(PublicKeyError::Modulus)
        );
        assert_eq!(PublicKey::rsa(&[], &[3]), Err(PublicKeyError::Modulus));
    }

    #[test]
    fn weak_exponents_are_refused() {
        let n = [vec![0x80], vec![1; 255]].concat();
        for e in [&[][..], &[1], &[2], &[0, 3], &[1, 0, 0, 0, 1]] {
            assert_eq!(PublicKey::rsa(&n, e), Err(PublicKeyError::Exponent), "{e:?}");
        }
    }

    #[test]
    fn a_key_cannot_be_parsed_for_an_algorithm_of_another_kind() {
        let key = PublicKey::ed25519(&[7; 32]).unwrap();
        for algorithm in [
            SigningAlgorithm::Es256,
            SigningAlgorithm::Rs256,
            SigningAlgorithm::Ps256,
        ] {
            assert_eq!(key.parse(algorithm).err(), Some(PublicKeyError::Algorithm));
        }
    }
}
