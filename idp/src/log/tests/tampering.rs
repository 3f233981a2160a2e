//! Whoever holds the database but not the key changes it: it is found, and the row is named.

use platform::database::testing::BACKENDS;
use platform::database::{Backend, Value};
use platform::values;
use uuid::Uuid;

use super::super::canonical::{content, row_hash};
use super::super::store::COLUMNS;
use super::{Finding, House, open};
use crate::ids::WriterId;

const ROWS: u128 = 9;
const SET_SEQ: &str = "UPDATE log_row SET seq = $1 WHERE seq = $2";

fn flipped(bytes: &[u8]) -> Value {
    let mut bytes = bytes.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    bytes.into()
}

/// Writes row `from` a second time, as row `to`.
fn copy(from: i64, to: i64) -> String {
    let columns = COLUMNS.map(|column| {
        if column == "seq" {
            to.to_string()
        } else {
            column.to_owned()
        }
    });
    format!(
        "INSERT INTO log_row ({}) SELECT {} FROM log_row WHERE seq = {from}",
        COLUMNS.join(","),
        columns.join(",")
    )
}

/// Gives the rows from `from` on the next number, or the one before.
async fn renumber(house: &House, from: i64, by: i64) {
    house
        .run(
            "UPDATE log_row SET seq = -(seq + $1) WHERE seq >= $2",
            values![by, from],
        )
        .await;
    house
        .run("UPDATE log_row SET seq = -seq WHERE seq < 0", vec![])
        .await;
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_intact() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.writers, report.rows, report.unproven), (1, 9, 0));
    }
}

#[tokio::test]
async fn an_alteration_of_any_column_is_found_in_its_row() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        for seq in [1, 5, 9] {
            let row = house.rows().await.remove(usize::try_from(seq - 1).unwrap());
            let (detail, request) = (row.row.detail.clone().unwrap(), row.row.request.clone().unwrap());
            for column in COLUMNS
                .into_iter()
                .filter(|column| !matches!(*column, "writer" | "seq"))
            {
                let altered: Value = match column {
                    "hash" => flipped(&row.hash),
                    "detail" => flipped(&detail),
                    "request" => flipped(&request),
                    "realm_id" | "actor" | "on_behalf_of" | "subject" | "organisation" | "session" => {
                        Uuid::from_u128(999).into()
                    }
                    "at" => (row.row.at.as_micros() ^ 1).into(),
                    "clock_offset" => (row.row.clock_offset ^ 1).into(),
                    "clock_error_bound" => (row.row.clock_error_bound ^ 1).into(),
                    "clock_stratum" => (row.row.clock_stratum ^ 1).into(),
                    "hits" => 2_i64.into(),
                    "decision" => "deny".into(),
                    _ => "other".into(),
                };
                let keep =
                    format!("CREATE TABLE kept AS SELECT {column} AS value FROM log_row WHERE seq = {seq}");
                house.run(&keep, vec![]).await;
                house
                    .run(
                        &format!("UPDATE log_row SET {column} = $1 WHERE seq = $2"),
                        values![altered, seq],
                    )
                    .await;
                let finding = if column == "hash" {
                    Finding::HashAltered
                } else {
                    Finding::Altered
                };
                let found = house.first_fault().await;
                assert_eq!(
                    found,
                    Some((house.writer(), seq, finding)),
                    "{backend:?} {column} of row {seq}"
                );
                let restore =
                    format!("UPDATE log_row SET {column} = (SELECT value FROM kept) WHERE seq = $1");
                house.run(&restore, values![seq]).await;
                house.run("DROP TABLE kept", vec![]).await;
                assert_eq!(house.first_fault().await, None, "{column} is as it was");
            }
        }
    }
}

#[tokio::test]
async fn a_column_that_is_emptied_is_found() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        house
            .run("UPDATE log_row SET subject = NULL WHERE seq = 4", vec![])
            .await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 4, Finding::Altered))
        );
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_named_and_hides_no_other_row() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        house
            .run("UPDATE log_row SET decision = 'perhaps' WHERE seq = 4", vec![])
            .await;
        let (_, report) = house.export().await;
        assert_eq!((report.rows, report.faults[0].seq), (9, Some(4)));
        assert_eq!(report.faults[0].finding, Finding::Unreadable);
    }
    let house = House::with_rows(Backend::Sqlite, ROWS).await;
    house
        .run("UPDATE log_row SET subject = x'00' WHERE seq = 6", vec![])
        .await;
    assert_eq!(
        house.first_fault().await,
        Some((house.writer(), 6, Finding::Unreadable))
    );
}

#[tokio::test]
async fn a_dropped_row_is_found_first_middle_or_last() {
    for backend in BACKENDS {
        for (seq, finding) in [
            (1, Finding::Missing { to: 1 }),
            (5, Finding::Missing { to: 5 }),
            (9, Finding::Truncated { to: 9 }),
        ] {
            let house = House::with_rows(backend, ROWS).await;
            house
                .run("DELETE FROM log_row WHERE seq = $1", values![seq])
                .await;
            assert_eq!(house.first_fault().await, Some((house.writer(), seq, finding)));
        }
    }
}

#[tokio::test]
async fn a_dropped_row_is_found_although_the_rest_is_renumbered() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        house.run("DELETE FROM log_row WHERE seq = 5", vec![]).await;
        renumber(&house, 6, -1).await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 5, Finding::Displaced))
        );
    }
}

#[tokio::test]
async fn an_inserted_row_is_found_with_any_hash() {
    for backend in BACKENDS {
        for fitting in [false, true] {
            let house = House::with_rows(backend, ROWS).await;
            let rows = house.rows().await;
            renumber(&house, 5, 1).await;
            house.run(&copy(2, 5), vec![]).await;
            if fitting {
                let hash = row_hash(house.writer(), 5, &rows[3].hash, &content(&rows[1].row));
                house
                    .run(
                        "UPDATE log_row SET hash = $1 WHERE seq = 5",
                        values![hash.to_vec()],
                    )
                    .await;
            }
            assert_eq!(
                house.first_fault().await,
                Some((house.writer(), 5, Finding::Inserted)),
                "{fitting}"
            );
        }
    }
}

#[tokio::test]
async fn a_row_after_the_end_is_found() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        let rows = house.rows().await;
        house.run(&copy(2, 10), vec![]).await;
        let hash = row_hash(house.writer(), 10, &rows[8].hash, &content(&rows[1].row));
        house
            .run(
                "UPDATE log_row SET hash = $1 WHERE seq = 10",
                values![hash.to_vec()],
            )
            .await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 10, Finding::AfterStop))
        );
    }
}

#[tokio::test]
async fn swapped_rows_are_found_beside_each_other_and_apart() {
    for backend in BACKENDS {
        for (one, other, finding) in [
            (4, 5, Finding::Swapped),
            (3, 7, Finding::Displaced),
            (1, 9, Finding::Displaced),
        ] {
            let house = House::with_rows(backend, ROWS).await;
            for (to, from) in [(-1_i64, one), (one, other), (other, -1)] {
                house.run(SET_SEQ, values![to, from]).await;
            }
            assert_eq!(
                house.first_fault().await,
                Some((house.writer(), one, finding)),
                "{one} and {other}"
            );
        }
    }
}

#[tokio::test]
async fn a_renumbered_row_is_found_where_it_is_missing() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        house.run(SET_SEQ, values![99_i64, 5_i64]).await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 5, Finding::Missing { to: 5 }))
        );
    }
}

#[tokio::test]
async fn a_row_given_to_another_writer_is_found_in_both_chains() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        let second = open(house.database.store().clone()).await;
        let moved = values![second.writer().uuid(), house.writer().uuid()];
        house
            .run(
                "UPDATE log_row SET writer = $1, seq = 1 WHERE writer = $2 AND seq = 9",
                moved,
            )
            .await;
        second.close().await.unwrap();
        let (_, report) = house.export().await;
        let mut named: Vec<_> = report
            .faults
            .iter()
            .map(|fault| (fault.writer.unwrap(), fault.seq.unwrap()))
            .collect();
        named.sort_unstable();
        let mut expected = vec![(house.writer(), 9), (second.writer(), 1)];
        expected.sort_unstable();
        assert_eq!(named, expected);
    }
}

#[tokio::test]
async fn a_tail_that_is_cut_off_is_found_by_the_last_signature() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        house.run("DELETE FROM log_row WHERE seq > 6", vec![]).await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 7, Finding::Truncated { to: 9 }))
        );
    }
}

#[tokio::test]
async fn a_tail_cut_off_with_its_signatures_is_found_by_the_next_writer_and_by_an_earlier_export() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        let (earlier, _) = house.export().await;
        let cut = [
            "DELETE FROM log_row WHERE seq > 6",
            "DELETE FROM log_checkpoint WHERE seq > 6",
        ];
        for statement in cut {
            house.run(statement, vec![]).await;
        }
        let mut out = Vec::new();
        house.log.export(&mut out).await.unwrap();
        let mut verifier = house.verifier();
        for line in earlier
            .split(|byte| *byte == b'\n')
            .filter(|line| line.starts_with(b"{\"checkpoint\""))
        {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            verifier
                .expect(line["checkpoint"]["signed"].as_str().unwrap())
                .unwrap();
        }
        let report = super::verify(out.as_slice(), verifier).unwrap();
        assert_eq!(
            (report.faults[0].seq, report.faults[0].finding),
            (Some(7), Finding::Truncated { to: 9 })
        );

        let house = House::with_rows(backend, ROWS).await;
        let next = open(house.database.store().clone()).await;
        next.close().await.unwrap();
        for statement in cut {
            house
                .run(
                    &format!("{statement} AND writer = $1"),
                    values![house.writer().uuid()],
                )
                .await;
        }
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 7, Finding::Truncated { to: 9 }))
        );
    }
}

#[tokio::test]
async fn a_chain_written_anew_is_found_by_its_signatures() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        let mut previous = house.rows().await[4].hash;
        for mut row in house.rows().await.into_iter().skip(5) {
            row.row.subject = Some(Uuid::from_u128(999).into());
            previous = row_hash(row.writer, row.seq, &previous, &content(&row.row));
            let values = values![Uuid::from_u128(999), previous.to_vec(), row.seq];
            house
                .run(
                    "UPDATE log_row SET subject = $1, hash = $2 WHERE seq = $3",
                    values,
                )
                .await;
        }
        let (writer, seq, finding) = house.first_fault().await.unwrap();
        assert_eq!((writer, finding), (house.writer(), Finding::Rewritten { to: 9 }));
        assert!(seq <= 6, "the alteration begins at 6, not before {seq}");
    }
}

#[tokio::test]
async fn a_writer_that_is_gone_whole_is_found_by_the_next() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        let next = open(house.database.store().clone()).await;
        next.append(house.entry(1)).await.unwrap();
        next.close().await.unwrap();
        forget_writer(&house, house.writer()).await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 9, Finding::WriterMissing))
        );
        // Taking the commitment out as well leaves a beginning that its genesis does not fit.
        house
            .run(
                "DELETE FROM log_commitment WHERE earlier = $1",
                values![house.writer().uuid()],
            )
            .await;
        assert_eq!(
            house.first_fault().await,
            Some((next.writer(), 0, Finding::Genesis))
        );
    }
}

/// Deletes everything of a writer but what others say of it.
async fn forget_writer(house: &House, writer: WriterId) {
    let free = match house.database.store().backend() {
        Backend::Sqlite => "PRAGMA foreign_keys = OFF",
        Backend::Postgres => "ALTER TABLE log_commitment DROP CONSTRAINT log_commitment_earlier_fkey",
    };
    house.run(free, vec![]).await;
    for table in [
        "log_row WHERE writer",
        "log_checkpoint WHERE writer",
        "log_writer WHERE id",
    ] {
        house
            .run(&format!("DELETE FROM {table} = $1"), values![writer.uuid()])
            .await;
    }
}

#[tokio::test]
async fn a_forged_checkpoint_is_found() {
    for backend in BACKENDS {
        for forgery in [
            "UPDATE log_checkpoint SET signed = replace(signed, '.', '.A') WHERE seq = 9",
            "UPDATE log_checkpoint SET signed = (SELECT signed FROM log_checkpoint WHERE seq = 0) WHERE seq = 9",
            "UPDATE log_checkpoint SET at = at + 1 WHERE seq = 9",
            "UPDATE log_checkpoint SET hash = (SELECT hash FROM log_row WHERE seq = 8) WHERE seq = 9",
        ] {
            let house = House::with_rows(backend, ROWS).await;
            house.run(forgery, vec![]).await;
            assert_eq!(
                house.first_fault().await,
                Some((house.writer(), 9, Finding::Checkpoint)),
                "{forgery}"
            );
        }
    }
}

#[tokio::test]
async fn a_writer_without_a_signed_beginning_is_found() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, ROWS).await;
        house
            .run("DELETE FROM log_checkpoint WHERE seq = 0", vec![])
            .await;
        assert_eq!(
            house.first_fault().await,
            Some((house.writer(), 0, Finding::Unsigned))
        );
    }
}

#[tokio::test]
async fn an_export_signed_by_another_key_convinces_nobody_who_knows_the_right_one() {
    for backend in BACKENDS {
        let (house, other) = (
            House::with_rows(backend, 2).await,
            House::with_rows(backend, 2).await,
        );
        let (forged, _) = other.export().await;
        let report = super::verify(forged.as_slice(), house.verifier()).unwrap();
        assert!(
            report
                .faults
                .iter()
                .any(|fault| fault.finding == Finding::Checkpoint)
        );
        let credulous = super::verify(forged.as_slice(), super::Verifier::new(None)).unwrap();
        assert!(credulous.is_intact() && !credulous.keys_were_trusted);
    }
}

#[tokio::test]
async fn an_export_that_ends_early_is_incomplete() {
    let house = House::with_rows(Backend::Sqlite, ROWS).await;
    let (export, _) = house.export().await;
    let end = export.len() - 30;
    let report = super::verify(&export[..end], house.verifier()).unwrap();
    assert!(
        report
            .faults
            .iter()
            .any(|fault| fault.finding == Finding::Incomplete)
    );
}
