//! The staff of one place are found among those of the place and not among those of the realm: without statistics SQLite
//! took an index that begins with the realm for as good as one that begins with the organisation.

use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const STATEMENTS: &[&str] = &[
    "CREATE INDEX affiliation_by_place ON affiliation (realm_id, organisation_id, id)",
    "DROP INDEX affiliation_by_organisation",
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
