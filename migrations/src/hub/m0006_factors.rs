//! What people prove themselves with besides a password, and what a realm asks of its people.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE factor (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        kind text NOT NULL,
        handle bytea,
        sealed_name bytea NOT NULL,
        sealed_secret bytea,
        counter bigint NOT NULL,
        created_at bigint NOT NULL,
        used_at bigint
    )",
    "CREATE INDEX factor_by_person ON factor (realm_id, person_id)",
    "CREATE UNIQUE INDEX factor_by_handle ON factor (realm_id, handle)",
    "CREATE TABLE recovery_code (
        hash bytea NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        factor_id uuid NOT NULL REFERENCES factor (id)
    )",
    "CREATE INDEX recovery_code_by_factor ON recovery_code (factor_id)",
    "ALTER TABLE realm ADD COLUMN sign_in_policy text",
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
