//! What a realm's administrators set, and letters to addresses that are nobody's yet.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// SQLite cannot let a column that exists be null, so the table is made anew, on both databases alike.
const STATEMENTS: &[&str] = &[
    "ALTER TABLE realm ADD COLUMN settings text",
    "CREATE TABLE letter (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid REFERENCES person (id),
        kind text NOT NULL,
        sealed bytea NOT NULL,
        tries integer NOT NULL,
        due_at bigint NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        topic text
    )",
    "INSERT INTO letter (id, realm_id, person_id, kind, sealed, tries, due_at, created_at, expires_at, topic)
     SELECT id, realm_id, person_id, kind, sealed, tries, due_at, created_at, expires_at, topic FROM mail",
    "DROP TABLE mail",
    "ALTER TABLE letter RENAME TO mail",
    "CREATE INDEX mail_by_due ON mail (due_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, STATEMENTS).await
    }
}
