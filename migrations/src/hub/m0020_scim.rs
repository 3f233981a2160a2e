//! What organisations' own systems say of their staff and departments (requirement P7).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE scim_user (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        person_id uuid NOT NULL REFERENCES person (id),
        user_name_hash bytea NOT NULL,
        external_hash bytea,
        sealed bytea NOT NULL,
        version bigint NOT NULL,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        UNIQUE (organisation_id, user_name_hash),
        UNIQUE (organisation_id, person_id)
    )",
    "CREATE INDEX scim_user_by_external ON scim_user (organisation_id, external_hash)",
    "CREATE INDEX scim_user_by_person ON scim_user (person_id)",
    "CREATE TABLE scim_group (
        organisation_id uuid NOT NULL PRIMARY KEY REFERENCES organisation (id),
        realm_id uuid NOT NULL REFERENCES realm (id),
        tenant_id uuid NOT NULL REFERENCES organisation (id),
        external_id text NOT NULL
    )",
    "CREATE INDEX scim_group_by_tenant ON scim_group (tenant_id)",
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
