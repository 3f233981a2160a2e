//! Number namespaces, blocks and assignments (requirement H1).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE number_namespace (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        code text NOT NULL,
        holder_kind text NOT NULL,
        digits integer NOT NULL,
        next_counter bigint NOT NULL,
        reissue text NOT NULL,
        cooldown bigint NOT NULL,
        created_at bigint NOT NULL,
        UNIQUE (realm_id, code)
    )",
    "CREATE TABLE number_block (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        namespace_id uuid NOT NULL REFERENCES number_namespace (id),
        first_counter bigint NOT NULL,
        size bigint NOT NULL,
        issued_at bigint NOT NULL,
        UNIQUE (namespace_id, first_counter)
    )",
    "CREATE TABLE number_assignment (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        namespace_id uuid NOT NULL REFERENCES number_namespace (id),
        counter bigint NOT NULL,
        generation integer NOT NULL,
        state text NOT NULL,
        holder_id uuid,
        assigned_at bigint NOT NULL,
        changed_at bigint NOT NULL,
        cancelled_at bigint,
        cooling_until bigint,
        UNIQUE (namespace_id, counter, generation)
    )",
    "CREATE UNIQUE INDEX number_assignment_one_holder ON number_assignment (namespace_id, counter)
        WHERE state IN ('active', 'suspended')",
    "CREATE INDEX number_assignment_by_holder ON number_assignment (realm_id, holder_id)",
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
