//! The rows of `session_client` that are due: claimed, postponed, forgotten.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::{PersonId, SessionId};

/// A client that has to be told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct DueClient {
    pub realm: RealmId,
    pub client_id: String,
}

/// An ended session that a client has to be told of; this node holds the claim to do so.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub sid: SessionId,
    pub person: PersonId,
    pub ended_at: Instant,
    /// This one included.
    pub attempts: u32,
}

#[derive(FromQueryResult)]
struct DueRow {
    realm_id: Uuid,
    client_id: String,
}

#[derive(FromQueryResult)]
struct ClaimedRow {
    sid: Uuid,
    person_id: Uuid,
    ended_at: i64,
    attempts: i32,
}

/// The condition stands outside too: a node that waited for another's claim looks again.
const CLAIM: &str = "UPDATE session_client SET due_at = $4, attempts = attempts + 1
     WHERE (sid, client_id) IN (SELECT sid, client_id FROM session_client
         WHERE realm_id = $1 AND client_id = $2 AND due_at <= $3 ORDER BY due_at LIMIT 1)
     AND due_at <= $3 AND ended_at IS NOT NULL
     RETURNING sid, person_id, ended_at, attempts";
const FORGET: &str = "DELETE FROM session_client WHERE realm_id = $1 AND client_id = $2 AND sid = $3";
/// Only by the node whose claim is the last.
const POSTPONE: &str = "UPDATE session_client SET due_at = $5
     WHERE realm_id = $1 AND client_id = $2 AND sid = $3 AND attempts = $4";

/// The clients that have to be told of something at `now`, those that waited longest first.
pub(super) async fn due(store: &Store, now: Instant, most: u32) -> Result<Vec<DueClient>, DatabaseError> {
    let rows: Vec<DueRow> = store
        .fetch_all(
            "SELECT realm_id, client_id FROM session_client WHERE due_at <= $1
             GROUP BY realm_id, client_id ORDER BY min(due_at) LIMIT $2",
            values![now.as_micros(), i64::from(most)],
        )
        .await?;
    let clients = rows.into_iter().map(|row| DueClient {
        realm: RealmId::from(row.realm_id),
        client_id: row.client_id,
    });
    Ok(clients.collect())
}

/// Claims what a client has to be told first, until `until`: nobody else tells it meanwhile.
pub(super) async fn claim(
    store: &Store,
    client: &DueClient,
    now: Instant,
    until: Instant,
) -> Result<Option<Claimed>, DatabaseError> {
    let values = values![
        client.realm.uuid(),
        client.client_id.clone(),
        now.as_micros(),
        until.as_micros()
    ];
    let row: Option<ClaimedRow> = store.take(CLAIM, values).await?;
    Ok(row.map(|row| Claimed {
        sid: row.sid.into(),
        person: row.person_id.into(),
        ended_at: Instant::from_micros(row.ended_at),
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
    }))
}

/// Nothing more is to be told.
pub(super) async fn forget(
    store: &Store,
    client: &DueClient,
    claimed: &Claimed,
) -> Result<(), DatabaseError> {
    let values = values![client.realm.uuid(), client.client_id.clone(), claimed.sid.uuid()];
    store.change(FORGET, values).await.map(drop)
}

/// It is to be told again at `next`.
pub(super) async fn postpone(
    store: &Store,
    client: &DueClient,
    claimed: &Claimed,
    next: Instant,
) -> Result<(), DatabaseError> {
    let values = values![
        client.realm.uuid(),
        client.client_id.clone(),
        claimed.sid.uuid(),
        i32::try_from(claimed.attempts).unwrap_or(i32::MAX),
        next.as_micros()
    ];
    store.change(POSTPONE, values).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::database::testing::BACKENDS;

    use super::*;
    use crate::oauth::logout::take_part;
    use crate::people::Person;
    use crate::testing::House;

    /// A person with so many sessions, each with one client.
    async fn signed_in(house: &House, login: &str, sessions: usize) -> (Person, Vec<SessionId>) {
        let (hub, realm) = (&house.hub, &house.realm);
        let (person, hash) = house.person(login, "correct horse battery staple").await;
        let mut sids = Vec::new();
        for _ in 0..sessions {
            let prepared = hub
                .sessions
                .prepare(realm, &person, "pwd", None, "192.0.2.1")
                .unwrap();
            let sid = prepared.session.sid;
            hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
            let took_part = take_part(&hub.store, realm, sid, "rp", hub.clock.now()).await;
            assert!(took_part.unwrap());
            sids.push(sid);
        }
        (person, sids)
    }

    async fn seen(house: &House) -> Vec<DueClient> {
        due(&house.hub.store, house.hub.clock.now(), 10).await.unwrap()
    }

    #[tokio::test]
    async fn a_client_takes_part_in_live_sessions_only_and_is_due_only_when_one_has_ended() {
        for backend in BACKENDS {
            let house = House::on(backend, 1000).await;
            let (hub, realm) = (&house.hub, &house.realm);
            let (person, sids) = signed_in(&house, "hanako", 2).await;
            assert!(seen(&house).await.is_empty(), "{backend:?}");
            let told = hub.sessions.end(realm, person.id, sids[0]).await.unwrap();
            assert_eq!(told.unwrap(), ["rp"]);
            assert!(
                hub.sessions
                    .end(realm, person.id, sids[0])
                    .await
                    .unwrap()
                    .is_none()
            );
            let late = take_part(&hub.store, realm, sids[0], "late", hub.clock.now()).await;
            assert!(!late.unwrap(), "the session is over");
            let waiting = seen(&house).await;
            assert_eq!(waiting.len(), 1, "{backend:?}");
            let now = hub.clock.now();
            let until = now.plus(Duration::from_secs(20));
            let claimed = claim(&hub.store, &waiting[0], now, until).await.unwrap().unwrap();
            assert_eq!(
                (claimed.sid, claimed.person, claimed.attempts),
                (sids[0], person.id, 1)
            );
            assert!(
                claim(&hub.store, &waiting[0], now, until)
                    .await
                    .unwrap()
                    .is_none()
            );
        }
    }

    #[tokio::test]
    async fn of_many_nodes_one_claims_and_what_a_dead_one_claimed_is_due_again() {
        for backend in BACKENDS {
            let house = House::on(backend, 1000).await;
            let (hub, realm) = (&house.hub, &house.realm);
            let (person, _) = signed_in(&house, "hanako", 3).await;
            hub.sessions.end_all(realm, person.id).await.unwrap();
            let client = seen(&house).await.remove(0);
            let now = hub.clock.now();
            let until = now.plus(Duration::from_secs(20));
            let nodes = (0..8).map(|_| {
                let (store, client) = (hub.store.clone(), client.clone());
                tokio::spawn(async move { claim(&store, &client, now, until).await.unwrap() })
            });
            let mut claimed = Vec::new();
            for node in nodes.collect::<Vec<_>>() {
                claimed.extend(node.await.unwrap());
            }
            // Who lost a race sees no more for now; the next look finds what is left.
            while let Some(one) = claim(&hub.store, &client, now, until).await.unwrap() {
                claimed.push(one);
            }
            let mut sids: Vec<SessionId> = claimed.iter().map(|one| one.sid).collect();
            sids.sort_unstable();
            sids.dedup();
            assert_eq!((claimed.len(), sids.len()), (3, 3), "{backend:?}");

            house.time.advance(Duration::from_secs(21));
            let now = hub.clock.now();
            let until = now.plus(Duration::from_secs(20));
            let again = claim(&hub.store, &client, now, until).await.unwrap().unwrap();
            assert_eq!(again.attempts, 2);
            let dead = claimed.iter().find(|one| one.sid == again.sid).unwrap();
            postpone(&hub.store, &client, dead, now).await.unwrap();
            forget(&hub.store, &client, &again).await.unwrap();
            for _ in 0..2 {
                let other = claim(&hub.store, &client, now, until).await.unwrap().unwrap();
                assert_ne!(other.sid, again.sid, "{backend:?}: a late node changes nothing");
                postpone(&hub.store, &client, &other, until.plus(Duration::from_secs(1)))
                    .await
                    .unwrap();
            }
            assert!(claim(&hub.store, &client, now, until).await.unwrap().is_none());
        }
    }
}
