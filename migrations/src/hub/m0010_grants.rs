//! Access tokens that ended before their time.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE revoked_token (
        realm_id uuid NOT NULL REFERENCES realm (id),
        hash bytea NOT NULL,
        expires_at bigint NOT NULL,
        PRIMARY KEY (realm_id, hash)
    )",
    "CREATE INDEX revoked_token_by_end ON revoked_token (expires_at)",
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
