//! The key ring against a real database: every test runs on SQLite and on PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use super::algorithm::{AlgorithmSet, SigningAlgorithm};
use super::jws::{RequiredType, VerificationPolicy, VerifyError, sign_compact, verify_compact};
use super::kek::KeyEncryptionKey;
use super::keyring::{KeyRing, KeyRingError};
use super::ring::RingPolicy;
use super::sealing::SealError;
use super::signer::SigningKey;
use super::store::KeyStoreError;
use crate::clock::{Clock, Instant, ManualClock};
use crate::database::testing::TestDatabase;
use crate::database::{Backend, Queries as _, Store};
use crate::entropy::Entropy;
use crate::ids::RealmId;
use crate::values;

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;
const ANY: VerificationPolicy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
const SECOND: Duration = Duration::from_secs(1);

/// One database, one clock, and as many nodes as are asked for.
struct House {
    database: TestDatabase,
    clock: Clock,
    hand: ManualClock,
    realm: RealmId,
}

impl House {
    async fn on(backend: Backend) -> Self {
        let database = TestDatabase::hub(backend).await;
        let (clock, hand) = Clock::manual(Instant::from_micros(1_800_000_000_000_000));
        let realm = RealmId::new(&Entropy::system(), clock.now()).unwrap();
        let house = Self {
            database,
            clock,
            hand,
            realm,
        };
        house.add_realm(realm, "one").await;
        house
    }

    fn store(&self) -> &Store {
        self.database.store()
    }

    async fn add_realm(&self, realm: RealmId, host: &str) {
        let sql = "INSERT INTO realm (id, name, issuer, host, sealed_key, created_at) VALUES ($1, $2, $2, $2, $3, 0)";
        self.store()
            .execute(sql, values![realm.uuid(), host, vec![0_u8]])
            .await
            .unwrap();
    }

    async fn node_with(&self, kek: [u8; 32], algorithms: &[SigningAlgorithm]) -> KeyRing {
        let policy = RingPolicy::new(Duration::from_mins(10), Duration::from_hours(1));
        self.node_under(kek, algorithms, policy).await
    }

    async fn node_that_reads_hints(&self, for_so_long: Duration) -> KeyRing {
        let policy = RingPolicy::new(Duration::from_mins(10), Duration::from_hours(1));
        self.node_under([1; 32], &[ES256], policy.readable_for(for_so_long))
            .await
    }

    async fn node_under(
        &self,
        kek: [u8; 32],
        algorithms: &[SigningAlgorithm],
        policy: RingPolicy,
    ) -> KeyRing {
        let policy = RingPolicy {
            algorithms: algorithms.to_vec(),
            ..policy
        };
        let store = Store::open(self.database.url()).await.unwrap();
        let kek = Arc::new(KeyEncryptionKey::from_bytes(kek).unwrap());
        KeyRing::new(store, kek, self.clock.clone(), Entropy::system(), policy)
    }

    async fn node(&self) -> KeyRing {
        self.node_with([1; 32], &[ES256]).await
    }

    async fn rows(&self, condition: &str) -> usize {
        #[derive(sea_orm::FromQueryResult)]
        struct Kid {
            kid: String,
        }
        let sql = format!("SELECT kid FROM signing_key WHERE realm_id = $1 AND {condition} ORDER BY kid");
        let mut kids: Vec<Kid> = self
            .store()
            .fetch_all(&sql, values![self.realm.uuid()])
            .await
            .unwrap();
        kids.dedup_by(|one, other| one.kid == other.kid);
        kids.len()
    }
}

async fn verifies(token: &str, node: &KeyRing, realm: RealmId) -> Result<(), VerifyError> {
    let published = String::from_utf8(node.public_jwks(realm).await.unwrap().to_vec()).unwrap();
    let fetched = super::jwk::KeySet::parse(&published).unwrap();
    let by_stranger = verify_compact(token, &fetched, &ANY).map(|_| ());
    let by_ourselves = verify_compact(token, &node.verification_keys(realm).await.unwrap(), &ANY).map(|_| ());
    assert_eq!(by_stranger, by_ourselves);
    by_stranger
}

async fn a_realm_has_a_key_of_every_algorithm_and_another_node_verifies_with_what_it_publishes(house: House) {
    let one = house.node_with([1; 32], &SigningAlgorithm::ALL).await;
    let other = house.node_with([1; 32], &SigningAlgorithm::ALL).await;
    for algorithm in SigningAlgorithm::ALL {
        let key = one.signer(house.realm, algorithm).await.unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(Arc::ptr_eq(
            &key,
            &one.signer(house.realm, algorithm).await.unwrap()
        ));
        assert_eq!(
            other.signer(house.realm, algorithm).await.unwrap().kid(),
            key.kid()
        );
        verifies(
            &sign_compact(&key, Some("JWT"), b"{}").unwrap(),
            &other,
            house.realm,
        )
        .await
        .unwrap();
    }
    assert_eq!(house.rows("state = 'current'").await, 4);
}

async fn nodes_that_start_at_once_agree_on_one_key(house: House) {
    let nodes = [
        house.node().await,
        house.node().await,
        house.node().await,
        house.node().await,
    ];
    let signer =
        |node: KeyRing| async move { node.signer(house.realm, ES256).await.unwrap().kid().to_owned() };
    let [a, b, c, d] = nodes;
    let kids = tokio::join!(signer(a), signer(b), signer(c), signer(d));
    assert!(
        kids.0 == kids.1 && kids.1 == kids.2 && kids.2 == kids.3,
        "{kids:?}"
    );
    assert_eq!(house.rows("state = 'current'").await, 1);
}

async fn nodes_that_rotate_at_once_publish_one_successor(house: House) {
    let (one, other) = (house.node().await, house.node().await);
    let before = one.signer(house.realm, ES256).await.unwrap();
    other.signer(house.realm, ES256).await.unwrap();
    let (first, second) = tokio::join!(one.rotate(house.realm, ES256), other.rotate(house.realm, ES256));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(house.rows("state = 'next'").await, 1);
    assert_eq!(house.rows("retires_at IS NULL").await, 1);
    assert_eq!(one.signer(house.realm, ES256).await.unwrap().kid(), before.kid());
}

async fn a_rotation_fails_no_verification_on_any_node(house: House) {
    let (one, other) = (house.node().await, house.node().await);
    let old = one.signer(house.realm, ES256).await.unwrap();
    let early = sign_compact(&old, None, b"{}").unwrap();
    verifies(&early, &other, house.realm).await.unwrap();
    let rotation = one.rotate(house.realm, ES256).await.unwrap();
    assert_eq!(
        one.verification_keys(house.realm).await.unwrap().keys().len(),
        2,
        "known at once where it was made"
    );
    house.hand.advance(SECOND);
    assert_eq!(
        other.verification_keys(house.realm).await.unwrap().keys().len(),
        2,
        "known elsewhere after a second"
    );
    assert_eq!(other.signer(house.realm, ES256).await.unwrap().kid(), old.kid());

    house.hand.set(rotation.activates_at);
    let new = other.signer(house.realm, ES256).await.unwrap();
    assert_eq!(new.kid(), rotation.kid);
    assert_eq!(one.signer(house.realm, ES256).await.unwrap().kid(), rotation.kid);
    assert_eq!(house.rows("state = 'current'").await, 1);
    assert_eq!(house.rows("state = 'retired'").await, 1);
    let late = sign_compact(&new, None, b"{}").unwrap();
    for node in [&one, &other] {
        verifies(&early, node, house.realm).await.unwrap();
        verifies(&late, node, house.realm).await.unwrap();
    }

    house.hand.advance(one.policy().keep_retired);
    assert_eq!(
        verifies(&early, &one, house.realm).await,
        Err(VerifyError::UnknownKey)
    );
    verifies(&late, &one, house.realm).await.unwrap();
    assert_eq!(house.rows("1 = 1").await, 1);
}

async fn a_hint_is_read_for_a_while_after_its_key_was_published_last_and_carries_nothing_then(house: House) {
    let readable = Duration::from_hours(48);
    let node = house.node_that_reads_hints(readable).await;
    let old = node.signer(house.realm, ES256).await.unwrap();
    let token = sign_compact(&old, None, b"{}").unwrap();
    let rotation = node.rotate(house.realm, ES256).await.unwrap();
    house
        .hand
        .set(rotation.activates_at.plus(node.policy().keep_retired));
    assert_eq!(
        verifies(&token, &node, house.realm).await,
        Err(VerifyError::UnknownKey)
    );
    let hints = node.hint_keys(house.realm).await.unwrap();
    assert!(verify_compact(&token, &hints, &ANY).is_ok());
    assert_eq!(node.published(house.realm).await.unwrap().len(), 1);
    house.hand.advance(readable);
    let hints = node.hint_keys(house.realm).await.unwrap();
    assert!(verify_compact(&token, &hints, &ANY).is_err());
    assert_eq!(house.rows("1 = 1").await, 1, "the key is gone");
}

async fn a_key_that_signed_long_enough_is_succeeded_without_anybody_asking(house: House) {
    let node = house.node().await;
    let old = node.signer(house.realm, ES256).await.unwrap();
    house.hand.advance(node.policy().active_for);
    assert_eq!(node.signer(house.realm, ES256).await.unwrap().kid(), old.kid());
    assert_eq!(node.verification_keys(house.realm).await.unwrap().keys().len(), 2);
    house.hand.advance(node.policy().publish_lead);
    assert_ne!(node.signer(house.realm, ES256).await.unwrap().kid(), old.kid());
}

async fn the_keys_of_one_realm_are_not_those_of_another(house: House) {
    let other = RealmId::new(&Entropy::system(), house.clock.now()).unwrap();
    house.add_realm(other, "two").await;
    let node = house.node().await;
    let token = sign_compact(&node.signer(house.realm, ES256).await.unwrap(), None, b"{}").unwrap();
    assert_eq!(verifies(&token, &node, other).await, Err(VerifyError::UnknownKey));
    let sql = "UPDATE signing_key SET realm_id = $1 WHERE realm_id = $2";
    house
        .store()
        .execute(
            "DELETE FROM signing_key WHERE realm_id = $1",
            values![other.uuid()],
        )
        .await
        .unwrap();
    house
        .store()
        .execute(sql, values![other.uuid(), house.realm.uuid()])
        .await
        .unwrap();
    let moved = house.node().await.signer(other, ES256).await.unwrap_err();
    assert!(matches!(
        moved,
        KeyRingError::Store(KeyStoreError::Seal(SealError::Broken))
    ));
}

async fn private_keys_lie_sealed_and_open_under_their_root_only(house: House) {
    #[derive(sea_orm::FromQueryResult)]
    struct Sealed {
        sealed_private: Vec<u8>,
        public_jwk: String,
    }
    let node = house.node().await;
    let key = node.signer(house.realm, ES256).await.unwrap();
    let pkcs8 = key.to_pkcs8().unwrap();
    let row: Option<Sealed> = house
        .store()
        .fetch_optional("SELECT sealed_private, public_jwk FROM signing_key", Vec::new())
        .await
        .unwrap();
    let row = row.unwrap();
    assert!(
        !row.sealed_private
            .windows(16)
            .any(|window| pkcs8.windows(16).any(|secret| secret == window))
    );
    assert_eq!(row.public_jwk, key.public().to_jwk(key.kid(), ES256));
    let stranger = house
        .node_with([2; 32], &[ES256])
        .await
        .signer(house.realm, ES256)
        .await
        .unwrap_err();
    assert!(matches!(
        stranger,
        KeyRingError::Store(KeyStoreError::Seal(SealError::OtherKey))
    ));
    let swapped = "UPDATE signing_key SET algorithm = 'EdDSA'";
    house.store().execute(swapped, Vec::new()).await.unwrap();
    let swapped = house.node().await.signer(house.realm, ES256).await.unwrap_err();
    assert!(matches!(
        swapped,
        KeyRingError::Store(KeyStoreError::Seal(SealError::Broken))
    ));
}

async fn an_algorithm_that_is_not_offered_gets_no_key(house: House) {
    let node = house.node().await;
    let refused = node
        .signer(house.realm, SigningAlgorithm::Rs256)
        .await
        .unwrap_err();
    assert!(matches!(refused, KeyRingError::NotOffered));
    assert!(matches!(
        node.rotate(house.realm, SigningAlgorithm::Rs256).await,
        Err(KeyRingError::NotOffered)
    ));
}

async fn a_realm_that_does_not_exist_has_no_keys(house: House) {
    let nowhere = RealmId::new(&Entropy::system(), house.clock.now()).unwrap();
    assert!(house.node().await.signer(nowhere, ES256).await.is_err());
}

async fn a_database_that_does_not_answer_stops_nothing_for_a_while_and_then_everything(house: House) {
    let node = house.node().await;
    let kid = node.signer(house.realm, ES256).await.unwrap().kid().to_owned();
    house
        .store()
        .execute("ALTER TABLE signing_key RENAME TO gone", Vec::new())
        .await
        .unwrap();
    house.hand.advance(Duration::from_secs(29));
    assert_eq!(node.signer(house.realm, ES256).await.unwrap().kid(), kid);
    house.hand.advance(SECOND);
    assert!(node.signer(house.realm, ES256).await.is_err());
    house
        .store()
        .execute("ALTER TABLE gone RENAME TO signing_key", Vec::new())
        .await
        .unwrap();
    assert_eq!(node.signer(house.realm, ES256).await.unwrap().kid(), kid);
}

async fn a_successor_that_cannot_be_written_down_does_not_stop_the_key_that_signs(house: House) {
    let node = house.node().await;
    let kid = node.signer(house.realm, ES256).await.unwrap().kid().to_owned();
    let refuse = "ALTER TABLE signing_key RENAME COLUMN public_jwk TO unknown";
    house.store().execute(refuse, Vec::new()).await.unwrap();
    house.hand.advance(node.policy().active_for);
    assert_eq!(node.signer(house.realm, ES256).await.unwrap().kid(), kid);
    assert_eq!(house.rows("retires_at IS NULL").await, 1);
    let repair = "ALTER TABLE signing_key RENAME COLUMN unknown TO public_jwk";
    house.store().execute(repair, Vec::new()).await.unwrap();
    house.hand.advance(SECOND);
    node.signer(house.realm, ES256).await.unwrap();
    assert_eq!(house.rows("state = 'next'").await, 1);
}

async fn a_key_that_was_read_is_not_opened_again(house: House) {
    let node = house.node().await;
    let key: Arc<SigningKey> = node.signer(house.realm, ES256).await.unwrap();
    house.hand.advance(SECOND);
    assert!(Arc::ptr_eq(&key, &node.signer(house.realm, ES256).await.unwrap()));
}

macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::House::on(super::Backend::Sqlite).await).await;
            }
        )+}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::House::on(super::Backend::Postgres).await).await;
            }
        )+}
    };
}

on_both_databases! {
    a_realm_has_a_key_of_every_algorithm_and_another_node_verifies_with_what_it_publishes,
    nodes_that_start_at_once_agree_on_one_key,
    nodes_that_rotate_at_once_publish_one_successor,
    a_rotation_fails_no_verification_on_any_node,
    a_hint_is_read_for_a_while_after_its_key_was_published_last_and_carries_nothing_then,
    a_key_that_signed_long_enough_is_succeeded_without_anybody_asking,
    the_keys_of_one_realm_are_not_those_of_another,
    private_keys_lie_sealed_and_open_under_their_root_only,
    an_algorithm_that_is_not_offered_gets_no_key,
    a_realm_that_does_not_exist_has_no_keys,
    a_database_that_does_not_answer_stops_nothing_for_a_while_and_then_everything,
    a_successor_that_cannot_be_written_down_does_not_stop_the_key_that_signs,
    a_key_that_was_read_is_not_opened_again,
}
