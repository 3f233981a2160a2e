//! What a client's metadata says about its tokens. Those members that widen what it may reach, or loosen a rule, are an
//! administrator's: a client that registers by itself does not get them ([`TokenMembers::of_a_stranger`]).

use std::net::IpAddr;

use platform::certificates::{Subject, is_distinguished_name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AuthMethod, InvalidMetadata};
use crate::oauth::authorization_details::TYPES;
use crate::oauth::resources;

/// The shortest and the longest life of an access token that a client may be given, in seconds.
const ACCESS_TOKEN_SECONDS: std::ops::RangeInclusive<u64> = 10..=86_400;
/// The most resources of one client.
const MOST: usize = 50;

/// Members of the metadata that are about tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenMembers {
    /// Whether its tokens are always bound to a key (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "is_false")]
    pub dpop_bound_access_tokens: bool,
    /// Whether its DPoP proofs always need a nonce of ours.
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_dpop_nonce: bool,
    /// Whether its tokens are always bound to its certificate (RFC 8705 §3.4).
    #[serde(default, skip_serializing_if = "is_false")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// The subject of its certificate, as RFC 4514 writes it: this or one of the next four (RFC 8705 §2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A DNS name in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An address in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tls_client_auth_san_ip: Option<IpAddr>,
    /// An e-mail address in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// The types of `authorization_details` that it uses (RFC 9396 §10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<String>,
    /// Where its access tokens may be used beyond the realm's own resources (RFC 8707). An administrator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The life of its access tokens, in seconds; absent: the hub's. An administrator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<u64>,
    /// Whether each use of a refresh token replaces it, where it needs a proof of the client anyway. An administrator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_rotation: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl TokenMembers {
    /// What is left of them for a client that nobody here has looked at.
    pub fn of_a_stranger(self) -> Self {
        Self {
            resources: Vec::new(),
            access_token_seconds: None,
            refresh_token_rotation: None,
            ..self
        }
    }

    /// Whose certificate proves the client; `None` unless exactly one is named.
    pub fn subject(&self) -> Option<Subject<'_>> {
        let name = self.tls_client_auth_subject_dn.as_deref();
        let named = [
            name.map(Subject::DistinguishedName),
            self.tls_client_auth_san_dns.as_deref().map(Subject::Dns),
            self.tls_client_auth_san_uri.as_deref().map(Subject::Uri),
            self.tls_client_auth_san_ip.map(Subject::Ip),
            self.tls_client_auth_san_email.as_deref().map(Subject::Email),
        ];
        let mut named = named.into_iter().flatten();
        named.next().filter(|_| named.next().is_none())
    }

    pub(super) fn check(&self, method: AuthMethod) -> Result<(), InvalidMetadata> {
        if method == AuthMethod::TlsClientAuth {
            self.check_subject()?;
        }
        if self.dpop_bound_access_tokens && self.tls_client_certificate_bound_access_tokens {
            return Err(InvalidMetadata::Other(
                "tokens are bound to a key or to a certificate, not to both",
            ));
        }
        if self.resources.len() > MOST || !self.resources.iter().all(|one| resources::is_registrable(one)) {
            return Err(InvalidMetadata::Other(
                "resources are at most 50 absolute URIs without a fragment",
            ));
        }
        let known = |one: &String| TYPES.contains(&one.as_str());
        if self.authorization_details_types.len() > TYPES.len()
            || !self.authorization_details_types.iter().all(known)
        {
            return Err(InvalidMetadata::Other(
                "authorization_details_types has a type that is not known here",
            ));
        }
        let life = self.access_token_seconds;
        if life.is_some_and(|seconds| !ACCESS_TOKEN_SECONDS.contains(&seconds)) {
            return Err(InvalidMetadata::Other(
                "access_token_seconds is between 10 seconds and a day",
            ));
        }
        Ok(())
    }

    fn check_subject(&self) -> Result<(), InvalidMetadata> {
        let subject = self.subject().ok_or(InvalidMetadata::Other(
            "tls_client_auth needs exactly one of the tls_client_auth_ members",
        ))?;
        let good = match subject {
            Subject::DistinguishedName(name) => is_distinguished_name(name),
            Subject::Dns(name) | Subject::Uri(name) | Subject::Email(name) => {
                !name.is_empty() && name.len() <= 500
            }
            Subject::Ip(_) => true,
        };
        if good {
            Ok(())
        } else {
            Err(InvalidMetadata::Other(
                "the subject of tls_client_auth is not well-formed",
            ))
        }
    }
}
