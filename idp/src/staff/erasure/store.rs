//! The statements of an erasure that are about staff.

use platform::clock::Instant;
use platform::database::{Queries as _, Tx};
use platform::ids::RealmId;
use platform::values;

use crate::ids::PersonId;
use crate::numbers::{Change, Holder, NumbersError, change, held_by};
use crate::staff::organisations::ENTER;

/// By realm (`$1`), person (`$2`) and time (`$3`).
const STATEMENTS: &[&str] = &[
    "UPDATE affiliation SET ended_at = COALESCE(ended_at, $3), title = NULL WHERE realm_id = $1 AND person_id = $2",
    "UPDATE occupation SET ended_at = COALESCE(ended_at, $3), sealed_licence = NULL
     WHERE realm_id = $1 AND person_id = $2",
    "UPDATE attendance SET out_at = COALESCE(out_at, $3) WHERE realm_id = $1 AND person_id = $2",
    "UPDATE appointment_time SET cancelled_at = $3, changed_at = $3, sequence = sequence + 1
     WHERE realm_id = $1 AND subject_id = $2 AND cancelled_at IS NULL AND ends_at > $3",
    "WITH RECURSIVE gone (id) AS (
         SELECT id FROM delegation WHERE realm_id = $1 AND holder_id = $2
         UNION
         SELECT child.id FROM delegation AS child JOIN gone ON child.parent_id = gone.id)
     UPDATE delegation SET withdrawn_at = $3 WHERE realm_id = $1 AND withdrawn_at IS NULL
         AND id IN (SELECT id FROM gone)",
    "UPDATE staff_invitation SET withdrawn_at = $3 WHERE realm_id = $1 AND invited_by = $2 AND used_at IS NULL
         AND withdrawn_at IS NULL",
];

/// Ends all that somebody is and holds as staff. It enters as every change of staff does, so it comes before whatever
/// else the transaction locks.
pub async fn erase_in(tx: &Tx, realm: RealmId, person: PersonId, now: Instant) -> Result<(), NumbersError> {
    tx.execute(ENTER, values![realm.uuid()]).await?;
    for sql in STATEMENTS {
        tx.execute(sql, values![realm.uuid(), person.uuid(), now.as_micros()])
            .await?;
    }
    tx.execute(
        "DELETE FROM scim_user WHERE realm_id = $1 AND person_id = $2",
        values![realm.uuid(), person.uuid()],
    )
    .await?;
    for held in held_by(tx, realm, Holder::staff(person), 1000).await? {
        if held.state.is_held() {
            change(tx, realm, held.id, Change::Cancel, now).await?;
            change(tx, realm, held.id, Change::Cool, now).await?;
        }
    }
    Ok(())
}
