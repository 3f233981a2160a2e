//! What administrators say of clients, the change of secrets and tokens, registration policies and software statements.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "ALTER TABLE client ADD COLUMN secret_ends_at bigint",
    "ALTER TABLE client ADD COLUMN former_secret_hash bytea",
    "ALTER TABLE client ADD COLUMN former_secret_ends_at bigint",
    "ALTER TABLE client ADD COLUMN next_registration_token_hash bytea",
    "ALTER TABLE client ADD COLUMN standing text",
    "ALTER TABLE client ADD COLUMN policy text",
    "ALTER TABLE client ADD COLUMN software_statement text",
    "ALTER TABLE initial_access_token ADD COLUMN policy text",
    "CREATE TABLE registration_policy (
        realm_id uuid NOT NULL REFERENCES realm (id),
        name text NOT NULL,
        rules text NOT NULL,
        updated_at bigint NOT NULL,
        PRIMARY KEY (realm_id, name)
    )",
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
