//! Trusted people in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::PersonId;
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::people::{IdentifierKind, Person};
use crate::realms::Realm;

/// The most people whom somebody can trust, asked ones included.
pub const MOST: i64 = 10;

/// Somebody who accepted.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
}

/// Somebody who would like to trust the reader.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Who asks.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Whether the reader has accepted.
    pub accepted: bool,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    state: String,
}

/// The people who accepted to be trusted by somebody.
pub async fn trusted(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<Trusted>, OAuthError> {
    let sql = "SELECT trusted_id AS id, state FROM trusted_person
        WHERE person_id = $1 AND realm_id = $2 AND state = 'accepted' ORDER BY asked_at, trusted_id";
    let rows: Vec<Row> = hub
        .store
        .fetch_all(sql, values![person.uuid(), realm.id.uuid()])
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(other) = hub.people.by_id(realm, row.id.into()).await? {
            found.push(Trusted {
                person: other.id,
                name: other.display_name().to_owned(),
            });
        }
    }
    Ok(found)
}

/// The people who trust somebody, or would like to.
pub async fn invitations(hub: &Hub, realm: &Realm, trusted: PersonId) -> Result<Vec<Invited>, OAuthError> {
    let sql = "SELECT person_id AS id, state FROM trusted_person
        WHERE trusted_id = $1 AND realm_id = $2 ORDER BY asked_at, person_id LIMIT 100";
    let rows: Vec<Row> = hub
        .store
        .fetch_all(sql, values![trusted.uuid(), realm.id.uuid()])
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(other) = hub.people.by_id(realm, row.id.into()).await? {
            found.push(Invited {
                person: other.id,
                name: other.display_name().to_owned(),
                accepted: row.state == "accepted",
            });
        }
    }
    Ok(found)
}

/// Names somebody by their login name. Nothing tells whether there is such a person.
pub async fn name(hub: &Hub, realm: &Realm, person: &Person, login: &str) -> Result<(), OAuthError> {
    let named = Notice::TrustedNamed {
        name: login.to_owned(),
    };
    let told = notices::prepare(hub, realm, person, named)?;
    let found = hub
        .people
        .by_identifier(realm, IdentifierKind::Login, login)
        .await?;
    let found = found.filter(|other| other.id != person.id && other.may_sign_in());
    let invited = match &found {
        Some(other) => {
            let notice = Notice::TrustInvited {
                name: person.display_name().to_owned(),
            };
            Some((other.id, notices::prepare(hub, realm, other, notice)?))
        }
        None => None,
    };
    let (realm_id, id, now) = (realm.id.uuid(), person.id.uuid(), hub.clock.now().as_micros());
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                told.write(tx).await?;
                let Some((other, notice)) = invited else {
                    return Ok(());
                };
                let asked = tx
                    .execute(
                        "INSERT INTO trusted_person (realm_id, person_id, trusted_id, state, asked_at)
                         SELECT $1, $2, $3, 'asked', $4 FROM person WHERE id = $2
                         AND (SELECT count(*) FROM trusted_person WHERE person_id = $2) < $5
                         ON CONFLICT (person_id, trusted_id) DO NOTHING",
                        values![realm_id, id, other.uuid(), now, MOST],
                    )
                    .await?;
                if asked == 1 {
                    notice.write(tx).await?;
                }
                Ok(())
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

/// Accepts somebody's trust; whether it was offered.
pub async fn accept(hub: &Hub, realm: &Realm, trusted: &Person, by: PersonId) -> Result<bool, OAuthError> {
    let Some(owner) = hub.people.by_id(realm, by).await? else {
        return Ok(false);
    };
    let notice = Notice::TrustedAccepted {
        name: trusted.display_name().to_owned(),
    };
    let told = notices::prepare(hub, realm, &owner, notice)?;
    let now = hub.clock.now().as_micros();
    let values = values![realm.id.uuid(), by.uuid(), trusted.id.uuid(), now];
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let accepted = tx
                    .execute(
                        "UPDATE trusted_person SET state = 'accepted', accepted_at = $4
                         WHERE realm_id = $1 AND person_id = $2 AND trusted_id = $3 AND state = 'asked'",
                        values,
                    )
                    .await?;
                if accepted == 1 {
                    told.write(tx).await?;
                }
                Ok(accepted == 1)
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

/// Ends it from the side of the one who is trusted; the one who trusts hears of it if they had accepted.
pub async fn decline(hub: &Hub, realm: &Realm, trusted: &Person, by: PersonId) -> Result<bool, OAuthError> {
    let Some(owner) = hub.people.by_id(realm, by).await? else {
        return Ok(false);
    };
    end(hub, realm, &owner, trusted).await
}

/// Ends it from the side of the one who trusts.
pub async fn remove(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    trusted: PersonId,
) -> Result<bool, OAuthError> {
    let Some(trusted) = hub.people.by_id(realm, trusted).await? else {
        return Ok(false);
    };
    end(hub, realm, person, &trusted).await
}

/// Trusts somebody whom the person has tied to themselves for that, both having agreed, in the transaction of the tie.
/// Nothing, if too many are trusted.
pub async fn trust_in(
    tx: &Tx,
    realm: &Realm,
    person: PersonId,
    (trusted, now): (PersonId, Instant),
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO trusted_person (realm_id, person_id, trusted_id, state, asked_at, accepted_at)
        SELECT $1, $2, $3, 'accepted', $4, $4 FROM person WHERE id = $2
        AND (SELECT count(*) FROM trusted_person WHERE person_id = $2) < $5
        ON CONFLICT (person_id, trusted_id) DO UPDATE SET state = 'accepted',
        accepted_at = COALESCE(trusted_person.accepted_at, excluded.accepted_at)";
    let values = values![
        realm.id.uuid(),
        person.uuid(),
        trusted.uuid(),
        now.as_micros(),
        MOST
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Trusts somebody no more, in the transaction that ends what it hung on.
pub async fn distrust_in(
    tx: &Tx,
    realm: &Realm,
    person: PersonId,
    trusted: PersonId,
) -> Result<(), DatabaseError> {
    let sql = "DELETE FROM trusted_person WHERE realm_id = $1 AND person_id = $2 AND trusted_id = $3";
    let values = values![realm.id.uuid(), person.uuid(), trusted.uuid()];
    tx.execute(sql, values).await.map(drop)
}

async fn end(hub: &Hub, realm: &Realm, owner: &Person, trusted: &Person) -> Result<bool, OAuthError> {
    #[derive(FromQueryResult)]
    struct Ended {
        state: String,
    }
    let notice = Notice::TrustedRemoved {
        name: trusted.display_name().to_owned(),
    };
    let told = notices::prepare(hub, realm, owner, notice)?;
    let values = values![realm.id.uuid(), owner.id.uuid(), trusted.id.uuid()];
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let ended: Option<Ended> = tx
                    .fetch_optional(
                        "DELETE FROM trusted_person WHERE realm_id = $1 AND person_id = $2 AND trusted_id = $3
                         RETURNING state",
                        values,
                    )
                    .await?;
                if ended.as_ref().is_some_and(|ended| ended.state == "accepted") {
                    told.write(tx).await?;
                }
                Ok(ended.is_some())
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}
