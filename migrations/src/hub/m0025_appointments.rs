//! When staff are expected where, for whom (requirement H3.3), and the calendars that tell of it.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE appointment (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        subject_id uuid NOT NULL REFERENCES person (id),
        kind text NOT NULL,
        recurrence text,
        sealed_note bytea,
        made_by uuid REFERENCES person (id),
        created_at bigint NOT NULL
    )",
    "CREATE TABLE appointment_time (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        appointment_id uuid NOT NULL REFERENCES appointment (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        staff_id uuid NOT NULL REFERENCES person (id),
        subject_id uuid NOT NULL REFERENCES person (id),
        starts_at bigint NOT NULL,
        ends_at bigint NOT NULL,
        sequence integer NOT NULL,
        changed_at bigint NOT NULL,
        cancelled_at bigint
    )",
    "CREATE INDEX appointment_time_by_organisation ON appointment_time (organisation_id, starts_at)",
    "CREATE INDEX appointment_time_by_staff ON appointment_time (staff_id, starts_at)",
    "CREATE INDEX appointment_time_by_subject ON appointment_time (subject_id, starts_at)",
    "CREATE INDEX appointment_time_by_appointment ON appointment_time (appointment_id, starts_at)",
    "CREATE TABLE calendar (
        person_id uuid NOT NULL PRIMARY KEY REFERENCES person (id),
        realm_id uuid NOT NULL REFERENCES realm (id),
        secret_hash bytea NOT NULL,
        created_at bigint NOT NULL
    )",
    "CREATE UNIQUE INDEX calendar_by_secret ON calendar (realm_id, secret_hash)",
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
