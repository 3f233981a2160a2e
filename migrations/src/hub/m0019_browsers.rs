//! Browsers in which people have signed in before.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE known_browser (
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        hash bytea NOT NULL,
        sid uuid NOT NULL,
        first_at bigint NOT NULL,
        forgotten_at bigint,
        expires_at bigint NOT NULL,
        PRIMARY KEY (person_id, hash)
    )",
    "CREATE INDEX known_browser_by_end ON known_browser (expires_at)",
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
