//! The statements of a change, and the history.

use std::sync::Arc;

use jiff::tz::TimeZone;
use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::entropy::Entropy;
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{By, Via};
use crate::hub::Hub;
use crate::ids::{ChangeId, PersonId};
use crate::notices::{self, Notice};
use crate::people::contact::hold;
use crate::people::fields::{Field, Patch, apply, differences};
use crate::people::model::{IdentifierKind, Profile};
use crate::people::search::{index, is_searched};
use crate::people::store::{PeopleError, Person, aad};
use crate::realms::Realm;
use crate::ties::{has_guardian, holds_in};

/// What a change did.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The profile as it is now.
    pub profile: Profile,
    /// The fields that have another value.
    pub fields: Vec<Field>,
}

/// A change, as its reader gets it.
#[derive(Debug, Clone)]
pub struct Past {
    /// Where a list goes on.
    pub id: ChangeId,
    /// When.
    pub at: Instant,
    /// Which field; `None` for one that this version does not know.
    pub field: Option<Field>,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// Who.
    pub by: By,
}

#[derive(Serialize, Deserialize)]
struct Values {
    before: Option<String>,
    after: Option<String>,
}

#[derive(FromQueryResult)]
struct Present {
    sealed_profile: Option<Vec<u8>>,
    updated_at: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    field: String,
    via: String,
    actor_id: Option<Uuid>,
    client_id: Option<String>,
    sealed: Option<Vec<u8>>,
    at: i64,
}

/// Changes a profile, in a transaction of its own. With `seen`, only if its last change is the one that the caller saw.
pub async fn change(
    hub: &Hub,
    realm: &Arc<Realm>,
    person: &Arc<Person>,
    (patch, by): (Patch, By),
    seen: Option<i64>,
) -> Result<Changed, PeopleError> {
    let own = matches!(by.via, Via::Person | Via::Family);
    if own && patch.contains_key(&Field::Birthdate) {
        let typed = patch.get(&Field::Birthdate).cloned().flatten();
        let typed = typed.filter(|text| !text.trim().is_empty());
        let same = typed == person.profile.details.birthdate;
        // Else a ward could make themselves of age, or a guardian keep them a child.
        if !same && has_guardian(hub, realm, person.id).await? {
            return Err(PeopleError::Ward);
        }
    }
    let now = hub.clock.now();
    let today = jiff::Timestamp::from_microsecond(now.as_micros())
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .date();
    let told = match by.via {
        Via::Person | Via::Command => None,
        Via::Family | Via::Administrator => {
            Some(notices::prepare(hub, realm, person, Notice::ProfileChanged)?)
        }
    };
    let (shared, who, entropy) = (realm.clone(), person.clone(), hub.entropy.clone());
    let changed = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                if let Some(tie) = by.tie
                    && !holds_in(tx, shared.id, tie).await?
                {
                    return Err(PeopleError::Raced);
                }
                let changed = rewrite(tx, (&shared, &who), (&entropy, now), (&by, seen), |before| {
                    Ok(apply(before, &patch, today)?)
                })
                .await?;
                if let Some(told) = told.filter(|_| !changed.fields.is_empty()) {
                    told.write(tx).await?;
                }
                Ok(changed)
            })
        })
        .await;
    hub.people.forget(realm, person.id).await;
    match changed {
        Err(PeopleError::Database(DatabaseError::Conflict)) => Err(PeopleError::Raced),
        changed => changed,
    }
}

/// Changes a profile as it is now, with all that follows from it.
pub(in crate::people) async fn rewrite(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    (entropy, now): (&Entropy, Instant),
    (by, seen): (&By, Option<i64>),
    decide: impl FnOnce(&Profile) -> Result<Profile, PeopleError> + Send,
) -> Result<Changed, PeopleError> {
    let (realm_id, id) = (realm.id.uuid(), person.id.uuid());
    let place = aad(realm, person.id, "person.profile");
    let row: Option<Present> = tx
        .fetch_optional(
            "SELECT sealed_profile, updated_at FROM person WHERE realm_id = $1 AND id = $2",
            values![realm_id, id],
        )
        .await?;
    let row = row.ok_or(DatabaseError::MissingReference)?;
    if seen.is_some_and(|seen| seen != row.updated_at) {
        return Err(PeopleError::Raced);
    }
    let sealed = row.sealed_profile.ok_or(DatabaseError::MissingReference)?;
    let before: Profile = serde_json::from_slice(&person.key.open(&place, &sealed)?)?;
    let after = decide(&before)?;
    let changes = differences(&before, &after);
    if before == after {
        return Ok(Changed {
            profile: after,
            fields: Vec::new(),
        });
    }
    let sealed = person.key.seal(entropy, &place, &serde_json::to_vec(&after)?)?;
    // Each state has a time of its own: it is what callers compare.
    let at = now.as_micros().max(row.updated_at.saturating_add(1));
    let written = tx
        .execute(
            "UPDATE person SET sealed_profile = $3, updated_at = $4
             WHERE realm_id = $1 AND id = $2 AND updated_at = $5",
            values![realm_id, id, sealed, at, row.updated_at],
        )
        .await?;
    if written == 0 {
        // Somebody else changed it in between: nothing is overwritten unseen.
        return Err(PeopleError::Raced);
    }
    for (kind, value, verified) in names(&before, &after) {
        hold(
            tx,
            (realm, person),
            (kind, value.as_deref(), verified),
            (entropy, now),
        )
        .await?;
    }
    let fields: Vec<Field> = changes.iter().map(|(field, ..)| *field).collect();
    for (field, before, after) in changes {
        keep(
            tx,
            (realm, person),
            (entropy, now),
            by,
            (field, Values { before, after }),
        )
        .await?;
    }
    if fields.iter().any(|field| is_searched(*field)) {
        index(tx, realm, person.id, &after).await?;
    }
    Ok(Changed {
        profile: after,
        fields,
    })
}

/// The names that point to the person and are others now. A telephone number points to somebody once they have shown
/// that it is theirs: until then many can say that it is, as a family with one line does.
fn names(before: &Profile, after: &Profile) -> Vec<(IdentifierKind, Option<String>, bool)> {
    let login = |profile: &Profile| (Some(profile.login.clone()), true);
    let email = |profile: &Profile| (profile.email.clone(), profile.email_verified);
    let telephone = |profile: &Profile| {
        let number = profile.details.phone_number.clone();
        let verified = profile.details.phone_number_verified;
        (number.filter(|_| verified), verified)
    };
    let all = [
        (IdentifierKind::Login, login(before), login(after)),
        (IdentifierKind::Email, email(before), email(after)),
        (IdentifierKind::Telephone, telephone(before), telephone(after)),
    ];
    let changed = all.into_iter().filter(|(_, before, after)| before != after);
    changed
        .map(|(kind, _, (value, verified))| (kind, value, verified))
        .collect()
}

async fn keep(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    (entropy, now): (&Entropy, Instant),
    by: &By,
    (field, past): (Field, Values),
) -> Result<(), PeopleError> {
    let id = ChangeId::new(entropy, now)?;
    let sealed = person
        .key
        .seal(entropy, &place(realm, person.id, id), &serde_json::to_vec(&past)?)?;
    tx.execute(
        "INSERT INTO profile_change (id, realm_id, person_id, field, via, actor_id, client_id, sealed, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![
            id.uuid(),
            realm.id.uuid(),
            person.id.uuid(),
            field.name(),
            by.via.as_str(),
            by.actor.map(PersonId::uuid),
            by.client.clone(),
            sealed,
            now.as_micros()
        ],
    )
    .await?;
    Ok(())
}

/// The changes of a profile, newest first; at most `limit`, before `before`.
pub async fn history(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    before: Option<ChangeId>,
    limit: u32,
) -> Result<Vec<Past>, PeopleError> {
    let sql = "SELECT id, field, via, actor_id, client_id, sealed, at FROM profile_change
        WHERE realm_id = $1 AND person_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    let values = values![
        realm.id.uuid(),
        person.id.uuid(),
        before.map_or(Uuid::max(), ChangeId::uuid),
        i64::from(limit)
    ];
    let rows: Vec<Row> = hub.store.fetch_all(sql, values).await?;
    rows.into_iter()
        .map(|row| {
            let id = ChangeId::from(row.id);
            let past = match row.sealed {
                Some(sealed) => {
                    serde_json::from_slice(&person.key.open(&place(realm, person.id, id), &sealed)?)?
                }
                None => Values {
                    before: None,
                    after: None,
                },
            };
            Ok(Past {
                id,
                at: Instant::from_micros(row.at),
                field: Field::parse(&row.field),
                before: past.before,
                after: past.after,
                by: By {
                    via: Via::parse(&row.via),
                    actor: row.actor_id.map(PersonId::from),
                    client: row.client_id,
                    tie: None,
                },
            })
        })
        .collect()
}

fn place(realm: &Realm, person: PersonId, id: ChangeId) -> Aad {
    Aad::new(
        realm.id.uuid(),
        "person.change",
        person.uuid().as_bytes(),
        id.uuid().as_bytes(),
    )
}
