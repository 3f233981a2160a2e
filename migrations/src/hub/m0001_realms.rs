//! Realms and their signing keys.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE realm (
        id uuid NOT NULL PRIMARY KEY,
        name text NOT NULL,
        issuer text NOT NULL UNIQUE,
        host text NOT NULL UNIQUE,
        sealed_key bytea NOT NULL,
        created_at bigint NOT NULL
    )",
    "CREATE TABLE signing_key (
        realm_id uuid NOT NULL REFERENCES realm (id),
        kid text NOT NULL,
        algorithm text NOT NULL,
        state text NOT NULL,
        sealed_private bytea NOT NULL,
        public_jwk text NOT NULL,
        created_at bigint NOT NULL,
        activates_at bigint NOT NULL,
        retires_at bigint,
        expires_at bigint,
        PRIMARY KEY (realm_id, kid)
    )",
    "CREATE UNIQUE INDEX signing_key_one_current ON signing_key (realm_id, algorithm) WHERE state = 'current'",
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
