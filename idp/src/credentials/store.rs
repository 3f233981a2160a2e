//! Password hashes and one-time links in the database.

use std::time::Duration;

use platform::clock::{Clock, Instant};
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::phc::{PasswordHash, UnreadableHash};
use crate::browsers::forget_others_in;
use crate::ids::{PersonId, SessionId};
use crate::notices;
use crate::realms::Realm;
use crate::sessions::{end_all_in, end_others_in};

/// Passwords or links could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A stored hash is not one of ours.
    #[error(transparent)]
    Unreadable(#[from] UnreadableHash),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}

/// Passwords, and the links with which they are set.
#[derive(Clone)]
pub struct Passwords {
    store: Store,
    clock: Clock,
    entropy: Entropy,
}

/// A change of a password by whoever is signed in.
#[derive(Debug)]
pub struct Change {
    /// The password that was shown, if there is one.
    pub verified: Option<PasswordHash>,
    /// The new one.
    pub new: PasswordHash,
    /// The session in which it is changed.
    pub kept: SessionId,
    /// What the person is told.
    pub told: notices::Prepared,
}

#[derive(FromQueryResult)]
struct Phc {
    phc: String,
}

#[derive(FromQueryResult)]
struct Link {
    person_id: Uuid,
}

const PURPOSE: &str = "set-password";
const UPSERT: &str = "INSERT INTO password (person_id, realm_id, phc, changed_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (person_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at";
const REVOKE_FAMILIES: &str = "UPDATE token_family SET revoked_at = $3, revoked_because = 'password changed'
     WHERE person_id = $1 AND realm_id = $2 AND revoked_at IS NULL";

/// Every link that sets a password: those that were mailed, and those that an administrator made; and the address at which
/// a calendar program reads without any.
const END_LINKS: [&str; 3] = [
    "DELETE FROM calendar WHERE person_id = $1 AND realm_id = $2",
    "DELETE FROM recovery_link WHERE person_id = $1 AND realm_id = $2",
    "DELETE FROM one_time_link WHERE person_id = $1 AND realm_id = $2 AND purpose = 'set-password'",
];

/// Puts a password in place of any that was there, and ends what that one opened: whoever knew it is out. Links that would
/// set another one end too: whoever changes the password because somebody reads their mail is not to lose it to a letter
/// from before. So does the address of the calendar, which whoever was in may have made. All in the caller's transaction, so that no password is ever new while what the old one opened lives on.
/// The password is first: a session that is being begun waits for that row, or this for it. `kept` is the session of
/// whoever changes it, and goes on.
pub async fn replace(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    (phc, now): (String, Instant),
    kept: Option<SessionId>,
) -> Result<(), DatabaseError> {
    let ids = || values![person.uuid(), realm.uuid()];
    let upsert = [ids(), values![phc, now.as_micros()]].concat();
    tx.execute(UPSERT, upsert).await?;
    match kept {
        Some(kept) => end_others_in(tx, realm, person, kept, now).await?,
        None => end_all_in(tx, realm, person, now).await?,
    };
    for sql in END_LINKS {
        tx.execute(sql, ids()).await?;
    }
    forget_others_in(tx, realm, person, kept, now).await?;
    let revoke = [ids(), values![now.as_micros()]].concat();
    tx.execute(REVOKE_FAMILIES, revoke).await.map(drop)
}

/// Whether a person's password is the one that was verified, or still none; if there is one, nobody changes it any more
/// until this transaction ends.
async fn is_still(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    verified: Option<&PasswordHash>,
) -> Result<bool, DatabaseError> {
    let mut values = values![person.uuid(), realm.uuid()];
    let Some(verified) = verified else {
        let sql = "SELECT phc FROM password WHERE person_id = $1 AND realm_id = $2";
        let row: Option<Phc> = tx.fetch_optional(sql, values).await?;
        return Ok(row.is_none());
    };
    values.push(verified.to_phc().into());
    let sql = "UPDATE password SET phc = phc WHERE person_id = $1 AND realm_id = $2 AND phc = $3";
    Ok(tx.execute(sql, values).await? == 1)
}

impl Passwords {
    /// The passwords in `store`.
    pub fn new(store: Store, clock: Clock, entropy: Entropy) -> Self {
        Self {
            store,
            clock,
            entropy,
        }
    }

    /// A person's hash; `None` if they have set no password.
    pub async fn hash_of(
        &self,
        realm: &Realm,
        person: PersonId,
    ) -> Result<Option<PasswordHash>, PasswordsError> {
        let row: Option<Phc> = self
            .store
            .fetch_optional(
                "SELECT phc FROM password WHERE person_id = $1 AND realm_id = $2",
                values![person.uuid(), realm.id.uuid()],
            )
            .await?;
        Ok(row.map(|row| PasswordHash::from_phc(&row.phc)).transpose()?)
    }

    /// Sets a person's password, and ends what an earlier one opened.
    pub async fn set(
        &self,
        realm: &Realm,
        person: PersonId,
        hash: &PasswordHash,
    ) -> Result<(), PasswordsError> {
        let (realm, phc, now) = (realm.id, hash.to_phc(), self.clock.now());
        self.store
            .write(move |tx: &Tx| Box::pin(replace(tx, realm, person, (phc, now), None)))
            .await
            .map_err(|error: DatabaseError| PasswordsError::from(error))
    }

    /// Changes a person's password if it still is the one that was `verified` (`None`: if they have none), ends what the
    /// old one opened but for one session, and tells them. Whether it was.
    pub async fn change(
        &self,
        realm: &Realm,
        person: PersonId,
        change: Change,
    ) -> Result<bool, PasswordsError> {
        let (realm, now) = (realm.id, self.clock.now());
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    if !is_still(tx, realm, person, change.verified.as_ref()).await? {
                        return Ok(false);
                    }
                    replace(tx, realm, person, (change.new.to_phc(), now), Some(change.kept)).await?;
                    change.told.write(tx).await?;
                    Ok(true)
                })
            })
            .await
            .map_err(|error: DatabaseError| PasswordsError::from(error))
    }

    /// Makes a link with which a person can set their password once; earlier ones of theirs end. The token is shown to
    /// nobody but the caller.
    pub async fn create_link(
        &self,
        realm: &Realm,
        person: PersonId,
        life: Duration,
    ) -> Result<String, PasswordsError> {
        let token = self.entropy.token()?;
        let hash = realm.token_hash(PURPOSE, &token).to_vec();
        let (realm, now) = (realm.id.uuid(), self.clock.now());
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    tx.execute(
                        "DELETE FROM one_time_link WHERE realm_id = $1 AND purpose = $2 AND person_id = $3",
                        values![realm, PURPOSE, person.uuid()],
                    )
                    .await?;
                    tx.execute(
                        "INSERT INTO one_time_link (hash, realm_id, purpose, person_id, created_at, expires_at)
                         VALUES ($1, $2, $3, $4, $5, $6)",
                        values![hash, realm, PURPOSE, person.uuid(), now.as_micros(), now.plus(life).as_micros()],
                    )
                    .await
                    .map(drop)
                })
            })
            .await
            .map_err(|error: DatabaseError| PasswordsError::from(error))?;
        Ok(token)
    }

    /// Whose link a token is, without using it up.
    pub async fn person_of_link(
        &self,
        realm: &Realm,
        token: &str,
    ) -> Result<Option<PersonId>, PasswordsError> {
        let row: Option<Link> = self
            .store
            .fetch_optional(
                "SELECT person_id FROM one_time_link
                 WHERE hash = $1 AND realm_id = $2 AND purpose = $3 AND expires_at > $4",
                self.link_values(realm, token),
            )
            .await?;
        Ok(row.map(|row| row.person_id.into()))
    }

    /// Uses up a link, sets the password and ends what an earlier one opened, all or nothing; `None` if the link was used
    /// or its time is over. Caches of sessions and token families still have to be told.
    pub async fn set_by_link(
        &self,
        realm: &Realm,
        token: &str,
        hash: &PasswordHash,
        told: notices::Prepared,
    ) -> Result<Option<PersonId>, PasswordsError> {
        let take = self.link_values(realm, token);
        let (realm, phc, now) = (realm.id, hash.to_phc(), self.clock.now());
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let row: Option<Link> = tx
                        .fetch_optional(
                            "DELETE FROM one_time_link
                             WHERE hash = $1 AND realm_id = $2 AND purpose = $3 AND expires_at > $4
                             RETURNING person_id",
                            take,
                        )
                        .await?;
                    let Some(Link { person_id }) = row else {
                        return Ok(None);
                    };
                    let person = PersonId::from(person_id);
                    replace(tx, realm, person, (phc, now), None).await?;
                    told.write(tx).await?;
                    Ok(Some(person))
                })
            })
            .await
            .map_err(|error: DatabaseError| PasswordsError::from(error))
    }

    fn link_values(&self, realm: &Realm, token: &str) -> Vec<sea_orm::Value> {
        let hash = realm.token_hash(PURPOSE, token).to_vec();
        values![hash, realm.id.uuid(), PURPOSE, self.clock.now().as_micros()]
    }
}
