//! Invitations in the database.

use std::sync::Arc;
use std::time::Duration;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::Code;
use crate::hub::Hub;
use crate::ids::{PersonId, TieId, TieInvitationId};
use crate::notices::{self, Notice};
use crate::people::{IdentifierKind, PeopleError, Person};
use crate::realms::Realm;
use crate::ties::model::{Powers, Relation};
use crate::ties::store::{New, insert};

/// How long an invitation can be accepted.
const LIFE: Duration = Duration::from_hours(7 * 24);
/// Invitations of one person that wait at one time.
const MOST: i64 = 20;

/// An invitation as its reader gets it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Which.
    pub id: TieInvitationId,
    /// Who invites: whose data it is about.
    pub person: PersonId,
    /// What the invited one is to them.
    pub relation: Relation,
    /// What the invited one may do.
    pub powers: Powers,
    /// Until when it can be accepted.
    pub expires_at: Instant,
}

/// An invitation with the name of who invites.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The invitation.
    pub invitation: Invitation,
    /// What who invites is called.
    pub name: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    relation: String,
    powers: String,
    expires_at: i64,
}

impl Row {
    fn invitation(self) -> Option<Invitation> {
        Some(Invitation {
            id: self.id.into(),
            person: self.person_id.into(),
            relation: Relation::parse(&self.relation)?,
            powers: Powers::parse(&self.powers),
            expires_at: Instant::from_micros(self.expires_at),
        })
    }
}

/// Invites somebody to be family; the code to hand over, or `None` if too many invitations wait.
pub async fn invite(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    (relation, powers): (Relation, Powers),
    address: Option<&str>,
) -> Result<Option<Code>, PeopleError> {
    let now = hub.clock.now();
    let code = Code::generate(&hub.entropy)?;
    let invited = match address {
        Some(address) => {
            let found = hub
                .people
                .by_identifier(realm, IdentifierKind::Email, address)
                .await?;
            found.filter(|other| other.profile.email_verified && other.id != person.id)
        }
        None => None,
    };
    let told = match &invited {
        Some(other) => {
            let notice = Notice::TieInvited {
                name: person.display_name().to_owned(),
            };
            Some(notices::prepare(hub, realm, other, notice)?)
        }
        None => None,
    };
    // An address that nobody has shown to be theirs: nobody can use the invitation, and nothing tells so. It is bound to
    // who invites, who cannot accept it.
    let bound = match (&invited, address) {
        (Some(other), _) => Some(other.id.uuid()),
        (None, Some(_)) => Some(person.id.uuid()),
        (None, None) => None,
    };
    let values = values![
        TieInvitationId::new(&hub.entropy, now)?.uuid(),
        realm.id.uuid(),
        code.hash(realm).to_vec(),
        person.id.uuid(),
        bound,
        relation.as_str(),
        powers.words(),
        now.as_micros(),
        now.plus(LIFE).as_micros(),
        MOST
    ];
    let kept = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let kept = tx
                    .execute(
                        "INSERT INTO tie_invitation (id, realm_id, code_hash, person_id, invited_id, relation, powers,
                         created_at, expires_at)
                         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM person WHERE id = $4 AND realm_id = $2
                         AND (SELECT count(*) FROM tie_invitation WHERE person_id = $4 AND expires_at > $8) < $10",
                        values,
                    )
                    .await?;
                if let Some(told) = told.filter(|_| kept == 1) {
                    told.write(tx).await?;
                }
                Ok::<u64, DatabaseError>(kept)
            })
        })
        .await?;
    Ok((kept == 1).then_some(code))
}

/// The invitation of a code, for somebody who may accept it.
pub async fn open(
    hub: &Hub,
    realm: &Realm,
    reader: PersonId,
    code: &Code,
) -> Result<Option<Preview>, PeopleError> {
    let sql = "SELECT id, person_id, relation, powers, expires_at FROM tie_invitation
        WHERE realm_id = $1 AND code_hash = $2 AND expires_at > $3 AND person_id <> $4
        AND (invited_id IS NULL OR invited_id = $4)";
    let values = values![
        realm.id.uuid(),
        code.hash(realm).to_vec(),
        hub.clock.now().as_micros(),
        reader.uuid()
    ];
    let row: Option<Row> = hub.store.fetch_optional(sql, values).await?;
    let previews = previews(hub, realm, row.into_iter().collect()).await?;
    Ok(previews.into_iter().next())
}

/// The invitations that are addressed to somebody.
pub async fn invited(hub: &Hub, realm: &Realm, reader: PersonId) -> Result<Vec<Preview>, PeopleError> {
    let sql = "SELECT id, person_id, relation, powers, expires_at FROM tie_invitation
        WHERE realm_id = $1 AND invited_id = $2 AND person_id <> $2 AND expires_at > $3
        ORDER BY created_at LIMIT 100";
    let values = values![realm.id.uuid(), reader.uuid(), hub.clock.now().as_micros()];
    let rows: Vec<Row> = hub.store.fetch_all(sql, values).await?;
    previews(hub, realm, rows).await
}

async fn previews(hub: &Hub, realm: &Realm, rows: Vec<Row>) -> Result<Vec<Preview>, PeopleError> {
    let mut previews = Vec::with_capacity(rows.len());
    for invitation in rows.into_iter().filter_map(Row::invitation) {
        if let Some(person) = hub.people.by_id(realm, invitation.person).await? {
            previews.push(Preview {
                name: person.display_name().to_owned(),
                invitation,
            });
        }
    }
    Ok(previews)
}

/// The invitations of somebody that wait.
pub async fn sent(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<Invitation>, PeopleError> {
    let sql = "SELECT id, person_id, relation, powers, expires_at FROM tie_invitation
        WHERE realm_id = $1 AND person_id = $2 AND expires_at > $3 ORDER BY created_at LIMIT 100";
    let values = values![realm.id.uuid(), person.uuid(), hub.clock.now().as_micros()];
    let rows: Vec<Row> = hub.store.fetch_all(sql, values).await?;
    Ok(rows.into_iter().filter_map(Row::invitation).collect())
}

/// Withdraws an invitation; whether it waited.
pub async fn withdraw(
    hub: &Hub,
    realm: &Realm,
    person: PersonId,
    id: TieInvitationId,
) -> Result<bool, PeopleError> {
    let sql = "DELETE FROM tie_invitation WHERE realm_id = $1 AND id = $2 AND person_id = $3";
    let gone = hub
        .store
        .change(sql, values![realm.id.uuid(), id.uuid(), person.uuid()])
        .await?;
    Ok(gone == 1)
}

/// Declines an invitation that is addressed to somebody; whether it waited.
pub async fn decline(
    hub: &Hub,
    realm: &Realm,
    reader: PersonId,
    id: TieInvitationId,
) -> Result<bool, PeopleError> {
    let sql =
        "DELETE FROM tie_invitation WHERE realm_id = $1 AND id = $2 AND invited_id = $3 AND person_id <> $3";
    let gone = hub
        .store
        .change(sql, values![realm.id.uuid(), id.uuid(), reader.uuid()])
        .await?;
    Ok(gone == 1)
}

/// Accepts an invitation, with its code where it is not addressed to the reader: it is used up, the tie begins and both
/// are told, all or nothing. Whose family the reader is from then on; `None` if there is nothing to accept.
pub async fn accept(
    hub: &Hub,
    realm: &Arc<Realm>,
    reader: &Person,
    (id, code): (TieInvitationId, Option<Code>),
) -> Result<Option<PersonId>, PeopleError> {
    let now = hub.clock.now();
    let tie = TieId::new(&hub.entropy, now)?;
    let hash = code.map_or_else(Vec::new, |code| code.hash(realm).to_vec());
    let sql = "SELECT id, person_id, relation, powers, expires_at FROM tie_invitation WHERE realm_id = $1 AND id = $2";
    let row: Option<Row> = hub
        .store
        .fetch_optional(sql, values![realm.id.uuid(), id.uuid()])
        .await?;
    let Some(seen) = row.and_then(Row::invitation) else {
        return Ok(None);
    };
    let Some(person) = hub.people.by_id(realm, seen.person).await? else {
        return Ok(None);
    };
    let accepted = Notice::TieAccepted {
        name: reader.display_name().to_owned(),
    };
    let told = notices::prepare(hub, realm, &person, accepted)?;
    let begun = Notice::TieBegun {
        name: person.display_name().to_owned(),
    };
    let also = notices::prepare(hub, realm, reader, begun)?;
    let values = values![
        realm.id.uuid(),
        id.uuid(),
        reader.id.uuid(),
        now.as_micros(),
        hash
    ];
    let (shared, other) = (realm.clone(), reader.id);
    let made = hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            let taken: Option<Row> = tx
                .fetch_optional(
                    "DELETE FROM tie_invitation WHERE realm_id = $1 AND id = $2 AND person_id <> $3
                     AND expires_at > $4 AND (invited_id = $3 OR (invited_id IS NULL AND code_hash = $5))
                     RETURNING id, person_id, relation, powers, expires_at",
                    values,
                )
                .await?;
            let Some(invitation) = taken.and_then(Row::invitation) else {
                return Ok(None);
            };
            let new = New {
                person: invitation.person,
                other,
                relation: invitation.relation,
                powers: invitation.powers,
                basis: None,
                until_at: None,
                sealed_evidence: None,
            };
            insert(tx, &shared, (tie, new), now).await?;
            told.write(tx).await?;
            also.write(tx).await?;
            Ok(Some(invitation.person))
        })
    });
    match made.await {
        // They are tied already.
        Err(DatabaseError::Conflict) => Ok(None),
        made => Ok(made?),
    }
}
