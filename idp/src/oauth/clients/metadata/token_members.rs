//! What a client's metadata says about its tokens. Those members that widen what it may reach, or loosen a rule, are an
//! administrator's: a client that registers by itself does not get them ([`TokenMembers::of_a_stranger`]).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::InvalidMetadata;
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
    /// Where its access tokens may be used beyond the realm's own resources (RFC 8707). An administrator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The life of its access tokens, in seconds; absent: the hub's. An administrator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<u64>,
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
            ..self
        }
    }

    pub(super) fn check(&self) -> Result<(), InvalidMetadata> {
        if self.resources.len() > MOST || !self.resources.iter().all(|one| resources::is_registrable(one)) {
            return Err(InvalidMetadata::Other(
                "resources are at most 50 absolute URIs without a fragment",
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
}
