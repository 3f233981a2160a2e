//! Who is whose family, and invitations to become it (requirements H2.2, S6.1).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE tie (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        other_id uuid NOT NULL REFERENCES person (id),
        relation text NOT NULL,
        powers text NOT NULL,
        basis text,
        state text NOT NULL,
        sealed_evidence bytea,
        from_at bigint NOT NULL,
        until_at bigint,
        ended_at bigint,
        ended_by uuid,
        ended_via text,
        CHECK (person_id <> other_id)
    )",
    "CREATE INDEX tie_by_person ON tie (realm_id, person_id, state)",
    "CREATE INDEX tie_by_other ON tie (realm_id, other_id, state)",
    "CREATE UNIQUE INDEX tie_one_active ON tie (person_id, other_id) WHERE state = 'active'",
    "CREATE TABLE tie_invitation (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        code_hash bytea NOT NULL UNIQUE,
        person_id uuid NOT NULL REFERENCES person (id),
        invited_id uuid REFERENCES person (id),
        relation text NOT NULL,
        powers text NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX tie_invitation_by_person ON tie_invitation (realm_id, person_id)",
    "CREATE INDEX tie_invitation_by_invited ON tie_invitation (realm_id, invited_id)",
    "CREATE INDEX tie_invitation_by_end ON tie_invitation (expires_at)",
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
