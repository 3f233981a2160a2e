//! What was done: the access log's own database (requirement H4).

mod m0001_log;
mod m0002_tree;

use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, async_trait};

/// Brings the log's database up to date.
#[derive(Debug)]
pub struct Log;

#[async_trait::async_trait]
impl MigratorTrait for Log {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_log::Migration), Box::new(m0002_tree::Migration)]
    }
}
