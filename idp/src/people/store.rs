//! People in the database.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::{Clock, Instant};
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::encoding::hex;
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{Aad, DataKey, SealError, keyed_hash};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::fields::InvalidField;
use super::model::{IdentifierKind, InvalidIdentifier, NewPerson, PersonState, Profile, normalise};
use super::numbering::give;
use super::search::{insert_tokens, tokens};
use crate::events::{Event, Kind};
use crate::ids::PersonId;
use crate::mail::MailError;
use crate::numbers::NumbersError;
use crate::realms::Realm;

/// Something about people could not be read or done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// A login name or address cannot be used.
    #[error(transparent)]
    Identifier(#[from] InvalidIdentifier),
    /// Another person has this login name or address, or had it too recently.
    #[error("this login name or e-mail address is taken, or was another person's until too recently")]
    Taken,
    /// A value does not fit its field.
    #[error(transparent)]
    Field(#[from] InvalidField),
    /// The date of birth of somebody who has a guardian by law.
    #[error("the date of birth of a ward is changed by an administrator")]
    Ward,
    /// The person was changed by somebody else since the caller saw them.
    #[error("this was changed by somebody else in between")]
    Raced,
    /// What the person is told could not be written.
    #[error("a notice could not be written")]
    Notice(#[from] Box<MailError>),
    /// The person could not be given a number.
    #[error(transparent)]
    Number(#[from] NumbersError),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A sealed value does not open.
    #[error("a sealed value does not open")]
    Sealed(#[from] SealError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// A profile is not what this version writes.
    #[error("a profile cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// A person whose profile is open.
#[derive(Debug, Clone)]
pub struct Person {
    /// The internal key.
    pub id: PersonId,
    /// Whether they may sign in.
    pub state: PersonState,
    /// What is known about them.
    pub profile: Profile,
    /// BCP 47 tag of their language.
    pub locale: Option<String>,
    /// Microseconds since the epoch of the last change of the profile.
    pub updated_at: i64,
    /// The key that seals what is theirs.
    pub key: Arc<DataKey>,
}

impl Person {
    /// What to call them: their name, or their login name where there is none.
    pub fn display_name(&self) -> &str {
        self.profile.name.as_deref().unwrap_or(&self.profile.login)
    }

    /// Whether they may sign in and use what they granted.
    pub fn may_sign_in(&self) -> bool {
        self.state == PersonState::Active
    }
}

/// The people of every realm; each call names the realm. Those in use are cached for a second.
#[derive(Clone)]
pub struct People {
    store: Store,
    clock: Clock,
    entropy: Entropy,
    known: Cache<(RealmId, PersonId), Arc<Person>>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    state: String,
    sealed_key: Option<Vec<u8>>,
    sealed_profile: Option<Vec<u8>>,
    locale: Option<String>,
    updated_at: i64,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

#[derive(FromQueryResult)]
struct Scope {
    scope: String,
}

const COLUMNS: &str = "SELECT id, state, sealed_key, sealed_profile, locale, updated_at FROM person";

impl People {
    /// The people in `store`.
    pub fn new(store: Store, clock: Clock, entropy: Entropy) -> Self {
        let known = Cache::builder()
            .max_capacity(20_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self {
            store,
            clock,
            entropy,
            known,
        }
    }

    /// Makes a person with the names of their profile and a number, in one transaction.
    pub async fn create(&self, realm: &Realm, new: NewPerson) -> Result<Person, PeopleError> {
        let prepared = self.prepare(realm, &new)?;
        let person = prepared.person.clone();
        self.store
            .write(move |tx: &Tx| Box::pin(prepared.write(tx)))
            .await?;
        Ok(person)
    }

    /// Prepares a person, to be made in the caller's transaction.
    pub fn prepare(&self, realm: &Realm, new: &NewPerson) -> Result<Prepared, PeopleError> {
        let now = self.clock.now();
        let id = PersonId::new(&self.entropy, now)?;
        let key = DataKey::generate(&self.entropy)?;
        let sealed_key = realm
            .keys
            .root
            .wrap(&self.entropy, &key, &aad(realm, id, "person.key"))?;
        let profile = serde_json::to_vec(&new.profile)?;
        let sealed_profile = key.seal(&self.entropy, &aad(realm, id, "person.profile"), &profile)?;
        let mut statements = vec![(
            "INSERT INTO person (id, realm_id, state, sealed_key, sealed_profile, locale, created_at, updated_at)
             VALUES ($1, $2, 'active', $3, $4, $5, $6, $6)",
            values![id.uuid(), realm.id.uuid(), sealed_key, sealed_profile, new.locale.clone(), now.as_micros()],
        )];
        let names = [
            (IdentifierKind::Login, Some(&new.profile.login)),
            (IdentifierKind::Email, new.profile.email.as_ref()),
        ];
        for (kind, name) in names {
            let Some(name) = name else { continue };
            let hash = identifier_hash(realm, kind, &normalise(kind, name)?);
            let sealed = key.seal(&self.entropy, &aad(realm, id, kind.as_str()), name.as_bytes())?;
            statements.push((
                "INSERT INTO identifier (realm_id, kind, hash, person_id, sealed_value, state, created_at)
                 VALUES ($1, $2, $3, $4, $5, 'active', $6)",
                values![
                    realm.id.uuid(),
                    kind.as_str(),
                    hash.to_vec(),
                    id.uuid(),
                    sealed,
                    now.as_micros()
                ],
            ));
        }
        for power in &new.powers {
            statements.push((
                "INSERT INTO power (realm_id, person_id, scope, granted_at) VALUES ($1, $2, $3, $4)",
                values![realm.id.uuid(), id.uuid(), power.clone(), now.as_micros()],
            ));
        }
        let person = Person {
            id,
            state: PersonState::Active,
            profile: new.profile.clone(),
            locale: new.locale.clone(),
            updated_at: now.as_micros(),
            key: Arc::new(key),
        };
        Ok(Prepared {
            tokens: tokens(realm, &person.profile),
            person,
            realm: realm.id,
            statements,
            now,
            entropy: self.entropy.clone(),
        })
    }

    /// The person whom a login name or e-mail address points to.
    pub async fn by_identifier(
        &self,
        realm: &Realm,
        kind: IdentifierKind,
        name: &str,
    ) -> Result<Option<Person>, PeopleError> {
        let Ok(name) = normalise(kind, name) else {
            return Ok(None);
        };
        let sql = format!(
            "{COLUMNS} WHERE realm_id = $1 AND id =
             (SELECT person_id FROM identifier WHERE realm_id = $1 AND kind = $2 AND hash = $3 AND state = 'active')"
        );
        let hash = identifier_hash(realm, kind, &name).to_vec();
        let row: Option<Row> = self
            .store
            .fetch_optional(&sql, values![realm.id.uuid(), kind.as_str(), hash])
            .await?;
        row.and_then(|row| open(realm, row).transpose()).transpose()
    }

    /// Whether a name, as a login name or as an e-mail address, is somebody's, or was until too recently.
    pub async fn has_name(&self, realm: &Realm, name: &str) -> Result<bool, PeopleError> {
        let hash = |kind| {
            let normal = normalise(kind, name);
            normal.map(|normal| identifier_hash(realm, kind, &normal).to_vec())
        };
        let login = hash(IdentifierKind::Login)?;
        let email = hash(IdentifierKind::Email).unwrap_or_default();
        let sql = "SELECT count(*) AS count FROM identifier WHERE realm_id = $1
             AND ((kind = 'login' AND hash = $2) OR (kind = 'email' AND hash = $3))";
        let row: Option<Count> = self
            .store
            .fetch_optional(sql, values![realm.id.uuid(), login, email])
            .await?;
        Ok(row.is_some_and(|row| row.count > 0))
    }

    /// A person by their key.
    pub async fn by_id(&self, realm: &Realm, id: PersonId) -> Result<Option<Arc<Person>>, PeopleError> {
        if let Some(known) = self.known.get(&(realm.id, id)).await {
            return Ok(Some(known));
        }
        let found = self.read(realm, id).await?.map(Arc::new);
        if let Some(person) = &found {
            self.known.insert((realm.id, id), person.clone()).await;
        }
        Ok(found)
    }

    async fn read(&self, realm: &Realm, id: PersonId) -> Result<Option<Person>, PeopleError> {
        let sql = format!("{COLUMNS} WHERE realm_id = $1 AND id = $2");
        let row: Option<Row> = self
            .store
            .fetch_optional(&sql, values![realm.id.uuid(), id.uuid()])
            .await?;
        row.and_then(|row| open(realm, row).transpose()).transpose()
    }

    /// People in the order in which they were made; at most `limit`, after `after`.
    pub async fn list(
        &self,
        realm: &Realm,
        after: Option<PersonId>,
        limit: u32,
    ) -> Result<Vec<Person>, PeopleError> {
        let sql = format!("{COLUMNS} WHERE realm_id = $1 AND id > $2 ORDER BY id LIMIT $3");
        let after = after.map_or(Uuid::nil(), PersonId::uuid);
        let rows: Vec<Row> = self
            .store
            .fetch_all(&sql, values![realm.id.uuid(), after, i64::from(limit)])
            .await?;
        rows.into_iter()
            .filter_map(|row| open(realm, row).transpose())
            .collect()
    }

    /// Lets a person sign in again, or no more; whether that is a change, of which peers then hear. Their sessions are the caller's to end.
    pub async fn set_state(
        &self,
        realm: &Realm,
        id: PersonId,
        state: PersonState,
    ) -> Result<bool, PeopleError> {
        let now = self.clock.now();
        let kind = match state {
            PersonState::Active => Kind::AccountEnabled,
            PersonState::Suspended => Kind::AccountDisabled,
        };
        let event = Event::about(id, kind).prepare(realm, (&self.entropy, now))?;
        let values = values![realm.id.uuid(), id.uuid(), state.as_str(), now.as_micros()];
        let changed = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let sql = "UPDATE person SET state = $3, updated_at = $4
                        WHERE realm_id = $1 AND id = $2 AND state <> $3 AND sealed_key IS NOT NULL";
                    let changed = tx.execute(sql, values).await?;
                    if changed == 1 {
                        event.write(tx).await?;
                    }
                    Ok::<u64, DatabaseError>(changed)
                })
            })
            .await?;
        self.known.invalidate(&(realm.id, id)).await;
        Ok(changed == 1)
    }

    /// Forgets what is cached of a person, after a change in somebody's transaction.
    pub async fn forget(&self, realm: &Realm, id: PersonId) {
        self.known.invalidate(&(realm.id, id)).await;
    }

    /// Whether anybody in the realm holds a power over its API: a realm without such a person has no administrator.
    pub async fn anyone_has_powers(&self, realm: &Realm) -> Result<bool, PeopleError> {
        let sql = "SELECT scope FROM power WHERE realm_id = $1 LIMIT 1";
        let found: Option<Scope> = self.store.fetch_optional(sql, values![realm.id.uuid()]).await?;
        Ok(found.is_some())
    }

    /// The scopes of the realm's API that a person holds.
    pub async fn powers(&self, realm: &Realm, id: PersonId) -> Result<Vec<String>, PeopleError> {
        let rows: Vec<Scope> = self
            .store
            .fetch_all(
                "SELECT scope FROM power WHERE realm_id = $1 AND person_id = $2 ORDER BY scope",
                values![realm.id.uuid(), id.uuid()],
            )
            .await?;
        Ok(rows.into_iter().map(|row| row.scope).collect())
    }
}

/// A person who is not made yet.
#[must_use = "a person who is not written is nobody"]
pub struct Prepared {
    /// Who they will be.
    pub person: Person,
    realm: RealmId,
    statements: Vec<(&'static str, Vec<sea_orm::Value>)>,
    tokens: Vec<Vec<u8>>,
    now: Instant,
    entropy: Entropy,
}

impl Prepared {
    /// Makes them, with their names and a number. `Taken`: somebody else has one of the names, or had it too recently.
    pub async fn write(self, tx: &Tx) -> Result<(), PeopleError> {
        let Self {
            person,
            realm,
            statements,
            tokens,
            now,
            entropy,
        } = self;
        for (sql, values) in statements {
            match tx.execute(sql, values).await {
                Err(DatabaseError::Conflict) => return Err(PeopleError::Taken),
                outcome => outcome?,
            };
        }
        insert_tokens(tx, realm, person.id, tokens).await?;
        Ok(give(tx, realm, person.id, now, &entropy).await?)
    }
}

/// The blind index of a name: a keyed hash, so that the table tells nothing without the realm's key.
pub(super) fn identifier_hash(realm: &Realm, kind: IdentifierKind, normal: &str) -> [u8; 32] {
    keyed_hash(&realm.keys.identifiers, kind.as_str(), normal.as_bytes())
}

/// A login name in rows of the log that are not sealed under its owner's key: what is erased must not be read there.
pub fn login_hash(realm: &Realm, login: &str) -> String {
    let normal = normalise(IdentifierKind::Login, login).unwrap_or_default();
    hex(keyed_hash(
        &realm.keys.identifiers,
        "log.login",
        normal.as_bytes(),
    ))
}

pub(super) fn aad(realm: &Realm, person: PersonId, kind: &'static str) -> Aad {
    Aad::new(realm.id.uuid(), kind, person.uuid().as_bytes(), b"")
}

/// Opens a row; a person whose key was destroyed is no longer there.
fn open(realm: &Realm, row: Row) -> Result<Option<Person>, PeopleError> {
    let (Some(sealed_key), Some(sealed_profile)) = (row.sealed_key, row.sealed_profile) else {
        return Ok(None);
    };
    let id = PersonId::from(row.id);
    let key = realm
        .keys
        .root
        .unwrap(&sealed_key, &aad(realm, id, "person.key"))?;
    let profile = serde_json::from_slice(&key.open(&aad(realm, id, "person.profile"), &sealed_profile)?)?;
    Ok(Some(Person {
        id,
        state: PersonState::parse(&row.state),
        profile,
        locale: row.locale,
        updated_at: row.updated_at,
        key: Arc::new(key),
    }))
}

impl From<MailError> for PeopleError {
    fn from(error: MailError) -> Self {
        Self::Notice(Box::new(error))
    }
}
