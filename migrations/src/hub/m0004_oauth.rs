//! Clients, what people let them have, and refresh token families.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE client (
        realm_id uuid NOT NULL REFERENCES realm (id),
        client_id text NOT NULL,
        metadata text NOT NULL,
        secret_hash bytea,
        registration_token_hash bytea,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        PRIMARY KEY (realm_id, client_id)
    )",
    "CREATE TABLE initial_access_token (
        hash bytea NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        uses_left integer NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX initial_access_token_by_end ON initial_access_token (expires_at)",
    "CREATE TABLE client_consent (
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        client_id text NOT NULL,
        place text NOT NULL,
        scope text NOT NULL,
        granted_at bigint NOT NULL,
        PRIMARY KEY (realm_id, person_id, client_id, place, scope)
    )",
    "CREATE TABLE token_family (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        client_id text NOT NULL,
        person_id uuid REFERENCES person (id),
        sid uuid,
        scope text NOT NULL,
        grant_details text NOT NULL,
        current_hash bytea,
        generation integer NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        revoked_at bigint,
        revoked_because text
    )",
    "CREATE INDEX token_family_by_person ON token_family (realm_id, person_id, client_id)",
    "CREATE INDEX token_family_by_session ON token_family (sid)",
    "CREATE INDEX token_family_by_end ON token_family (expires_at)",
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
