//! The keys of clients, and of those who vouch for them: by value, or from where their owner says that they are
//! (`jwks_uri`, RFC 7591 §2).
//!
//! ```text
//!            first use                  older than FRESH, or a key is missing
//!  nothing ───────────▶ fetching ──▶ kept ───────────────────────────▶ fetching ──▶ kept
//!     ▲                    │ fails     ▲                                   │ fails
//!     └────────────────────┘           └─────────── younger than STALE ────┘
//! ```
//!
//! Invariants: an address is asked at most once in [`PAUSE`], whatever is sent here; one call at a time for an address;
//! keys that were fetched serve on while their owner is out of reach, but never longer than [`STALE`]; what is kept is
//! bounded in bytes. Nobody's document serves another realm.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use moka::sync::Cache;
use platform::clock::Instant;
use platform::ids::RealmId;
use platform::keys::jwe::{EncryptionKey, KeyManagement};
use platform::keys::jwk::MAX_DOCUMENT_BYTES;
use platform::keys::{KeySet, VerificationPolicy, VerifiedJws, VerifyError, verify_compact};
use platform::outbound::Limits;
use serde_json::Value;
use url::Url;

use super::model::Client;
use crate::hub::Hub;
use crate::realms::Realm;

/// Keys serve this long before they are fetched again.
const FRESH: Duration = Duration::from_mins(10);
/// Between two calls to one address.
const PAUSE: Duration = Duration::from_secs(30);
/// Keys serve at most this long while they cannot be fetched again.
const STALE: Duration = Duration::from_hours(24);
/// What one call may cost.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: MAX_DOCUMENT_BYTES,
};
/// What all documents together may take, in KiB.
const KEPT: u64 = 64 * 1024;

/// Why a client's keys are of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It has none, or none for this purpose.
    #[error("the client has no key for this")]
    None,
    /// They are elsewhere and cannot be fetched.
    #[error("the client's keys cannot be fetched")]
    Unavailable,
    /// They are no key set that is accepted.
    #[error("the client's keys are not acceptable")]
    Refused,
    /// They do not verify.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// A key set as its owner gave it.
#[derive(Debug)]
struct Document {
    signing: Arc<KeySet>,
    text: String,
}

impl Document {
    fn parse(text: String) -> Result<Arc<Self>, KeysError> {
        let signing = KeySet::parse(&text).map_err(|_| KeysError::Refused)?;
        Ok(Arc::new(Self {
            signing: Arc::new(signing),
            text,
        }))
    }
}

#[derive(Debug, Clone, Default)]
struct Kept {
    document: Option<(Arc<Document>, Instant)>,
    tried_at: Option<Instant>,
}

/// What is known of one address.
#[derive(Debug, Default)]
struct Place {
    kept: Mutex<Kept>,
    /// Held by the one who calls.
    calling: tokio::sync::Mutex<()>,
}

impl Place {
    fn kept(&self) -> Kept {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Kept {
    /// The document, unless it is too old to serve.
    fn serving(&self, now: Instant, at_most: Duration) -> Option<&Arc<Document>> {
        let (document, fetched) = self.document.as_ref()?;
        (now.since(*fetched) < at_most).then_some(document)
    }

    fn may_try(&self, now: Instant) -> bool {
        self.tried_at.is_none_or(|tried| now.since(tried) >= PAUSE)
    }
}

/// Keys that clients keep elsewhere, by the address that they are at.
#[derive(Debug)]
pub struct RemoteKeys(Cache<(RealmId, String), Arc<Place>>);

impl Default for RemoteKeys {
    fn default() -> Self {
        let weigh = |_: &(RealmId, String), place: &Arc<Place>| {
            let bytes = place
                .kept()
                .document
                .map_or(0, |(document, _)| document.text.len());
            u32::try_from(bytes / 1024).unwrap_or(u32::MAX).saturating_add(1)
        };
        let places = Cache::builder().max_capacity(KEPT).weigher(weigh);
        Self(places.time_to_idle(STALE).build())
    }
}

impl RemoteKeys {
    /// The document at `url`. `missing`: the one that is kept lacks a key, so that age alone is no reason to keep it.
    async fn document(
        &self,
        hub: &Hub,
        realm: &Realm,
        url: &str,
        missing: bool,
    ) -> Result<Arc<Document>, KeysError> {
        let name = (realm.id, url.to_owned());
        let place = self.0.get_with_by_ref(&name, Arc::default);
        let fresh = if missing { Duration::ZERO } else { FRESH };
        if let Some(document) = place.kept().serving(hub.clock.now(), fresh) {
            return Ok(document.clone());
        }
        let _only = place.calling.lock().await;
        // Somebody else may have called while this one waited, or just before.
        let (kept, now) = (place.kept(), hub.clock.now());
        if let Some(document) = kept.serving(now, fresh) {
            return Ok(document.clone());
        }
        if kept.may_try(now) {
            place.keep(|kept| kept.tried_at = Some(now));
            match fetch(hub, realm, url).await {
                Ok(document) => {
                    place.keep(|kept| kept.document = Some((document.clone(), now)));
                    // Put in once more, to be weighed with what it holds.
                    self.0.insert(name, place.clone());
                    return Ok(document);
                }
                Err(error) => tracing::debug!(%error, "keys could not be fetched"),
            }
        }
        place
            .kept()
            .serving(hub.clock.now(), STALE)
            .cloned()
            .ok_or(KeysError::Unavailable)
    }
}

async fn fetch(hub: &Hub, realm: &Realm, url: &str) -> Result<Arc<Document>, KeysError> {
    let url = Url::parse(url).map_err(|_| KeysError::Unavailable)?;
    let fetched = hub.outbound.get(&url, realm.reach(), LIMITS).await;
    let fetched = fetched.map_err(|_| KeysError::Unavailable)?;
    if fetched.status != StatusCode::OK {
        return Err(KeysError::Unavailable);
    }
    let text = String::from_utf8(fetched.body.into()).map_err(|_| KeysError::Refused)?;
    Document::parse(text)
}

/// Where somebody's keys are.
#[derive(Debug, Clone)]
pub enum Source<'s> {
    /// Here.
    Here(Arc<KeySet>),
    /// At an address.
    There(&'s str),
}

impl<'s> Source<'s> {
    /// Keys by value.
    pub fn here(jwks: &Value) -> Result<Self, KeysError> {
        let keys = KeySet::parse(&jwks.to_string()).map_err(|_| KeysError::Refused)?;
        Ok(Self::Here(Arc::new(keys)))
    }

    /// A client's keys.
    fn of(client: &'s Client) -> Result<Self, KeysError> {
        match (&client.keys, &client.metadata.jwks_uri) {
            (Some(keys), _) => Ok(Self::Here(keys.clone())),
            (None, Some(url)) => Ok(Self::There(url)),
            (None, None) => Err(KeysError::None),
        }
    }

    async fn keys(&self, hub: &Hub, realm: &Realm, missing: bool) -> Result<Arc<KeySet>, KeysError> {
        match self {
            Self::Here(keys) => Ok(keys.clone()),
            Self::There(url) => {
                let document = hub.remote_keys.document(hub, realm, url, missing).await?;
                Ok(document.signing.clone())
            }
        }
    }
}

/// The keys that the client signs with.
pub async fn verification_keys(hub: &Hub, realm: &Realm, client: &Client) -> Result<Arc<KeySet>, KeysError> {
    Source::of(client)?.keys(hub, realm, false).await
}

/// Verifies what the client says that it signed. Where none of the keys goes with it, they are fetched anew once: their
/// owner may have changed them (OpenID Connect Core 1.0 §10.1.1).
pub async fn verify(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    jws: &str,
    policy: &VerificationPolicy,
) -> Result<VerifiedJws, KeysError> {
    verify_from(hub, realm, Source::of(client)?, jws, policy).await
}

/// The same with the keys of somebody who is no client.
pub async fn verify_from(
    hub: &Hub,
    realm: &Realm,
    source: Source<'_>,
    jws: &str,
    policy: &VerificationPolicy,
) -> Result<VerifiedJws, KeysError> {
    let keys = source.keys(hub, realm, false).await?;
    let refused = match verify_compact(jws, &keys, policy) {
        Ok(verified) => return Ok(verified),
        Err(refused) => refused,
    };
    let another_key = matches!(
        refused,
        VerifyError::UnknownKey | VerifyError::KeyAlgorithm | VerifyError::Signature
    );
    if !another_key || matches!(source, Source::Here(_)) {
        return Err(refused.into());
    }
    let keys = source.keys(hub, realm, true).await?;
    Ok(verify_compact(jws, &keys, policy)?)
}

/// The client's key that is for encryption with `algorithm`.
pub async fn encryption_key(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    algorithm: KeyManagement,
) -> Result<EncryptionKey, KeysError> {
    if let Some(jwks) = &client.metadata.jwks {
        return choose(jwks, algorithm).ok_or(KeysError::None);
    }
    let url = client.metadata.jwks_uri.as_deref().ok_or(KeysError::None)?;
    let mut missing = false;
    loop {
        let document = hub.remote_keys.document(hub, realm, url, missing).await?;
        let jwks = serde_json::from_str(&document.text).map_err(|_| KeysError::Refused)?;
        match choose(&jwks, algorithm) {
            Some(key) => return Ok(key),
            None if missing => return Err(KeysError::None),
            None => missing = true,
        }
    }
}

/// The key for `algorithm` in a set: one that says so before one that leaves it open (RFC 7517 §4.2, §4.4).
pub fn choose(jwks: &Value, algorithm: KeyManagement) -> Option<EncryptionKey> {
    let keys = jwks.get("keys")?.as_array()?;
    let says =
        |key: &&Value, member: &str, value: &str| key.get(member).and_then(Value::as_str) == Some(value);
    let open = |key: &&Value, member: &str| key.get(member).is_none();
    let suits = |key: &&Value| {
        (says(key, "use", "enc") || open(key, "use"))
            && (says(key, "alg", algorithm.name()) || open(key, "alg"))
    };
    let mut suitable: Vec<_> = keys.iter().filter(suits).collect();
    suitable.sort_by_key(|key| (open(key, "alg"), open(key, "use")));
    suitable
        .into_iter()
        .find_map(|key| EncryptionKey::from_jwk(algorithm, &key.to_string()).ok())
}
