//! Ties in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries, Tx};
use platform::ids::RealmId;
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::majority::majority;
use super::model::{Basis, Power, Powers, Relation, Tie, Who};
use crate::hub::Hub;
use crate::ids::{PersonId, TieId};
use crate::notices::{self, Notice};
use crate::people::{By, PeopleError, Person};
use crate::realms::Realm;
use crate::recovery::family::{distrust_in, trust_in};

/// The most ties that one person has in one direction and that are read.
const MOST: i64 = 200;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    other_id: Uuid,
    relation: String,
    powers: String,
    basis: Option<String>,
    from_at: i64,
    until_at: Option<i64>,
}

const COLUMNS: &str = "SELECT id, person_id, other_id, relation, powers, basis, from_at, until_at FROM tie";

impl Row {
    /// A word that this version does not know gives nothing.
    fn tie(self) -> Option<Tie> {
        Some(Tie {
            id: self.id.into(),
            person: self.person_id.into(),
            other: self.other_id.into(),
            relation: Relation::parse(&self.relation)?,
            powers: Powers::parse(&self.powers),
            basis: match self.basis {
                Some(word) => Some(Basis::parse(&word)?),
                None => None,
            },
            from_at: Instant::from_micros(self.from_at),
            until_at: self.until_at.map(Instant::from_micros),
        })
    }
}

/// Keeps the ties that hold now.
async fn live(hub: &Hub, realm: &Realm, rows: Vec<Row>) -> Result<Vec<Tie>, PeopleError> {
    let now = hub.clock.now();
    let mut live = Vec::with_capacity(rows.len());
    for tie in rows.into_iter().filter_map(Row::tie) {
        // Who was erased is nobody's family any more, and nobody is theirs.
        let Some(person) = hub.people.by_id(realm, tie.person).await? else {
            continue;
        };
        if hub.people.by_id(realm, tie.other).await?.is_none() {
            continue;
        }
        if tie.is_live(now, person.profile.details.birthdate.as_deref()) {
            live.push(tie);
        }
    }
    Ok(live)
}

/// The people who may do something for a person now.
pub async fn of(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<Tie>, PeopleError> {
    let sql = format!(
        "{COLUMNS} WHERE realm_id = $1 AND person_id = $2 AND state = 'active' ORDER BY from_at, id LIMIT $3"
    );
    let values = values![realm.id.uuid(), person.uuid(), MOST];
    let rows = hub.store.fetch_all(&sql, values).await?;
    live(hub, realm, rows).await
}

/// The people for whom somebody may do something now.
pub async fn toward(hub: &Hub, realm: &Realm, other: PersonId) -> Result<Vec<Tie>, PeopleError> {
    let sql = format!(
        "{COLUMNS} WHERE realm_id = $1 AND other_id = $2 AND state = 'active' ORDER BY from_at, id LIMIT $3"
    );
    let values = values![realm.id.uuid(), other.uuid(), MOST];
    let rows = hub.store.fetch_all(&sql, values).await?;
    live(hub, realm, rows).await
}

/// The ties by which somebody decides in the place of others now: a guardian's wards.
pub async fn wards(hub: &Hub, realm: &Realm, guardian: PersonId) -> Result<Vec<Tie>, PeopleError> {
    let ties = toward(hub, realm, guardian).await?;
    Ok(ties.into_iter().filter(Tie::decides).collect())
}

/// Whether a tie still holds, kept so until the transaction ends.
pub async fn holds_in(tx: &Tx, realm: RealmId, tie: TieId) -> Result<bool, DatabaseError> {
    let sql = "UPDATE tie SET state = state WHERE realm_id = $1 AND id = $2 AND state = 'active'";
    Ok(tx.execute(sql, values![realm.uuid(), tie.uuid()]).await? == 1)
}

/// The tie by which `other` may do something for `person` now.
pub async fn between(
    hub: &Hub,
    realm: &Realm,
    other: PersonId,
    person: PersonId,
) -> Result<Option<Tie>, PeopleError> {
    let sql = format!(
        "{COLUMNS} WHERE realm_id = $1 AND person_id = $2 AND other_id = $3 AND state = 'active' LIMIT 1"
    );
    let values = values![realm.id.uuid(), person.uuid(), other.uuid()];
    let rows = hub.store.fetch_all(&sql, values).await?;
    Ok(live(hub, realm, rows).await?.pop())
}

/// The people who are told of alerts about somebody.
pub async fn alerted(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<PersonId>, PeopleError> {
    let ties = of(hub, realm, person).await?;
    let told = ties.into_iter().filter(|tie| tie.powers.has(Power::Alerts));
    Ok(told.map(|tie| tie.other).collect())
}

/// Whether a person has a guardian by law now.
pub async fn has_guardian(hub: &Hub, realm: &Realm, person: PersonId) -> Result<bool, PeopleError> {
    let ties = of(hub, realm, person).await?;
    Ok(ties.iter().any(|tie| tie.basis.is_some()))
}

/// A tie to be made.
pub(super) struct New {
    pub person: PersonId,
    pub other: PersonId,
    pub relation: Relation,
    pub powers: Powers,
    pub basis: Option<Basis>,
    pub until_at: Option<Instant>,
    pub sealed_evidence: Option<Vec<u8>>,
}

/// Makes a tie in somebody's transaction; `Conflict` if there is one already. One that is over by time makes room first.
pub(super) async fn insert(
    tx: &Tx,
    realm: &Realm,
    (id, new): (TieId, New),
    now: Instant,
) -> Result<(), DatabaseError> {
    tx.execute(
        "UPDATE tie SET state = 'ended', ended_at = until_at, ended_via = 'time'
         WHERE realm_id = $1 AND person_id = $2 AND other_id = $3 AND state = 'active' AND until_at <= $4",
        values![
            realm.id.uuid(),
            new.person.uuid(),
            new.other.uuid(),
            now.as_micros()
        ],
    )
    .await?;
    let made = tx
        .execute(
            "INSERT INTO tie (id, realm_id, person_id, other_id, relation, powers, basis, state, sealed_evidence,
             from_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, $10)
             ON CONFLICT DO NOTHING",
            values![
                id.uuid(),
                realm.id.uuid(),
                new.person.uuid(),
                new.other.uuid(),
                new.relation.as_str(),
                new.powers.words(),
                new.basis.map(Basis::as_str),
                new.sealed_evidence,
                now.as_micros(),
                new.until_at.map(Instant::as_micros)
            ],
        )
        .await?;
    if made == 0 {
        return Err(DatabaseError::Conflict);
    }
    if new.powers.has(Power::Recovery) {
        trust_in(tx, realm, new.person, (new.other, now)).await?;
    }
    Ok(())
}

/// A guardian that cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum GuardianError {
    /// They are the same person.
    #[error("nobody is their own guardian")]
    Same,
    /// The ward is of age, or it is not known when they were born.
    #[error("the ward is not known to be a minor")]
    NotMinor,
    /// The guardian is a minor.
    #[error("the guardian is a minor")]
    MinorGuardian,
    /// There is a tie between the two already.
    #[error("they are tied already")]
    Tied,
    /// Something did not work.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl From<DatabaseError> for GuardianError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Conflict => Self::Tied,
            other => Self::People(other.into()),
        }
    }
}

/// Sets a guardian by law; both are told. The evidence is sealed under the ward's key.
pub async fn set_guardian(
    hub: &Hub,
    realm: &std::sync::Arc<Realm>,
    (ward, guardian): (&Person, &Person),
    (basis, powers, until_at): (Basis, Powers, Option<Instant>),
    evidence: &str,
) -> Result<TieId, GuardianError> {
    if ward.id == guardian.id {
        return Err(GuardianError::Same);
    }
    let now = hub.clock.now();
    let of_age = |person: &Person| {
        let birthdate = person.profile.details.birthdate.as_deref();
        birthdate.and_then(majority).map(|majority| majority <= now)
    };
    if basis == Basis::Minor && of_age(ward) != Some(false) {
        return Err(GuardianError::NotMinor);
    }
    if of_age(guardian) == Some(false) {
        return Err(GuardianError::MinorGuardian);
    }
    let id = TieId::new(&hub.entropy, now).map_err(PeopleError::from)?;
    let place = evidence_place(realm, ward.id, id);
    let sealed = ward.key.seal(&hub.entropy, &place, evidence.as_bytes());
    let new = New {
        person: ward.id,
        other: guardian.id,
        relation: Relation::Guardian,
        powers,
        basis: Some(basis),
        until_at,
        sealed_evidence: Some(sealed.map_err(PeopleError::from)?),
    };
    let notice = |other: &Person| Notice::GuardianSet {
        name: other.display_name().to_owned(),
    };
    let told = notices::prepare(hub, realm, ward, notice(guardian)).map_err(PeopleError::from)?;
    let also = Notice::GuardianOf {
        name: ward.display_name().to_owned(),
    };
    let also = notices::prepare(hub, realm, guardian, also).map_err(PeopleError::from)?;
    let shared = realm.clone();
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                insert(tx, &shared, (id, new), now).await?;
                told.write(tx).await?;
                also.write(tx).await
            })
        })
        .await
        .map_err(|error: DatabaseError| GuardianError::from(error))?;
    Ok(id)
}

/// Ends a tie, if who wants it may; whether it ended. Both are told, and what hangs on it ends with it.
pub async fn end(
    hub: &Hub,
    realm: &std::sync::Arc<Realm>,
    tie: &Tie,
    (who, by): (Who, &By),
) -> Result<bool, PeopleError> {
    if !tie.may_be_ended_by(who) {
        return Ok(false);
    }
    let mut told = Vec::new();
    for (reader, about) in [(tie.person, tie.other), (tie.other, tie.person)] {
        let reader = hub.people.by_id(realm, reader).await?;
        let about = hub.people.by_id(realm, about).await?;
        if let (Some(reader), Some(about)) = (reader, about) {
            let notice = Notice::TieEnded {
                name: about.display_name().to_owned(),
            };
            told.push(notices::prepare(hub, realm, &reader, notice)?);
        }
    }
    let values = values![
        realm.id.uuid(),
        tie.id.uuid(),
        hub.clock.now().as_micros(),
        by.actor.map(PersonId::uuid),
        by.via.as_str()
    ];
    let (shared, person, other) = (realm.clone(), tie.person, tie.other);
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let ended = tx
                    .execute(
                        "UPDATE tie SET state = 'ended', ended_at = $3, ended_by = $4, ended_via = $5
                         WHERE realm_id = $1 AND id = $2 AND state = 'active'",
                        values,
                    )
                    .await?;
                if ended == 0 {
                    return Ok(false);
                }
                distrust_in(tx, &shared, person, other).await?;
                for notice in told {
                    notice.write(tx).await?;
                }
                Ok(true)
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

fn evidence_place(realm: &Realm, ward: PersonId, id: TieId) -> Aad {
    Aad::new(
        realm.id.uuid(),
        "tie.evidence",
        ward.uuid().as_bytes(),
        id.uuid().as_bytes(),
    )
}
