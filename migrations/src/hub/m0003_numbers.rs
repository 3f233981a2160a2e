//! Number namespaces, blocks and assignments (requirement H1).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// The bounds that must never be undercut stand here as well: whatever a program does, a cooldown under a year
/// (31,536,000,000,000 µs) and a counter beyond the capacity are refused.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE number_namespace (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        code integer NOT NULL CHECK (code BETWEEN 10 AND 99),
        name text NOT NULL,
        holder_kind text NOT NULL,
        digits integer NOT NULL CHECK (digits BETWEEN 6 AND 14),
        sole boolean NOT NULL,
        capacity bigint NOT NULL,
        next_counter bigint NOT NULL CHECK (next_counter BETWEEN 0 AND capacity),
        cooldown bigint CHECK (cooldown >= 31536000000000),
        created_at bigint NOT NULL,
        UNIQUE (realm_id, code),
        UNIQUE (realm_id, name)
    )",
    "CREATE TABLE number_block (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        namespace_id uuid NOT NULL REFERENCES number_namespace (id),
        first_counter bigint NOT NULL,
        size bigint NOT NULL CHECK (size > 0),
        issued_to uuid,
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
        holder_kind text NOT NULL,
        holder_id uuid NOT NULL,
        sole boolean NOT NULL,
        assigned_at bigint NOT NULL,
        changed_at bigint NOT NULL,
        cancelled_at bigint,
        cooling_until bigint,
        UNIQUE (namespace_id, counter, generation)
    )",
    "CREATE UNIQUE INDEX number_assignment_one_current ON number_assignment (namespace_id, counter)
        WHERE state <> 'superseded'",
    "CREATE UNIQUE INDEX number_assignment_one_number ON number_assignment (namespace_id, holder_id)
        WHERE sole AND state IN ('active', 'suspended')",
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
