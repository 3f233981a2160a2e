//! The schema after all migrations, against the golden files in `migrations/golden/`: one file for both databases,
//! because both must have the same tables, columns, types, keys and indexes.
//!
//! A change of the schema that was meant is accepted with `MUSUBI_BLESS=1 cargo test -p platform database::schema`.

use std::collections::BTreeSet;
use std::path::Path;

use migrations::MigratorTrait;
use sea_orm::FromQueryResult;

use super::testing::{BACKENDS, TestDatabase};
use super::{Backend, Queries as _, Store};

#[derive(FromQueryResult)]
struct Line {
    line: String,
}

const COLUMNS_SQLITE: &str = "
    SELECT m.name || '.' || c.name || ' ' || lower(c.type)
        || CASE WHEN c.\"notnull\" = 1 THEN ' not null' ELSE '' END AS line
    FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table'";

const COLUMNS_POSTGRES: &str = "
    SELECT t.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END AS line
    FROM pg_class AS t JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace";

/// Indexes that a constraint made have names of the database's own; they are told by their columns.
const INDEXES_SQLITE: &str = "
    SELECT m.name || CASE WHEN i.\"unique\" = 1 THEN ' unique (' ELSE ' index (' END
        || (SELECT group_concat(k.name, ', ') FROM pragma_index_info(i.name) AS k) || ')'
        || CASE WHEN i.partial = 1 THEN ' partial' ELSE '' END
        || CASE WHEN i.origin = 'c' THEN ' ' || i.name ELSE '' END AS line
    FROM sqlite_master AS m JOIN pragma_index_list(m.name) AS i WHERE m.type = 'table'";

const INDEXES_POSTGRES: &str = "
    SELECT t.relname || CASE WHEN i.indisunique THEN ' unique (' ELSE ' index (' END
        || (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
            FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum) || ')'
        || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END
        || CASE WHEN o.oid IS NULL THEN ' ' || n.relname ELSE '' END AS line
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_class AS n ON n.oid = i.indexrelid
    LEFT JOIN pg_constraint AS o ON o.conindid = i.indexrelid AND o.contype IN ('p', 'u')
    WHERE t.relnamespace = 'public'::regnamespace";

const REFERENCES_SQLITE: &str = "
    SELECT m.name || '.' || f.\"from\" || ' references ' || f.\"table\" || '.' || f.\"to\" AS line
    FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'";

const REFERENCES_POSTGRES: &str = "
    SELECT t.relname || '.' || a.attname || ' references ' || r.relname || '.' || b.attname AS line
    FROM pg_constraint AS o JOIN pg_class AS t ON t.oid = o.conrelid JOIN pg_class AS r ON r.oid = o.confrelid
    CROSS JOIN LATERAL unnest(o.conkey, o.confkey) AS k (mine, theirs)
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.mine
    JOIN pg_attribute AS b ON b.attrelid = r.oid AND b.attnum = k.theirs
    WHERE o.contype = 'f'";

async fn schema(store: &Store) -> String {
    let statements = match store.backend() {
        Backend::Sqlite => [COLUMNS_SQLITE, INDEXES_SQLITE, REFERENCES_SQLITE],
        Backend::Postgres => [COLUMNS_POSTGRES, INDEXES_POSTGRES, REFERENCES_POSTGRES],
    };
    let mut lines = BTreeSet::new();
    for statement in statements {
        let rows: Vec<Line> = store.fetch_all(statement, vec![]).await.unwrap();
        lines.extend(
            rows.into_iter()
                .map(|row| row.line)
                .filter(|line| !line.starts_with("seaql_migrations")),
        );
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

async fn migrates_to<M: MigratorTrait>(golden: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../migrations/golden")
        .join(golden);
    for backend in BACKENDS {
        let database = TestDatabase::empty(backend).await;
        let store = database.store();
        let all = M::migrations().len();
        let status = store.migration_status::<M>().await.unwrap();
        assert_eq!(
            status.iter().filter(|(_, applied)| !applied).count(),
            all,
            "{backend:?}: none is applied"
        );
        assert_eq!(store.migrate::<M>().await.unwrap(), all);
        let once = schema(store).await;
        assert_eq!(
            store.migrate::<M>().await.unwrap(),
            0,
            "{backend:?}: nothing is left to apply"
        );
        assert_eq!(schema(store).await, once);
        assert!(
            store
                .migration_status::<M>()
                .await
                .unwrap()
                .iter()
                .all(|(_, applied)| *applied)
        );
        if backend == Backend::Sqlite && std::env::var_os("MUSUBI_BLESS").is_some() {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, &once).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap();
        let differs: Vec<_> = diff(&expected, &once);
        assert!(
            differs.is_empty(),
            "{backend:?}: the schema is not that of {}:\n{}",
            golden.display(),
            differs.join("\n")
        );
    }
}

fn diff(expected: &str, found: &str) -> Vec<String> {
    let (expected, found): (BTreeSet<_>, BTreeSet<_>) = (expected.lines().collect(), found.lines().collect());
    let gone = expected.difference(&found).map(|line| format!("- {line}"));
    gone.chain(found.difference(&expected).map(|line| format!("+ {line}")))
        .collect()
}

#[tokio::test]
async fn the_hubs_schema_is_the_golden_one_on_both_databases_and_migrating_again_changes_nothing() {
    migrates_to::<migrations::hub::Hub>("hub.txt").await;
}

#[tokio::test]
async fn the_logs_schema_is_the_golden_one_on_both_databases_and_migrating_again_changes_nothing() {
    migrates_to::<migrations::log::Log>("log.txt").await;
}
