//! People, the names they sign in with, their passwords, powers and sessions.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE person (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        state text NOT NULL,
        sealed_key bytea,
        sealed_profile bytea,
        locale text,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL
    )",
    "CREATE INDEX person_by_realm ON person (realm_id, id)",
    "CREATE TABLE identifier (
        realm_id uuid NOT NULL REFERENCES realm (id),
        kind text NOT NULL,
        hash bytea NOT NULL,
        person_id uuid REFERENCES person (id),
        sealed_value bytea,
        state text NOT NULL,
        verified_at bigint,
        created_at bigint NOT NULL,
        cooling_until bigint,
        PRIMARY KEY (realm_id, kind, hash)
    )",
    "CREATE INDEX identifier_by_person ON identifier (person_id)",
    "CREATE TABLE password (
        person_id uuid NOT NULL PRIMARY KEY REFERENCES person (id),
        realm_id uuid NOT NULL,
        phc text NOT NULL,
        changed_at bigint NOT NULL
    )",
    "CREATE TABLE one_time_link (
        hash bytea NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        purpose text NOT NULL,
        person_id uuid REFERENCES person (id),
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX one_time_link_by_end ON one_time_link (expires_at)",
    "CREATE TABLE power (
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        scope text NOT NULL,
        granted_at bigint NOT NULL,
        PRIMARY KEY (realm_id, person_id, scope)
    )",
    "CREATE TABLE session (
        hash bytea NOT NULL PRIMARY KEY,
        sid uuid NOT NULL UNIQUE,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        authenticated_at bigint NOT NULL,
        amr text NOT NULL,
        sealed_origin bytea,
        last_seen_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        ended_at bigint
    )",
    "CREATE INDEX session_by_person ON session (realm_id, person_id, expires_at)",
    "CREATE INDEX session_by_end ON session (expires_at)",
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
