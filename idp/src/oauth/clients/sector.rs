//! The list of redirect URIs behind `sector_identifier_uri` (OpenID Connect Registration 1.0 §5), fetched when a client
//! registers or changes its registration, and not kept.

use std::time::Duration;

use http::StatusCode;
use platform::outbound::{Limits, Outbound, Reach};
use url::Url;

use super::metadata::Metadata;

/// What the call may cost.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 64 * 1024,
};

/// Why a client is not in the sector that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SectorError {
    /// The list cannot be fetched.
    #[error("the document at sector_identifier_uri could not be fetched")]
    Unavailable,
    /// The list does not name all of the client's redirect URIs.
    #[error("the document at sector_identifier_uri does not name every redirect URI")]
    NotIn,
}

/// Checks that the list at `uri` names every redirect URI.
pub async fn check(
    outbound: &Outbound,
    reach: Reach,
    uri: &str,
    metadata: &Metadata,
) -> Result<(), SectorError> {
    let url = Url::parse(uri).map_err(|_| SectorError::Unavailable)?;
    let fetched = outbound.get(&url, reach, LIMITS).await;
    let fetched = fetched.map_err(|_| SectorError::Unavailable)?;
    if fetched.status != StatusCode::OK {
        return Err(SectorError::Unavailable);
    }
    if metadata.is_in_sector(&fetched.body) {
        Ok(())
    } else {
        Err(SectorError::NotIn)
    }
}
