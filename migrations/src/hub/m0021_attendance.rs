//! When staff came and went (requirement H3.3).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE attendance (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        affiliation_id uuid NOT NULL REFERENCES affiliation (id),
        person_id uuid NOT NULL REFERENCES person (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        in_at bigint NOT NULL,
        out_at bigint,
        corrected_at bigint
    )",
    "CREATE UNIQUE INDEX attendance_one_at_a_time ON attendance (affiliation_id) WHERE out_at IS NULL",
    "CREATE INDEX attendance_by_organisation ON attendance (organisation_id, in_at)",
    "CREATE INDEX attendance_by_person ON attendance (person_id, in_at)",
    "CREATE TABLE attendance_correction (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        attendance_id uuid NOT NULL REFERENCES attendance (id),
        in_before bigint NOT NULL,
        out_before bigint,
        in_after bigint NOT NULL,
        out_after bigint NOT NULL,
        reason text NOT NULL,
        corrected_by uuid REFERENCES person (id),
        corrected_at bigint NOT NULL
    )",
    "CREATE INDEX attendance_correction_by_attendance ON attendance_correction (attendance_id)",
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
