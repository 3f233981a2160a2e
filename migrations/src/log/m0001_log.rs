//! Writers, their rows, what they signed, and the keys they sign with.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE log_key (
        kid text NOT NULL PRIMARY KEY,
        state text NOT NULL,
        public_jwk text NOT NULL,
        wrapped_key bytea NOT NULL,
        sealed_private bytea NOT NULL,
        created_at bigint NOT NULL
    )",
    "CREATE UNIQUE INDEX log_key_one_current ON log_key (state) WHERE state = 'current'",
    "CREATE TABLE log_writer (
        id uuid NOT NULL PRIMARY KEY,
        format integer NOT NULL,
        kid text NOT NULL REFERENCES log_key (kid),
        genesis bytea NOT NULL,
        started_at bigint NOT NULL,
        ended_at bigint,
        settled integer NOT NULL
    )",
    "CREATE INDEX log_writer_unsettled ON log_writer (id) WHERE settled = 0",
    "CREATE TABLE log_commitment (
        writer uuid NOT NULL REFERENCES log_writer (id),
        earlier uuid NOT NULL REFERENCES log_writer (id),
        seq bigint NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (writer, earlier)
    )",
    "CREATE INDEX log_commitment_by_earlier ON log_commitment (earlier, seq)",
    "CREATE TABLE log_checkpoint (
        writer uuid NOT NULL REFERENCES log_writer (id),
        seq bigint NOT NULL,
        hash bytea NOT NULL,
        at bigint NOT NULL,
        signed text NOT NULL,
        PRIMARY KEY (writer, seq, at)
    )",
    // No reference to log_writer: the row's writer is this process, and looking it up for every row costs.
    "CREATE TABLE log_row (
        writer uuid NOT NULL,
        seq bigint NOT NULL,
        hash bytea NOT NULL,
        realm_id uuid NOT NULL,
        at bigint NOT NULL,
        clock_offset bigint NOT NULL,
        clock_error_bound bigint NOT NULL,
        clock_stratum integer NOT NULL,
        clock_source text NOT NULL,
        clock_state text NOT NULL,
        actor uuid,
        on_behalf_of uuid,
        subject uuid,
        organisation uuid,
        occupation text,
        session uuid,
        client text,
        service text NOT NULL,
        action text NOT NULL,
        resource_kind text,
        resource_ids text,
        hits bigint,
        decision text NOT NULL,
        reason text,
        granted_by text,
        purpose text,
        request bytea,
        detail bytea,
        PRIMARY KEY (writer, seq)
    )",
    "CREATE INDEX log_row_by_subject ON log_row (subject, at) WHERE subject IS NOT NULL",
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
