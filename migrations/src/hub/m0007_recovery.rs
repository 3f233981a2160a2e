//! Mail that waits to be sent, what people were told, addresses that wait to be confirmed, and the ways back into an
//! account (requirement P10).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE mail (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        kind text NOT NULL,
        sealed bytea NOT NULL,
        tries integer NOT NULL,
        due_at bigint NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX mail_by_due ON mail (due_at)",
    "CREATE TABLE notice (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        sealed bytea NOT NULL,
        at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX notice_by_person ON notice (person_id, at)",
    "CREATE INDEX notice_by_end ON notice (expires_at)",
    "CREATE TABLE email_change (
        person_id uuid NOT NULL PRIMARY KEY REFERENCES person (id),
        realm_id uuid NOT NULL REFERENCES realm (id),
        sealed_address bytea NOT NULL,
        code_hash bytea NOT NULL,
        tries integer NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX email_change_by_end ON email_change (expires_at)",
    "CREATE TABLE recovery_ask (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        way text NOT NULL,
        sealed bytea NOT NULL,
        created_at bigint NOT NULL
    )",
    "CREATE TABLE recovery_link (
        hash bytea NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX recovery_link_by_person ON recovery_link (person_id)",
    "CREATE INDEX recovery_link_by_end ON recovery_link (expires_at)",
    "CREATE TABLE trusted_person (
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        trusted_id uuid NOT NULL REFERENCES person (id),
        state text NOT NULL,
        asked_at bigint NOT NULL,
        accepted_at bigint,
        PRIMARY KEY (person_id, trusted_id),
        CHECK (person_id <> trusted_id)
    )",
    "CREATE INDEX trusted_person_by_trusted ON trusted_person (trusted_id)",
    "CREATE TABLE family_recovery (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid REFERENCES person (id),
        secret_hash bytea NOT NULL UNIQUE,
        code_hash bytea NOT NULL,
        state text NOT NULL,
        began_at bigint NOT NULL,
        opens_at bigint,
        expires_at bigint NOT NULL
    )",
    "CREATE UNIQUE INDEX family_recovery_one_open ON family_recovery (person_id)
        WHERE state IN ('asked', 'waiting')",
    "CREATE INDEX family_recovery_by_end ON family_recovery (expires_at)",
    "CREATE TABLE family_confirmation (
        recovery_id uuid NOT NULL REFERENCES family_recovery (id) ON DELETE CASCADE,
        trusted_id uuid NOT NULL REFERENCES person (id),
        realm_id uuid NOT NULL REFERENCES realm (id),
        wrong integer NOT NULL,
        confirmed_at bigint,
        PRIMARY KEY (recovery_id, trusted_id)
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
