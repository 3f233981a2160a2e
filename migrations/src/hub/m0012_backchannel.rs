//! Requests that reach a person by the back channel (CIBA).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE backchannel_request (
        realm_id uuid NOT NULL REFERENCES realm (id),
        hash bytea NOT NULL,
        id uuid NOT NULL,
        client_id text NOT NULL,
        person_id uuid NOT NULL REFERENCES person (id),
        sealed_request bytea NOT NULL,
        state text NOT NULL,
        sid uuid,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        notify_at bigint,
        notify_tries integer NOT NULL,
        PRIMARY KEY (realm_id, hash)
    )",
    "CREATE INDEX backchannel_request_by_person ON backchannel_request (realm_id, person_id, expires_at)",
    "CREATE INDEX backchannel_request_by_end ON backchannel_request (expires_at)",
    "CREATE INDEX backchannel_request_by_notice ON backchannel_request (notify_at)",
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
