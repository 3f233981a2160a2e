//! What staff did for people (requirement H3.3).

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE TABLE response (
        id uuid NOT NULL,
        version integer NOT NULL,
        realm_id uuid NOT NULL REFERENCES realm (id),
        organisation_id uuid NOT NULL REFERENCES organisation (id),
        author_id uuid NOT NULL REFERENCES person (id),
        subject_id uuid NOT NULL REFERENCES person (id),
        kind text NOT NULL,
        at bigint NOT NULL,
        sealed_note bytea NOT NULL,
        created_at bigint NOT NULL,
        PRIMARY KEY (id, version)
    )",
    "CREATE INDEX response_by_organisation ON response (realm_id, organisation_id, id)",
    "CREATE INDEX response_by_subject ON response (realm_id, subject_id, id)",
    "CREATE INDEX response_by_author ON response (realm_id, author_id, id)",
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
