//! Parsed key sets by the text they were parsed from. Parsing a key costs several times what verifying with it does.

use std::sync::Arc;

use aws_lc_rs::digest;
use moka::sync::Cache;

use super::jwk::{JwkError, KeySet};

/// A bounded cache from the text of a JWK Set to its parsed form. The key is a digest of the whole text, so an entry
/// is never stale: another text is another entry, and the one not used longest goes first.
#[derive(Clone)]
pub struct KeySetCache {
    sets: Cache<[u8; 32], Arc<KeySet>>,
}

impl KeySetCache {
    /// A cache that keeps about `max_keys` keys in all, whosever they are.
    pub fn new(max_keys: u64) -> Self {
        let sets = Cache::builder()
            .max_capacity(max_keys)
            .weigher(|_: &[u8; 32], set: &Arc<KeySet>| {
                u32::try_from(set.keys().len().max(1)).unwrap_or(u32::MAX)
            })
            .build();
        Self { sets }
    }

    /// The keys of a JWK Set document, parsed at most once while they are in use. A document that is refused is not
    /// remembered.
    pub fn get(&self, json: &str) -> Result<Arc<KeySet>, JwkError> {
        let name = digest::digest(&digest::SHA256, json.as_bytes());
        let name: [u8; 32] = name.as_ref().try_into().map_err(|_| JwkError::Malformed)?;
        if let Some(set) = self.sets.get(&name) {
            return Ok(set);
        }
        let set = Arc::new(KeySet::parse(json)?);
        self.sets.insert(name, set.clone());
        Ok(set)
    }
}

impl std::fmt::Debug for KeySetCache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "KeySetCache({} sets)", self.sets.entry_count())
    }
}

#[cfg(test)]
mod tests {
    use super::super::algorithm::SigningAlgorithm;
    use super::super::signer::SigningKey;
    use super::*;

    fn document() -> String {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        format!(
            r#"{{"keys":[{}]}}"#,
            key.public().to_jwk(key.kid(), key.algorithm())
        )
    }

    #[test]
    fn the_same_text_is_parsed_once_and_another_text_is_another_set() {
        let cache = KeySetCache::new(100);
        let (one, other) = (document(), document());
        assert!(Arc::ptr_eq(&cache.get(&one).unwrap(), &cache.get(&one).unwrap()));
        let rotated = cache.get(&other).unwrap();
        assert_ne!(rotated.keys()[0].kid(), cache.get(&one).unwrap().keys()[0].kid());
    }

    #[test]
    fn strangers_cannot_make_the_cache_grow_beyond_its_bound() {
        let cache = KeySetCache::new(4);
        for _ in 0..64 {
            cache.get(&document()).unwrap();
            cache.get(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#).unwrap_err();
        }
        cache.sets.run_pending_tasks();
        assert!(cache.sets.entry_count() <= 4);
    }
}
