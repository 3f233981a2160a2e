//! Answers that are pushed to clients, codes by which people let themselves be asked, and by which name a client knows whom
//! (CIBA).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "ALTER TABLE backchannel_request ADD COLUMN sealed_answer bytea",
    "ALTER TABLE client_consent ADD COLUMN subject text",
    "CREATE INDEX client_consent_by_subject ON client_consent (realm_id, client_id, subject)",
    "CREATE TABLE backchannel_code (
        person_id uuid NOT NULL REFERENCES person (id),
        realm_id uuid NOT NULL REFERENCES realm (id),
        phc text NOT NULL,
        changed_at bigint NOT NULL,
        PRIMARY KEY (person_id)
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
