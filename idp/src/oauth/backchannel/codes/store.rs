//! Codes in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store};
use platform::values;
use sea_orm::FromQueryResult;

use crate::credentials::{PasswordHash, PasswordsError};
use crate::ids::PersonId;
use crate::realms::Realm;

/// The codes of every realm; each call names the realm.
#[derive(Clone, Copy)]
pub struct Codes<'s>(&'s Store);

#[derive(FromQueryResult)]
struct Phc {
    phc: String,
}

impl<'s> Codes<'s> {
    /// The codes in `store`.
    pub fn new(store: &'s Store) -> Self {
        Self(store)
    }

    /// The hash of a person's code; `None` if they have set none.
    pub async fn hash_of(
        self,
        realm: &Realm,
        person: PersonId,
    ) -> Result<Option<PasswordHash>, PasswordsError> {
        let sql = "SELECT phc FROM backchannel_code WHERE person_id = $1 AND realm_id = $2";
        let row: Option<Phc> = self
            .0
            .fetch_optional(sql, values![person.uuid(), realm.id.uuid()])
            .await?;
        Ok(row.map(|row| PasswordHash::from_phc(&row.phc)).transpose()?)
    }

    /// Sets a person's code, in place of any that was there.
    pub async fn set(
        self,
        realm: &Realm,
        person: PersonId,
        hash: &PasswordHash,
        now: Instant,
    ) -> Result<(), DatabaseError> {
        let sql =
            "INSERT INTO backchannel_code (person_id, realm_id, phc, changed_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id) DO UPDATE SET phc = excluded.phc, changed_at = excluded.changed_at";
        let values = values![person.uuid(), realm.id.uuid(), hash.to_phc(), now.as_micros()];
        self.0.change(sql, values).await.map(drop)
    }

    /// Removes a person's code; whether there was one.
    pub async fn remove(self, realm: &Realm, person: PersonId) -> Result<bool, DatabaseError> {
        let sql = "DELETE FROM backchannel_code WHERE person_id = $1 AND realm_id = $2";
        let removed = self
            .0
            .change(sql, values![person.uuid(), realm.id.uuid()])
            .await?;
        Ok(removed == 1)
    }
}
