//! Organisations, staff, and what they may administer (requirement H3).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// `staff_epoch` has one row a realm: each change to what is below takes it first, so that changes of a realm come one
/// after the other, on every node, and what one of them checks stands until it commits.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE staff_epoch (
        realm_id uuid NOT NULL PRIMARY KEY REFERENCES realm (id),
        epoch bigint NOT NULL
    )",
    "CREATE TABLE organisation (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        parent_id uuid REFERENCES organisation (id),
        kind text NOT NULL,
        name text NOT NULL,
        state text NOT NULL,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        ended_at bigint
    )",
    "CREATE INDEX organisation_by_realm ON organisation (realm_id, id)",
    "CREATE INDEX organisation_by_parent ON organisation (parent_id)",
    "CREATE TABLE organisation_above (
        realm_id uuid NOT NULL REFERENCES realm (id),
        ancestor_id uuid NOT NULL REFERENCES organisation (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        distance integer NOT NULL,
        PRIMARY KEY (ancestor_id, organisation_id)
    )",
    "CREATE INDEX organisation_above_by_organisation ON organisation_above (organisation_id, ancestor_id)",
    "CREATE TABLE affiliation (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        title text,
        from_at bigint NOT NULL,
        until_at bigint,
        created_at bigint NOT NULL,
        ended_at bigint
    )",
    "CREATE UNIQUE INDEX affiliation_one_at_a_time ON affiliation (person_id, organisation_id) WHERE ended_at IS NULL",
    "CREATE INDEX affiliation_by_organisation ON affiliation (organisation_id, id)",
    "CREATE INDEX affiliation_by_realm ON affiliation (realm_id, id)",
    "CREATE INDEX affiliation_by_end ON affiliation (until_at) WHERE ended_at IS NULL",
    "CREATE TABLE occupation (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        affiliation_id uuid NOT NULL REFERENCES affiliation (id),
        code text NOT NULL,
        sealed_licence bytea,
        licence_until bigint,
        created_at bigint NOT NULL,
        ended_at bigint
    )",
    "CREATE UNIQUE INDEX occupation_one_at_a_time ON occupation (affiliation_id, code) WHERE ended_at IS NULL",
    "CREATE INDEX occupation_by_person ON occupation (person_id)",
    "CREATE TABLE delegation (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        parent_id uuid REFERENCES delegation (id),
        giver_id uuid REFERENCES person (id),
        holder_id uuid NOT NULL REFERENCES person (id),
        affiliation_id uuid NOT NULL REFERENCES affiliation (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        powers text NOT NULL,
        may_delegate integer NOT NULL CHECK (may_delegate BETWEEN 0 AND 8),
        from_at bigint NOT NULL,
        until_at bigint,
        created_at bigint NOT NULL,
        withdrawn_at bigint,
        withdrawn_by uuid REFERENCES person (id)
    )",
    "CREATE INDEX delegation_by_parent ON delegation (parent_id)",
    "CREATE INDEX delegation_by_holder ON delegation (holder_id)",
    "CREATE INDEX delegation_by_affiliation ON delegation (affiliation_id)",
    "CREATE INDEX delegation_by_organisation ON delegation (organisation_id, id)",
    "CREATE INDEX delegation_by_realm ON delegation (realm_id, id)",
    "CREATE TABLE staff_invitation (
        hash bytea NOT NULL PRIMARY KEY,
        id uuid NOT NULL UNIQUE,
        realm_id uuid NOT NULL REFERENCES realm (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        title text,
        email_hash bytea,
        invited_by uuid REFERENCES person (id),
        delegation_id uuid REFERENCES delegation (id),
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL,
        used_at bigint,
        withdrawn_at bigint
    )",
    "CREATE INDEX staff_invitation_by_organisation ON staff_invitation (organisation_id, id)",
    "CREATE INDEX staff_invitation_by_end ON staff_invitation (expires_at)",
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
