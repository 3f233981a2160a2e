//! What the hub knows: realms, keys, numbers, people, sessions, clients, tokens.

mod m0001_realms;
mod m0002_people;
mod m0003_numbers;
mod m0004_oauth;
mod m0005_clients;
mod m0006_factors;
mod m0007_recovery;
mod m0008_logout;
mod m0010_grants;
mod m0012_backchannel;
mod m0013_people;
mod m0014_staff;
mod m0015_access;
mod m0016_ciba;
mod m0017_front;
mod m0018_ties;
mod m0019_browsers;
mod m0020_scim;
mod m0021_attendance;
mod m0022_refresh_idle;
mod m0023_affiliations;
mod m0024_responses;
mod m0025_appointments;

use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, async_trait};

/// Brings the hub's database up to date.
#[derive(Debug)]
pub struct Hub;

#[async_trait::async_trait]
impl MigratorTrait for Hub {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_realms::Migration),
            Box::new(m0002_people::Migration),
            Box::new(m0003_numbers::Migration),
            Box::new(m0004_oauth::Migration),
            Box::new(m0005_clients::Migration),
            Box::new(m0010_grants::Migration),
            Box::new(m0012_backchannel::Migration),
            Box::new(m0006_factors::Migration),
            Box::new(m0007_recovery::Migration),
            Box::new(m0008_logout::Migration),
            Box::new(m0013_people::Migration),
            Box::new(m0014_staff::Migration),
            Box::new(m0015_access::Migration),
            Box::new(m0016_ciba::Migration),
            Box::new(m0017_front::Migration),
            Box::new(m0018_ties::Migration),
            Box::new(m0019_browsers::Migration),
            Box::new(m0020_scim::Migration),
            Box::new(m0021_attendance::Migration),
            Box::new(m0022_refresh_idle::Migration),
            Box::new(m0023_affiliations::Migration),
            Box::new(m0024_responses::Migration),
            Box::new(m0025_appointments::Migration),
        ]
    }
}
