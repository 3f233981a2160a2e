//! Numbers on real databases: a desk that issues and assigns in a realm of its own.

mod histories;
mod nodes;
mod suite;

use platform::clock::Instant;
use platform::database::testing::TestDatabase;
use platform::database::{Backend, BoxFuture, Store, Tx};
use platform::entropy::Entropy;
use platform::ids::RealmId;
use platform::values;
use uuid::Uuid;

use super::*;
use crate::ids::{AssignmentId, NamespaceId};

/// When every test begins.
const START: Instant = Instant::from_micros(1_700_000_000_000_000);

/// A realm's desk for numbers of one namespace.
#[derive(Clone)]
struct Desk {
    store: Store,
    realm: RealmId,
    space: NamespaceId,
    entropy: Entropy,
}

/// References that are always the same.
struct Always(References);

impl LiveReferences for Always {
    fn count<'a>(&'a self, _: RealmId, _: &'a Assignment) -> BoxFuture<'a, References> {
        Box::pin(async move { self.0 })
    }
}

fn person(id: u128) -> Holder {
    Holder {
        kind: HolderKind::Person,
        id: Uuid::from_u128(id),
    }
}

fn yearly() -> Reissue {
    Reissue::AfterCooldown(Cooldown::new(COOLDOWN_FLOOR).unwrap())
}

async fn new_realm(store: &Store, entropy: &Entropy) -> RealmId {
    let realm = RealmId::new(entropy, START).unwrap();
    let sql =
        "INSERT INTO realm (id, name, issuer, host, sealed_key, created_at) VALUES ($1, 'A', $2, $2, $3, 0)";
    store
        .change(sql, values![realm.uuid(), realm.to_string(), vec![0_u8]])
        .await
        .unwrap();
    realm
}

/// Six digits, so that it can be exhausted.
fn small(name: &str, code: u8, sole: bool, reissue: Reissue) -> NewNamespace {
    NewNamespace {
        code: Code::new(code).unwrap(),
        name: name.to_owned(),
        holder_kind: HolderKind::Person,
        digits: Digits::new(6).unwrap(),
        sole,
        reissue,
    }
}

impl Desk {
    async fn open(store: &Store, new: NewNamespace) -> Self {
        let entropy = Entropy::system();
        let realm = new_realm(store, &entropy).await;
        let maker = entropy.clone();
        let space = store
            .write(move |tx: &Tx| {
                Box::pin(async move { create_namespace(tx, realm, new, START, &maker).await })
            })
            .await
            .unwrap();
        Self {
            store: store.clone(),
            realm,
            space: space.id,
            entropy,
        }
    }

    fn place(&self, counter: u64) -> Place {
        Place {
            namespace: self.space,
            counter,
        }
    }

    async fn issue(&self, count: u64) -> Result<Block, NumbersError> {
        self.issue_to(count, None).await
    }

    async fn issue_to(&self, count: u64, issued_to: Option<OperatorId>) -> Result<Block, NumbersError> {
        let Self {
            store,
            realm,
            space,
            entropy,
        } = self.clone();
        let wanted = Issue { count, issued_to };
        store
            .write(move |tx: &Tx| {
                Box::pin(async move { issue(tx, realm, space, wanted, START, &entropy).await })
            })
            .await
    }

    async fn assign(&self, counter: u64, holder: Holder, now: Instant) -> Result<Assignment, NumbersError> {
        self.assign_by(counter, Claim { holder, by: None }, now).await
    }

    async fn assign_by(&self, counter: u64, claim: Claim, now: Instant) -> Result<Assignment, NumbersError> {
        let (
            place,
            Self {
                store,
                realm,
                entropy,
                ..
            },
        ) = (self.place(counter), self.clone());
        store
            .write(move |tx: &Tx| {
                Box::pin(async move { assign(tx, realm, place, claim, now, &entropy).await })
            })
            .await
    }

    async fn change(
        &self,
        id: AssignmentId,
        wanted: Change,
        now: Instant,
    ) -> Result<Assignment, NumbersError> {
        let realm = self.realm;
        self.store
            .write(move |tx: &Tx| Box::pin(async move { change(tx, realm, id, wanted, now).await }))
            .await
    }

    async fn reissuable(
        &self,
        counter: u64,
        references: References,
        now: Instant,
    ) -> Result<Reissuable, NumbersError> {
        reissuable(
            &self.store,
            self.realm,
            self.place(counter),
            &Always(references),
            now,
        )
        .await
    }

    async fn reissue(
        &self,
        number: Reissuable,
        holder: Holder,
        now: Instant,
    ) -> Result<Assignment, NumbersError> {
        let Self {
            store,
            realm,
            entropy,
            ..
        } = self.clone();
        let claim = Claim { holder, by: None };
        store
            .write(move |tx: &Tx| {
                Box::pin(async move { reissue(tx, realm, number, claim, now, &entropy).await })
            })
            .await
    }

    async fn set_reissue(&self, wanted: Reissue) {
        let (realm, space) = (self.realm, self.space);
        self.store
            .write(move |tx: &Tx| Box::pin(async move { set_reissue(tx, realm, space, wanted).await }))
            .await
            .unwrap();
    }

    async fn current(&self, counter: u64) -> Option<Assignment> {
        match find(&self.store, self.realm, self.place(counter)).await {
            Ok(found) => found.current,
            Err(NumbersError::NotFound) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn hub(backend: Backend) -> TestDatabase {
    TestDatabase::hub(backend).await
}
