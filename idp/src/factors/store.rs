//! Factors in the database.

use platform::clock::{Clock, Instant};
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{Aad, SealError};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Factor, Kind};
use crate::ids::{FactorId, PersonId, SessionId};
use crate::notices::Prepared;
use crate::people::Person;
use crate::realms::Realm;
use crate::sessions::{end_all_in, end_others_in};

/// Factors could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FactorsError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A sealed value does not open.
    #[error("a factor does not open")]
    Sealed(#[from] SealError),
    /// A row is not what this version writes.
    #[error("a factor cannot be read")]
    Unreadable,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}

/// A factor to be kept.
#[derive(Clone, Copy)]
pub struct NewFactor<'a> {
    /// What it is.
    pub kind: Kind,
    /// What the person calls it.
    pub name: &'a str,
    /// What it is known again by, for who does not say who they are: hashed.
    pub handle: Option<&'a [u8]>,
    /// To be sealed.
    pub secret: &'a [u8],
    /// Where it stands.
    pub counter: i64,
}

/// The factors of every realm's people; each call names the realm.
#[derive(Clone)]
pub struct Factors {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    kind: String,
    sealed_name: Vec<u8>,
    sealed_secret: Option<Vec<u8>>,
    counter: i64,
    created_at: i64,
    used_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct KindRow {
    kind: String,
}

#[derive(FromQueryResult)]
struct Owner {
    id: Uuid,
    person_id: Uuid,
}

/// How many factors a person has at the most.
const MOST: i64 = 20;
const NAME: &str = "factor.name";
const SECRET: &str = "factor.secret";
const HANDLE: &str = "factor.handle";
pub(super) const INSERT: &str =
    "INSERT INTO factor (id, realm_id, person_id, kind, handle, sealed_name, sealed_secret, counter,
     created_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
     WHERE (SELECT COUNT(*) FROM factor WHERE realm_id = $2 AND person_id = $3) < $10";

/// Takes every factor from a person, in the caller's transaction; how many there were.
pub async fn remove_all(tx: &Tx, realm: RealmId, person: PersonId) -> Result<u64, DatabaseError> {
    let whose = || values![realm.uuid(), person.uuid()];
    tx.execute(
        "DELETE FROM recovery_code WHERE realm_id = $1 AND person_id = $2",
        whose(),
    )
    .await?;
    tx.execute(
        "DELETE FROM factor WHERE realm_id = $1 AND person_id = $2",
        whose(),
    )
    .await
}

/// Tells the person, if there is something to tell.
pub(super) async fn tell(tx: &Tx, told: Option<Prepared>) -> Result<(), DatabaseError> {
    match told {
        Some(told) => told.write(tx).await,
        None => Ok(()),
    }
}

/// Ends what a person's factors may have opened, except in the session `keep`.
async fn end_others(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    keep: Option<SessionId>,
    now: Instant,
) -> Result<(), DatabaseError> {
    match keep {
        Some(keep) => end_others_in(tx, realm, person, keep, now).await?,
        None => end_all_in(tx, realm, person, now).await?,
    };
    let keep = keep.map_or(Uuid::nil(), SessionId::uuid);
    tx.execute(
        "UPDATE token_family SET revoked_at = $4, revoked_because = 'factor removed'
         WHERE realm_id = $1 AND person_id = $2 AND (sid IS NULL OR sid <> $3) AND revoked_at IS NULL",
        values![realm.uuid(), person.uuid(), keep, now.as_micros()],
    )
    .await
    .map(drop)
}

impl Factors {
    /// The factors in `store`.
    pub fn new(store: Store, clock: Clock, entropy: Entropy) -> Self {
        Self {
            store,
            clock,
            entropy,
        }
    }

    /// The kinds of a person's factors.
    pub async fn kinds(&self, realm: &Realm, person: PersonId) -> Result<Vec<Kind>, FactorsError> {
        let rows: Vec<KindRow> = self
            .store
            .fetch_all(
                "SELECT kind FROM factor WHERE realm_id = $1 AND person_id = $2 ORDER BY created_at LIMIT 50",
                values![realm.id.uuid(), person.uuid()],
            )
            .await?;
        rows.iter()
            .map(|row| Kind::parse(&row.kind).ok_or(FactorsError::Unreadable))
            .collect()
    }

    /// Whether a person has a second factor; recovery codes only stand in for one.
    pub async fn any_second(&self, realm: &Realm, person: PersonId) -> Result<bool, FactorsError> {
        let kinds = self.kinds(realm, person).await?;
        Ok(kinds.iter().any(|kind| *kind != Kind::Recovery))
    }

    /// A person's factors, the oldest first.
    pub async fn list(&self, realm: &Realm, person: &Person) -> Result<Vec<Factor>, FactorsError> {
        let rows: Vec<Row> = self
            .store
            .fetch_all(
                "SELECT id, kind, sealed_name, sealed_secret, counter, created_at, used_at FROM factor
                 WHERE realm_id = $1 AND person_id = $2 ORDER BY created_at, id LIMIT 50",
                values![realm.id.uuid(), person.id.uuid()],
            )
            .await?;
        rows.into_iter().map(|row| open(realm, person, row)).collect()
    }

    /// Keeps a factor, and tells the person so in the same transaction; `None` if the person has as many as they can have, or somebody has this very one.
    pub async fn add(
        &self,
        realm: &Realm,
        person: &Person,
        new: NewFactor<'_>,
        told: Option<Prepared>,
    ) -> Result<Option<FactorId>, FactorsError> {
        let (id, values) = self.row(realm, person, &new)?;
        let kept = self.store.write(move |tx: &Tx| {
            Box::pin(async move {
                let kept = tx.execute(INSERT, values).await?;
                tell(tx, told.filter(|_| kept == 1)).await?;
                Ok(kept)
            })
        });
        match kept.await {
            Ok(1) => Ok(Some(id)),
            Ok(_) | Err(DatabaseError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn row(
        &self,
        realm: &Realm,
        person: &Person,
        new: &NewFactor<'_>,
    ) -> Result<(FactorId, Vec<sea_orm::Value>), FactorsError> {
        let now = self.clock.now();
        let id = FactorId::new(&self.entropy, now)?;
        let seal = |kind: &str, bytes: &[u8]| {
            person
                .key
                .seal(&self.entropy, &aad(realm, person.id, id, kind), bytes)
        };
        let values = values![
            id.uuid(),
            realm.id.uuid(),
            person.id.uuid(),
            new.kind.as_str(),
            new.handle.map(|handle| handle_hash(realm, handle)),
            seal(NAME, new.name.as_bytes())?,
            Some(seal(SECRET, new.secret)?),
            new.counter,
            now.as_micros(),
            // A list of codes stands in for the others: it always has room.
            if new.kind == Kind::Recovery {
                MOST + 1
            } else {
                MOST
            }
        ];
        Ok((id, values))
    }

    /// Whose factor a handle is.
    pub async fn by_handle(
        &self,
        realm: &Realm,
        handle: &[u8],
    ) -> Result<Option<(PersonId, FactorId)>, FactorsError> {
        let row: Option<Owner> = self
            .store
            .fetch_optional(
                "SELECT id, person_id FROM factor WHERE realm_id = $1 AND handle = $2",
                values![realm.id.uuid(), handle_hash(realm, handle)],
            )
            .await?;
        Ok(row.map(|row| (row.person_id.into(), row.id.into())))
    }

    /// Moves a factor on to `counter`; whether it stood before that and is still the person's. A step of a code is used
    /// up by this, whoever else tries it at the same moment.
    pub async fn advance(
        &self,
        realm: &Realm,
        person: PersonId,
        factor: FactorId,
        counter: i64,
    ) -> Result<bool, FactorsError> {
        let changed = self
            .store
            .change(
                "UPDATE factor SET counter = $4, used_at = $5
                 WHERE id = $1 AND realm_id = $2 AND person_id = $3 AND counter < $4",
                values![
                    factor.uuid(),
                    realm.id.uuid(),
                    person.uuid(),
                    counter,
                    self.clock.now().as_micros()
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Notes a use of a passkey, with what is now known about it; whether it still stands where it was read.
    pub async fn used(
        &self,
        realm: &Realm,
        person: &Person,
        factor: &Factor,
        secret: &[u8],
        counter: i64,
    ) -> Result<bool, FactorsError> {
        let sealed = person
            .key
            .seal(&self.entropy, &aad(realm, person.id, factor.id, SECRET), secret)?;
        let changed = self
            .store
            .change(
                "UPDATE factor SET sealed_secret = $4, counter = $5, used_at = $6
                 WHERE id = $1 AND realm_id = $2 AND person_id = $3 AND counter = $7",
                values![
                    factor.id.uuid(),
                    realm.id.uuid(),
                    person.id.uuid(),
                    sealed,
                    counter,
                    self.clock.now().as_micros(),
                    factor.counter
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Gives a factor another name; whether there is such a one.
    pub async fn rename(
        &self,
        realm: &Realm,
        person: &Person,
        factor: FactorId,
        name: &str,
    ) -> Result<bool, FactorsError> {
        let sealed = person.key.seal(
            &self.entropy,
            &aad(realm, person.id, factor, NAME),
            name.as_bytes(),
        )?;
        let changed = self
            .store
            .change(
                "UPDATE factor SET sealed_name = $4 WHERE id = $1 AND realm_id = $2 AND person_id = $3",
                values![factor.uuid(), realm.id.uuid(), person.id.uuid(), sealed],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Takes a factor from a person, with what it opened in other sessions than `keep`; recovery codes go with the last
    /// factor that they stand in for. Not the last way to sign in: whoever has no password keeps a passkey. Whether it is
    /// gone. Caches of sessions and token families still have to be told.
    pub async fn remove(
        &self,
        realm: &Realm,
        person: PersonId,
        factor: FactorId,
        (keep, told): (Option<SessionId>, Option<Prepared>),
    ) -> Result<bool, FactorsError> {
        let (realm, now) = (realm.id, self.clock.now());
        let whose = move || values![realm.uuid(), person.uuid()];
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    tx.execute(
                        "DELETE FROM recovery_code WHERE realm_id = $1 AND person_id = $2 AND factor_id = $3",
                        values![realm.uuid(), person.uuid(), factor.uuid()],
                    )
                    .await?;
                    let gone = tx
                        .execute(
                            "DELETE FROM factor WHERE realm_id = $1 AND person_id = $2 AND id = $3
                             AND (kind NOT LIKE 'passkey%'
                                 OR EXISTS (SELECT 1 FROM password WHERE realm_id = $1 AND person_id = $2)
                                 OR EXISTS (SELECT 1 FROM factor AS other WHERE other.realm_id = $1
                                     AND other.person_id = $2 AND other.id <> $3 AND other.kind LIKE 'passkey%'))",
                            values![realm.uuid(), person.uuid(), factor.uuid()],
                        )
                        .await?;
                    if gone == 0 {
                        return Ok(false);
                    }
                    let others: Vec<KindRow> = tx
                        .fetch_all(
                            "SELECT kind FROM factor WHERE realm_id = $1 AND person_id = $2
                             AND kind <> 'recovery' LIMIT 1",
                            whose(),
                        )
                        .await?;
                    if others.is_empty() {
                        remove_all(tx, realm, person).await?;
                    }
                    end_others(tx, realm, person, keep, now).await?;
                    tell(tx, told).await?;
                    Ok(true)
                })
            })
            .await
            .map_err(|error: DatabaseError| FactorsError::from(error))
    }

    /// Takes every factor from a person, and ends every session and token of theirs; how many factors there were.
    pub async fn reset(
        &self,
        realm: &Realm,
        person: PersonId,
        told: Option<Prepared>,
    ) -> Result<u64, FactorsError> {
        let (realm, now) = (realm.id, self.clock.now());
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let gone = remove_all(tx, realm, person).await?;
                    end_others(tx, realm, person, None, now).await?;
                    tell(tx, told.filter(|_| gone > 0)).await?;
                    Ok(gone)
                })
            })
            .await
            .map_err(|error: DatabaseError| FactorsError::from(error))
    }
}

fn handle_hash(realm: &Realm, handle: &[u8]) -> Vec<u8> {
    platform::keys::keyed_hash(&realm.keys.identifiers, HANDLE, handle).to_vec()
}

fn aad(realm: &Realm, person: PersonId, factor: FactorId, kind: &str) -> Aad {
    Aad::new(
        realm.id.uuid(),
        kind,
        person.uuid().as_bytes(),
        factor.uuid().as_bytes(),
    )
}

fn open(realm: &Realm, person: &Person, row: Row) -> Result<Factor, FactorsError> {
    let id = FactorId::from(row.id);
    let name = person
        .key
        .open(&aad(realm, person.id, id, NAME), &row.sealed_name)?;
    let sealed = row.sealed_secret.ok_or(FactorsError::Unreadable)?;
    Ok(Factor {
        id,
        kind: Kind::parse(&row.kind).ok_or(FactorsError::Unreadable)?,
        name: String::from_utf8_lossy(&name).into_owned(),
        counter: row.counter,
        created_at: Instant::from_micros(row.created_at),
        used_at: row.used_at.map(Instant::from_micros),
        secret: person.key.open(&aad(realm, person.id, id, SECRET), &sealed)?,
    })
}
