//! The tree over the rows of all writers: its state, its nodes, and which leaves are whose rows.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE log_tree_key (
        id bigint NOT NULL PRIMARY KEY,
        kid text NOT NULL,
        public_jwk text NOT NULL,
        wrapped_key bytea NOT NULL,
        sealed_private bytea NOT NULL,
        created_at bigint NOT NULL
    )",
    "CREATE TABLE log_tree (
        id bigint NOT NULL PRIMARY KEY,
        size bigint NOT NULL,
        peaks bytea NOT NULL,
        note text NOT NULL,
        at bigint NOT NULL
    )",
    "CREATE TABLE log_node (
        level bigint NOT NULL,
        place bigint NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (level, place)
    )",
    "CREATE TABLE log_run (
        first bigint NOT NULL PRIMARY KEY,
        writer uuid NOT NULL,
        seq bigint NOT NULL,
        leaves bigint NOT NULL
    )",
    "CREATE UNIQUE INDEX log_run_by_writer ON log_run (writer, seq)",
    "ALTER TABLE log_writer ADD COLUMN planted bigint NOT NULL DEFAULT 0",
    "ALTER TABLE log_writer ADD COLUMN rooted integer NOT NULL DEFAULT 0",
    "CREATE INDEX log_writer_growing ON log_writer (id) WHERE rooted = 0",
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
