//! Recovery codes in the database.

use platform::database::{DatabaseError, Queries as _, Tx};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{COUNT, generate, shown};
use crate::factors::store::{INSERT, tell};
use crate::factors::{Factors, FactorsError, Kind, NewFactor};
use crate::ids::{FactorId, PersonId};
use crate::notices::Prepared;
use crate::people::Person;
use crate::realms::Realm;

const CODE: &str = "recovery.code";

#[derive(FromQueryResult)]
struct OfFactor {
    factor_id: Uuid,
}

impl Factors {
    /// Makes a list of recovery codes in place of any that was there. They are shown to nobody but the caller, and never
    /// again.
    pub async fn make_codes(
        &self,
        realm: &Realm,
        person: &Person,
        name: &str,
        told: Option<Prepared>,
    ) -> Result<Vec<String>, FactorsError> {
        let new = NewFactor {
            kind: Kind::Recovery,
            name,
            handle: None,
            secret: b"",
            counter: 0,
        };
        let (id, row) = self.row(realm, person, &new)?;
        let mut list = Vec::with_capacity(COUNT);
        let mut rows = Vec::with_capacity(COUNT);
        for _ in 0..COUNT {
            let code = generate(&self.entropy)?;
            list.push(shown(&code));
            let hash = code_hash(realm, person.id, &code);
            rows.push(values![hash, realm.id.uuid(), person.id.uuid(), id.uuid()]);
        }
        let whose = values![realm.id.uuid(), person.id.uuid()];
        let stored: Result<(), DatabaseError> = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    tx.execute(
                        "DELETE FROM recovery_code WHERE realm_id = $1 AND person_id = $2",
                        whose.clone(),
                    )
                    .await?;
                    tx.execute(
                        "DELETE FROM factor WHERE realm_id = $1 AND person_id = $2 AND kind = 'recovery'",
                        whose,
                    )
                    .await?;
                    tx.execute(INSERT, row).await?;
                    for values in rows {
                        tx.execute(
                            "INSERT INTO recovery_code (hash, realm_id, person_id, factor_id)
                             VALUES ($1, $2, $3, $4)",
                            values,
                        )
                        .await?;
                    }
                    tell(tx, told).await
                })
            })
            .await;
        stored?;
        Ok(list)
    }

    /// Uses up a recovery code; the list that it was on, or `None` if it is none of this person's, or no longer.
    pub(in crate::factors) async fn take_code(
        &self,
        realm: &Realm,
        person: PersonId,
        code: &str,
        told: Prepared,
    ) -> Result<Option<FactorId>, FactorsError> {
        let values = values![code_hash(realm, person, code), realm.id.uuid(), person.uuid()];
        let taken: Result<Option<OfFactor>, DatabaseError> = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let row: Option<OfFactor> = tx
                        .fetch_optional(
                            "DELETE FROM recovery_code
                             WHERE hash = $1 AND realm_id = $2 AND person_id = $3 RETURNING factor_id",
                            values,
                        )
                        .await?;
                    tell(tx, row.is_some().then_some(told)).await?;
                    Ok(row)
                })
            })
            .await;
        Ok(taken?.map(|row| row.factor_id.into()))
    }

    /// How many recovery codes a person has left.
    pub async fn codes_left(&self, realm: &Realm, person: PersonId) -> Result<usize, FactorsError> {
        let rows: Vec<OfFactor> = self
            .store
            .fetch_all(
                "SELECT factor_id FROM recovery_code WHERE realm_id = $1 AND person_id = $2 LIMIT 50",
                values![realm.id.uuid(), person.uuid()],
            )
            .await?;
        Ok(rows.len())
    }
}

/// Bound to the person: another's code is none.
fn code_hash(realm: &Realm, person: PersonId, code: &str) -> Vec<u8> {
    realm.token_hash(CODE, &format!("{person} {code}")).to_vec()
}
