//! Request objects by reference (RFC 9101 §5.2, OpenID Connect Core 1.0 §6.2): fetched from an address that the client
//! registered.
//!
//! Invariants: only an address that the client registered is called, and only where an administrator or the policy that the
//! client registered under says so; by [`platform::outbound`] alone. What the fragment of an address is the hash of may be
//! kept; everything else is fetched for each request, since it may have changed.

use std::time::Duration;

use http::StatusCode;
use moka::sync::Cache;
use platform::encoding::base64url;
use platform::ids::RealmId;
use platform::keys::sha256;
use platform::outbound::Limits;
use url::Url;

use crate::hub::Hub;
use crate::oauth::clients::{ByReference, Client};
use crate::oauth::registration::DEFAULT;
use crate::oauth::{ErrorCode, OAuthError};
use crate::realms::Realm;

/// The longest `request_uri` (RFC 9101 §5.2 says that it should not exceed 512).
const LONGEST: usize = 512;
/// What one call may cost.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 32 * 1024,
};
/// How long what cannot have changed is kept.
const KEPT_FOR: Duration = Duration::from_mins(10);
/// What all of it together may take, in bytes.
const KEPT: u64 = 16 * 1024 * 1024;

/// Objects that were fetched from an address which names their hash.
#[derive(Debug)]
pub struct FetchedObjects(Cache<(RealmId, String), String>);

impl Default for FetchedObjects {
    fn default() -> Self {
        let weigh = |(_, url): &(RealmId, String), object: &String| {
            u32::try_from(url.len() + object.len()).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(KEPT).weigher(weigh);
        Self(kept.time_to_live(KEPT_FOR).build())
    }
}

/// Which objects of a client are taken: what an administrator says of it, or the policy that it registered under.
pub async fn rule(hub: &Hub, realm: &Realm, client: &Client) -> Result<ByReference, OAuthError> {
    if client.is_fapi() {
        return Ok(ByReference::No);
    }
    let said = client.standing.request_by_reference;
    if !client.self_registered {
        return Ok(said);
    }
    let policy = client.policy.as_deref().unwrap_or(DEFAULT);
    let policy = hub.policies.find(realm, policy).await?;
    Ok(policy.map_or(said, |policy| said.max(policy.request_by_reference)))
}

fn refused(id: &'static str, description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestUri, id, description)
}

/// Whether `uri` is one that the client registered: to the letter or, where it registered one without a fragment, with the
/// hash of what is there as its fragment.
fn is_registered(client: &Client, uri: &str) -> bool {
    let bare = uri.split_once('#').map(|(bare, _)| bare);
    let registered = &client.metadata.request_uris;
    uri.len() <= LONGEST
        && registered
            .iter()
            .any(|known| known == uri || (!known.contains('#') && Some(known.as_str()) == bare))
}

/// The object behind an address of the client.
pub async fn fetch(hub: &Hub, realm: &Realm, client: &Client, uri: &str) -> Result<String, OAuthError> {
    if !is_registered(client, uri) {
        return Err(refused(
            "request_uri.unregistered",
            "request_uri is not one that the client registered",
        ));
    }
    let unreachable = refused(
        "request_uri.unreachable",
        "what is at request_uri could not be fetched, or is too large",
    );
    let name = (realm.id, uri.to_owned());
    if let Some(kept) = hub.objects.0.get(&name) {
        return Ok(kept);
    }
    let mut url = Url::parse(uri).map_err(|_| unreachable)?;
    let hash = url.fragment().and_then(hash_in);
    url.set_fragment(None);
    let fetched = hub.outbound.get(&url, realm.reach(), LIMITS).await;
    let fetched = fetched.map_err(|_| unreachable)?;
    if fetched.status != StatusCode::OK {
        return Err(unreachable);
    }
    let own_hash = base64url(sha256(&fetched.body));
    let object = String::from_utf8(fetched.body.into()).map_err(|_| unreachable)?;
    let object = object.trim().to_owned();
    match hash {
        Some(hash) if hash == own_hash => hub.objects.0.insert(name, object.clone()),
        Some(_) if !client.metadata.request_uris.iter().any(|known| known == uri) => {
            return Err(refused(
                "request_uri.hash",
                "what is at request_uri is not what its fragment is the hash of",
            ));
        }
        // The fragment is part of what was registered, perhaps before anybody knew what would be there.
        _ => {}
    }
    Ok(object)
}

/// A fragment that is a hash: the SHA-256 of what is there, in base64url (OpenID Connect Core 1.0 §6.2).
fn hash_in(fragment: &str) -> Option<String> {
    let bytes = platform::encoding::from_base64url(fragment.trim_end_matches('='))?;
    (bytes.len() == 32).then(|| base64url(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::Scope;
    use crate::oauth::clients::Metadata;

    #[test]
    fn an_address_is_registered_to_the_letter_or_but_for_the_hash() {
        let metadata = serde_json::json!({"redirect_uris": ["https://rp.example/cb"],
            "request_uris": ["https://rp.example/a.jwt", "https://rp.example/b.jwt#one"]});
        let metadata = Metadata::from_json(&metadata, true).unwrap();
        let client = Client::for_tests("c", metadata, Scope::default());
        for uri in [
            "https://rp.example/a.jwt",
            "https://rp.example/a.jwt#anything",
            "https://rp.example/b.jwt#one",
        ] {
            assert!(is_registered(&client, uri), "{uri}");
        }
        for uri in [
            "https://rp.example/b.jwt",
            "https://rp.example/b.jwt#two",
            "https://rp.example/a.jwt?x",
            "https://rp.example/A.jwt",
            "https://rp.example:443/a.jwt",
            "https://rp.example/a.jwt/../b.jwt",
            "https://evil.example/a.jwt",
            "http://rp.example/a.jwt",
            "https://rp.example/a.jwt@evil.example/",
            "",
            &format!("https://rp.example/a.jwt#{}", "x".repeat(LONGEST)),
        ] {
            assert!(!is_registered(&client, uri), "{uri}");
        }
    }

    #[test]
    fn only_the_hash_of_something_is_read_as_one() {
        let hash = base64url(sha256(b"object"));
        assert_eq!(hash_in(&hash).as_deref(), Some(hash.as_str()));
        assert_eq!(hash_in(&format!("{hash}=")).as_deref(), Some(hash.as_str()));
        for other in ["", "part-2", &hash[1..], "~"] {
            assert_eq!(hash_in(other), None, "{other}");
        }
    }
}
