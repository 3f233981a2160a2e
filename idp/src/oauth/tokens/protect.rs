//! Signing what goes to a client, and encrypting it where the client asked for that (RFC 7519 §5.2: signed, then
//! encrypted).

use platform::keys::{ContentEncryption, KeyManagement, SigningAlgorithm, encrypt_compact, sign_compact};
use serde::Serialize;

use crate::hub::Hub;
use crate::oauth::clients::{Client, keys};
use crate::oauth::{ErrorCode, OAuthError};
use crate::realms::Realm;

const NO_KEY: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "client.encryption.no_key",
    "the client asked for encryption, and has no key that can be had for it",
);

/// How one kind of object is protected for a client.
#[derive(Debug, Clone, Copy)]
pub struct Protection {
    /// What signs it.
    pub algorithm: SigningAlgorithm,
    /// `typ` of the signed object.
    pub typ: Option<&'static str>,
    /// What encrypts it; `None`: nothing.
    pub encryption: Option<(KeyManagement, ContentEncryption)>,
}

/// Signs claims with the realm's key, and encrypts them for the client where that is asked for.
pub async fn protect<T: Serialize + Sync>(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    protection: Protection,
    claims: &T,
) -> Result<String, OAuthError> {
    let key = hub.keys.signer(realm.id, protection.algorithm).await?;
    let payload = serde_json::to_vec(claims)?;
    let signed = sign_compact(&key, protection.typ, &payload)?;
    match protection.encryption {
        None => Ok(signed),
        Some(encryption) => encrypt(hub, realm, client, encryption, signed.as_bytes(), Some("JWT")).await,
    }
}

/// Encrypts content for a client with the key that it has for that. Without one nothing is sent: in clear it would be
/// read by those whom the client wanted to keep out.
pub async fn encrypt(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    (algorithm, encryption): (KeyManagement, ContentEncryption),
    content: &[u8],
    cty: Option<&str>,
) -> Result<String, OAuthError> {
    let key = keys::encryption_key(hub, realm, client, algorithm).await;
    let key = key.map_err(|_| NO_KEY)?;
    encrypt_compact(content, cty, encryption, &key).map_err(|_| NO_KEY)
}
