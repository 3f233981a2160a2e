//! What changed in people's profiles and who changed it, telephone numbers that wait to be confirmed, how people want to
//! be reached, blind indexes to find them by, and what peers have to hear about them (requirements H1.6, H2).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE profile_change (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        field text NOT NULL,
        via text NOT NULL,
        actor_id uuid,
        client_id text,
        sealed bytea,
        at bigint NOT NULL
    )",
    "CREATE INDEX profile_change_by_person ON profile_change (realm_id, person_id, id)",
    "CREATE TABLE phone_change (
        person_id uuid NOT NULL PRIMARY KEY REFERENCES person (id),
        realm_id uuid NOT NULL REFERENCES realm (id),
        sealed_number bytea NOT NULL,
        code_hash bytea NOT NULL,
        tries integer NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint NOT NULL
    )",
    "CREATE INDEX phone_change_by_end ON phone_change (expires_at)",
    "CREATE TABLE contact_preference (
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        channel text NOT NULL,
        topic text NOT NULL,
        allowed boolean NOT NULL,
        changed_at bigint NOT NULL,
        PRIMARY KEY (realm_id, person_id, channel, topic)
    )",
    "CREATE TABLE contact_preference_change (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        channel text NOT NULL,
        topic text NOT NULL,
        allowed boolean NOT NULL,
        via text NOT NULL,
        actor_id uuid,
        client_id text,
        at bigint NOT NULL
    )",
    "CREATE INDEX contact_preference_change_by_person
        ON contact_preference_change (realm_id, person_id, id)",
    "ALTER TABLE mail ADD COLUMN topic text",
    "CREATE TABLE search_token (
        realm_id uuid NOT NULL REFERENCES realm (id),
        hash bytea NOT NULL,
        person_id uuid NOT NULL REFERENCES person (id),
        PRIMARY KEY (realm_id, hash, person_id)
    )",
    "CREATE INDEX search_token_by_person ON search_token (person_id)",
    "CREATE TABLE security_event (
        id uuid NOT NULL PRIMARY KEY,
        realm_id uuid NOT NULL REFERENCES realm (id),
        person_id uuid NOT NULL REFERENCES person (id),
        kind text NOT NULL,
        sealed bytea,
        at bigint NOT NULL,
        handed_on_at bigint
    )",
    "CREATE INDEX security_event_waiting ON security_event (realm_id, id) WHERE handed_on_at IS NULL",
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
