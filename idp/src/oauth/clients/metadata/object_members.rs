//! Metadata about the signed and encrypted objects that pass between a client and the hub: request objects (RFC 9101,
//! OpenID Connect Core 1.0 §6), pushed requests (RFC 9126), protected answers (JARM), encrypted tokens.

use platform::keys::{ContentEncryption, KeyManagement, ReceivingKeys, SigningAlgorithm};
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::InvalidMetadata;

/// What a client says about them. A part of its [`Metadata`](super::Metadata).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObjectMembers {
    /// Authorization requests are taken from the pushed authorization request endpoint only (RFC 9126 §6).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Authorization requests are taken as signed request objects only (RFC 9101 §10.5).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// The algorithm of its request objects; absent: any that its keys have. `none`: they are not signed, and taken only
    /// where an administrator or a policy says so (`request_by_reference`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_object_signing_alg: Option<ObjectSigning>,
    /// How its request objects are encrypted; absent: as it likes, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_object_encryption_alg: Option<KeyManagement>,
    /// With which content encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub request_object_encryption_enc: Option<ContentEncryption>,
    /// The algorithm of JARM answers; absent: RS256 (JARM §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub authorization_signed_response_alg: Option<SigningAlgorithm>,
    /// How JARM answers are encrypted; absent: not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub authorization_encrypted_response_alg: Option<KeyManagement>,
    /// With which content encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub authorization_encrypted_response_enc: Option<ContentEncryption>,
    /// How ID tokens are encrypted; absent: not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    /// With which content encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// The algorithm of signed UserInfo answers; absent: they are plain JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub userinfo_signed_response_alg: Option<SigningAlgorithm>,
    /// How UserInfo answers are encrypted; absent: not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    /// With which content encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
}

/// How request objects are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectSigning {
    /// With this algorithm.
    Signed(SigningAlgorithm),
    /// Not at all.
    Unsigned,
}

/// The word for no signature (RFC 7518 §3.6).
const NONE: &str = "none";

impl Serialize for ObjectSigning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Signed(algorithm) => algorithm.serialize(serializer),
            Self::Unsigned => serializer.serialize_str(NONE),
        }
    }
}

impl<'de> Deserialize<'de> for ObjectSigning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == NONE {
            return Ok(Self::Unsigned);
        }
        SigningAlgorithm::deserialize(word.into_deserializer()).map(Self::Signed)
    }
}

impl ObjectMembers {
    /// Whether answers of UserInfo are anything but plain JSON.
    pub fn protects_userinfo(&self) -> bool {
        self.userinfo_signed_response_alg.is_some() || self.userinfo_encrypted_response_alg.is_some()
    }

    /// Checks them: `enc` goes with `alg` (OpenID Connect Registration 1.0 §2), and whoever
    /// wants something encrypted has a key to encrypt for.
    pub(super) fn check(&self, has_keys: bool) -> Result<(), InvalidMetadata> {
        let pairs = [
            (
                self.authorization_encrypted_response_alg,
                self.authorization_encrypted_response_enc,
            ),
            (
                self.id_token_encrypted_response_alg,
                self.id_token_encrypted_response_enc,
            ),
            (
                self.userinfo_encrypted_response_alg,
                self.userinfo_encrypted_response_enc,
            ),
        ];
        if pairs.iter().any(|(alg, enc)| alg.is_none() && enc.is_some()) {
            return Err(InvalidMetadata::Other(
                "an encrypted_response_enc goes with its encrypted_response_alg",
            ));
        }
        let received = self.request_object_encryption_alg;
        if received.is_some_and(|alg| !ReceivingKeys::ALGORITHMS.contains(&alg)) {
            return Err(InvalidMetadata::Other(
                "request objects are encrypted by ECDH-ES here, alone or with A128KW or A256KW",
            ));
        }
        if received.is_none() && self.request_object_encryption_enc.is_some() {
            return Err(InvalidMetadata::Other(
                "request_object_encryption_enc goes with request_object_encryption_alg",
            ));
        }
        let encrypted = pairs.iter().any(|(alg, _)| alg.is_some());
        let unsigned = self.request_object_signing_alg == Some(ObjectSigning::Unsigned);
        if unsigned && self.require_signed_request_object {
            return Err(InvalidMetadata::Other(
                "require_signed_request_object and request_object_signing_alg none contradict each other",
            ));
        }
        let signs = self.request_object_signing_alg.is_some() && !unsigned;
        let signed = self.require_signed_request_object || signs;
        if (encrypted || signed) && !has_keys {
            return Err(InvalidMetadata::Other(
                "signed requests and encrypted answers need jwks or jwks_uri",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_signs_its_requests_or_does_not_and_says_which() {
        let read = |text: &str| serde_json::from_str::<ObjectMembers>(text);
        let none = read(r#"{"request_object_signing_alg": "none"}"#).unwrap();
        assert_eq!(none.request_object_signing_alg, Some(ObjectSigning::Unsigned));
        assert!(none.check(false).is_ok());
        let text = serde_json::to_string(&none).unwrap();
        assert_eq!(read(&text).unwrap(), none);
        let both = ObjectMembers {
            require_signed_request_object: true,
            ..none
        };
        assert!(both.check(true).is_err());
        let es256 = read(r#"{"request_object_signing_alg": "ES256"}"#).unwrap();
        assert_eq!(
            es256.request_object_signing_alg,
            Some(ObjectSigning::Signed(SigningAlgorithm::Es256))
        );
        for wrong in ["HS256", "None", ""] {
            let text = format!(r#"{{"request_object_signing_alg": "{wrong}"}}"#);
            assert!(read(&text).is_err(), "{wrong}");
        }
    }

    #[test]
    fn encryption_needs_an_algorithm_and_a_key_to_encrypt_for() {
        let enc_alone = ObjectMembers {
            id_token_encrypted_response_enc: Some(ContentEncryption::A256Gcm),
            ..ObjectMembers::default()
        };
        assert!(enc_alone.check(true).is_err());
        let encrypted = ObjectMembers {
            id_token_encrypted_response_alg: Some(KeyManagement::RsaOaep256),
            ..ObjectMembers::default()
        };
        assert!(encrypted.check(false).is_err());
        assert!(encrypted.check(true).is_ok());
    }
}
