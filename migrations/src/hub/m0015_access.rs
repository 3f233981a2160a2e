//! What people allow with their data, what that was compiled into, what they agreed with operators, and emergencies
//! (requirements H5.1 to H5.3).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE consent (
        id uuid NOT NULL,
        version integer NOT NULL,
        realm_id uuid NOT NULL REFERENCES realm (id),
        subject_id uuid NOT NULL REFERENCES person (id),
        performer_id uuid NOT NULL REFERENCES person (id),
        origin text NOT NULL,
        status text NOT NULL,
        sealed_resource bytea NOT NULL,
        created_at bigint NOT NULL,
        PRIMARY KEY (id, version)
    )",
    "CREATE INDEX consent_by_subject ON consent (realm_id, subject_id, id)",
    "CREATE TABLE consent_grant (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        subject_id uuid NOT NULL REFERENCES person (id),
        consent_id uuid NOT NULL,
        consent_version integer NOT NULL,
        effect text NOT NULL,
        grantee_kind text NOT NULL,
        grantee_key text NOT NULL,
        organisation_id uuid,
        occupation text,
        kinds bigint NOT NULL,
        actions bigint NOT NULL,
        purposes bigint NOT NULL,
        depth integer NOT NULL,
        data_from bigint,
        data_until bigint,
        valid_from bigint,
        valid_until bigint,
        ended_at bigint,
        FOREIGN KEY (consent_id, consent_version) REFERENCES consent (id, version)
    )",
    "CREATE INDEX consent_grant_by_subject ON consent_grant (realm_id, subject_id) WHERE ended_at IS NULL",
    "CREATE INDEX consent_grant_by_grantee ON consent_grant (realm_id, grantee_key, subject_id)
        WHERE ended_at IS NULL",
    "CREATE INDEX consent_grant_by_consent ON consent_grant (consent_id, consent_version)",
    "CREATE TABLE family_consent (
        family_id uuid NOT NULL REFERENCES token_family (id) ON DELETE CASCADE,
        consent_id uuid NOT NULL,
        realm_id uuid NOT NULL REFERENCES realm (id),
        PRIMARY KEY (family_id, consent_id)
    )",
    "CREATE INDEX family_consent_by_consent ON family_consent (consent_id)",
    "CREATE TABLE contract (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        organisation_id uuid NOT NULL,
        services text NOT NULL,
        kinds bigint NOT NULL,
        actions bigint NOT NULL,
        from_at bigint NOT NULL,
        until_at bigint,
        ended_at bigint,
        created_at bigint NOT NULL
    )",
    "CREATE INDEX contract_by_person ON contract (realm_id, person_id)",
    "CREATE INDEX contract_by_organisation ON contract (realm_id, organisation_id)",
    "CREATE TABLE emergency (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        subject_id uuid NOT NULL REFERENCES person (id),
        actor_id uuid NOT NULL REFERENCES person (id),
        organisation_id uuid NOT NULL,
        sealed_reason bytea NOT NULL,
        from_at bigint NOT NULL,
        until_at bigint NOT NULL,
        ended_at bigint
    )",
    "CREATE INDEX emergency_by_actor ON emergency (realm_id, actor_id, subject_id)",
    "CREATE INDEX emergency_by_subject ON emergency (realm_id, subject_id)",
    "CREATE TABLE emergency_organisation (
        realm_id uuid NOT NULL REFERENCES realm (id),
        organisation_id uuid NOT NULL,
        allowed_at bigint NOT NULL,
        PRIMARY KEY (realm_id, organisation_id)
    )",
    "CREATE INDEX emergency_by_organisation ON emergency (realm_id, organisation_id)",
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
