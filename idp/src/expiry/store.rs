//! Deleting by `expires_at`, on an index.

use platform::clock::Instant;
use platform::database::{DatabaseError, Store};
use platform::values;

/// Rows that one statement deletes at the most.
pub const BATCH: u64 = 1000;
/// Batches of one table in one call at the most; what is left waits for the next.
const BATCHES: usize = 1000;

const TABLES: [&str; 15] = [
    "DELETE FROM session WHERE hash IN
     (SELECT hash FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM token_family WHERE id IN
     (SELECT id FROM token_family WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM initial_access_token WHERE hash IN
     (SELECT hash FROM initial_access_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM one_time_link WHERE hash IN
     (SELECT hash FROM one_time_link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    // A session that was renewed outlives the date that its clients' rows were given.
    "DELETE FROM session_client WHERE (sid, client_id) IN
     (SELECT sid, client_id FROM session_client AS old WHERE expires_at <= $1 AND NOT EXISTS
         (SELECT 1 FROM session WHERE session.sid = old.sid AND ended_at IS NULL AND session.expires_at > $1)
      ORDER BY expires_at LIMIT $2)",
    "DELETE FROM notice WHERE id IN
     (SELECT id FROM notice WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM email_change WHERE person_id IN
     (SELECT person_id FROM email_change WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM phone_change WHERE person_id IN
     (SELECT person_id FROM phone_change WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM tie_invitation WHERE id IN
     (SELECT id FROM tie_invitation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM recovery_link WHERE hash IN
     (SELECT hash FROM recovery_link WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    "DELETE FROM family_recovery WHERE id IN
     (SELECT id FROM family_recovery WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    // That somebody has signed in before is told by the last one that they used.
    "DELETE FROM known_browser WHERE (person_id, hash) IN
     (SELECT person_id, hash FROM known_browser AS old WHERE expires_at <= $1 AND EXISTS
         (SELECT 1 FROM known_browser AS newer
          WHERE newer.person_id = old.person_id AND newer.expires_at > old.expires_at)
      ORDER BY expires_at LIMIT $2)",
    "DELETE FROM revoked_token WHERE (realm_id, hash) IN
     (SELECT realm_id, hash FROM revoked_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
    // One whose client is still to be told stays until it was, or that was given up.
    "DELETE FROM backchannel_request WHERE (realm_id, hash) IN
     (SELECT realm_id, hash FROM backchannel_request WHERE expires_at <= $1 AND notify_at IS NULL
      ORDER BY expires_at LIMIT $2)",
    "DELETE FROM staff_invitation WHERE hash IN
     (SELECT hash FROM staff_invitation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
];

/// Deletes what is over at `now`, at most a million rows of each table; the number of rows that went.
pub async fn delete(store: &Store, now: Instant) -> Result<u64, DatabaseError> {
    let mut gone = 0;
    for table in TABLES {
        for _ in 0..BATCHES {
            let batch = values![now.as_micros(), i64::try_from(BATCH).unwrap_or(i64::MAX)];
            let deleted = store.change(table, batch).await?;
            gone += deleted;
            if deleted < BATCH {
                break;
            }
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::database::testing::{BACKENDS, TestDatabase};
    use platform::database::{FromQueryResult, Queries as _};
    use uuid::Uuid;

    use super::*;

    const NOW: i64 = 1_000_000;

    #[derive(FromQueryResult)]
    struct Count {
        count: i64,
    }

    async fn rows(store: &Store, table: &str) -> i64 {
        let sql = format!("SELECT count(*) AS count FROM {table}");
        let row: Option<Count> = store.fetch_optional(&sql, values![]).await.unwrap();
        row.unwrap().count
    }

    /// One row in each table, over at `expires_at`.
    async fn add(store: &Store, realm: Uuid, key: u128, expires_at: i64) {
        let (id, hash) = (Uuid::from_u128(key), key.to_be_bytes().to_vec());
        for sql in [
            "INSERT INTO session (hash, sid, realm_id, person_id, authenticated_at, amr, last_seen_at, expires_at)
             VALUES ($1, $2, $3, $3, 0, 'pwd', 0, $4)",
            "INSERT INTO token_family (current_hash, id, realm_id, client_id, person_id, scope, grant_details,
             generation, created_at, expires_at) VALUES ($1, $2, $3, 'rp', $3, 'openid', '{}', 1, 0, $4)",
            "INSERT INTO one_time_link (hash, realm_id, purpose, person_id, created_at, expires_at)
             SELECT $1, realm.id, 'set-password', realm.id, 0, $4 FROM realm WHERE $2 = $2 AND id = $3",
            "INSERT INTO initial_access_token (hash, realm_id, uses_left, created_at, expires_at)
             SELECT $1, realm.id, 1, 0, $4 FROM realm WHERE $2 = $2 AND id = $3",
            "INSERT INTO session_client (sid, client_id, realm_id, person_id, expires_at)
             SELECT $2, 'rp', id, id, $4 FROM realm WHERE $1 = $1 AND id = $3",
            "INSERT INTO notice (id, realm_id, person_id, sealed, at, expires_at) VALUES ($2, $3, $3, $1, 0, $4)",
            "INSERT INTO recovery_link (hash, realm_id, person_id, created_at, expires_at)
             SELECT $1, realm.id, realm.id, 0, $4 FROM realm WHERE $2 = $2 AND id = $3",
            "INSERT INTO family_recovery (id, realm_id, secret_hash, code_hash, state, began_at, expires_at)
             VALUES ($2, $3, $1, $1, 'asked', 0, $4)",
            "INSERT INTO backchannel_request (realm_id, hash, id, client_id, person_id, sealed_request, state,
             created_at, expires_at, notify_tries)
             SELECT realm.id, $1, $2, 'rp', realm.id, $1, 'pending', 0, $4, 0 FROM realm WHERE id = $3",
            "INSERT INTO known_browser (realm_id, person_id, hash, sid, first_at, expires_at)
             VALUES ($3, $3, $1, $2, 0, $4)",
            "INSERT INTO staff_invitation (hash, id, realm_id, organisation_id, created_at, expires_at)
             VALUES ($1, $2, $3, $3, 0, $4)",
            "INSERT INTO revoked_token (realm_id, hash, expires_at)
             SELECT realm.id, $1, $4 FROM realm WHERE $2 = $2 AND id = $3",
        ] {
            let values = values![hash.clone(), id, realm, expires_at];
            store.execute(sql, values).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_over_is_deleted_in_every_table_and_what_is_not_stays() {
        for backend in BACKENDS {
            let database = TestDatabase::hub(backend).await;
            let store = database.store();
            let realm = Uuid::from_u128(1);
            for sql in [
                "INSERT INTO realm (id, name, issuer, host, sealed_key, created_at)
                 VALUES ($1, 'r', 'https://r.example', 'r.example', $2, 0)",
                "INSERT INTO person (id, realm_id, state, sealed_key, created_at, updated_at)
                 VALUES ($1, $1, 'active', $2, 0, 0)",
                "INSERT INTO organisation (id, realm_id, kind, name, state, created_at, updated_at)
                 SELECT $1, $1, 'other', 'o', 'active', 0, 0 WHERE $2 = $2",
            ] {
                store.execute(sql, values![realm, vec![0u8]]).await.unwrap();
            }
            for (key, expires_at) in [(10, 5), (11, NOW), (12, NOW + 1), (13, NOW * 9)] {
                add(store, realm, key, expires_at).await;
            }
            assert_eq!(
                delete(store, Instant::from_micros(NOW)).await.unwrap(),
                24,
                "{backend:?}"
            );
            for table in [
                "session",
                "token_family",
                "one_time_link",
                "initial_access_token",
                "session_client",
                "notice",
                "recovery_link",
                "family_recovery",
                "known_browser",
                "revoked_token",
                "backchannel_request",
                "staff_invitation",
            ] {
                assert_eq!(rows(store, table).await, 2, "{backend:?}: {table}");
            }
            assert_eq!(delete(store, Instant::from_micros(NOW)).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn more_than_one_batch_goes_in_one_call() {
        let database = TestDatabase::hub(platform::database::Backend::Sqlite).await;
        let store = database.store();
        let realm = "INSERT INTO realm (id, name, issuer, host, sealed_key, created_at)
                     VALUES ($1, 'r', 'https://r.example', 'r.example', $2, 0)";
        let id = Uuid::from_u128(1);
        store.execute(realm, values![id, vec![0u8]]).await.unwrap();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
                    INSERT INTO initial_access_token (hash, realm_id, uses_left, created_at, expires_at)
                    SELECT CAST(i AS blob), $1, 1, 0, 7 FROM n";
        store.execute(many, values![id]).await.unwrap();
        let later = Instant::from_micros(0).plus(Duration::from_secs(1));
        assert_eq!(delete(store, later).await.unwrap(), 2500);
    }
}
