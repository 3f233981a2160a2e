//! Which clients took part in a session, and which of them still have to be told that it has ended.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE session_client (
        sid uuid NOT NULL,
        client_id text NOT NULL,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        expires_at bigint NOT NULL,
        ended_at bigint,
        due_at bigint,
        attempts integer NOT NULL DEFAULT 0,
        PRIMARY KEY (sid, client_id)
    )",
    "CREATE INDEX session_client_by_end ON session_client (expires_at)",
    "CREATE INDEX session_client_by_person ON session_client (realm_id, person_id)",
    "CREATE INDEX session_client_due ON session_client (due_at) WHERE due_at IS NOT NULL",
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
