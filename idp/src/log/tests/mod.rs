//! The access log on both databases: what it keeps, what it finds, what it survives.

mod appending;
mod faults;
mod random;
mod tampering;

use std::sync::Arc;

use platform::clock::Clock;
use platform::database::testing::TestDatabase;
use platform::database::{Backend, Queries as _, Store, Value};
use platform::entropy::Entropy;
use platform::http::RequestId;
use platform::ids::RealmId;
use platform::keys::kek::KeyEncryptionKey;
use platform::keys::sealing::DataKey;
use uuid::Uuid;

use super::model::Chained;
use super::{Action, Entry, Fault, Finding, Log, Report, Verifier, read, verify};
use crate::ids::{PersonId, SessionId, WriterId};

const ACTION: Action = Action::new("token.issue.authorization_code");
const REALM: RealmId = RealmId(platform::ids::Key(Uuid::from_u128(1)));

/// A log on a database of its own.
struct House {
    database: TestDatabase,
    log: Log,
    key: Arc<DataKey>,
}

async fn open(store: Store) -> Log {
    let kek = KeyEncryptionKey::from_bytes([1; 32]).unwrap();
    Log::open(store, Clock::system(), Entropy::system(), &kek)
        .await
        .unwrap()
}

impl House {
    async fn on(backend: Backend) -> Self {
        let database = TestDatabase::log(backend).await;
        let log = open(database.store().clone()).await;
        Self {
            database,
            log,
            key: Arc::new(DataKey::generate(&Entropy::system()).unwrap()),
        }
    }

    /// One whose log has `rows` rows and has ended.
    async fn with_rows(backend: Backend, rows: u128) -> Self {
        let house = Self::on(backend).await;
        for number in 1..=rows {
            house.log.append(house.entry(number)).await.unwrap();
        }
        house.log.close().await.unwrap();
        house
    }

    /// An entry in which every field is set.
    fn entry(&self, number: u128) -> Entry {
        Entry {
            on_behalf_of: Some(PersonId::from(Uuid::from_u128(11))),
            organisation: Some(Uuid::from_u128(12)),
            occupation: Some("nurse".into()),
            hits: Some(3),
            reason: Some("consent".into()),
            purpose: Some("TREAT".into()),
            ..Entry::permit(REALM, ACTION, self.key.clone())
        }
        .person(PersonId::from(Uuid::from_u128(100 + number)))
        .session(SessionId::from(Uuid::from_u128(13)))
        .client("client")
        .granted_by("consent/1")
        .resource("prescription", [number.to_string()])
        .request(RequestId([7; 16]))
        .detail("address", "192.0.2.1")
    }

    fn writer(&self) -> WriterId {
        self.log.writer()
    }

    fn verifier(&self) -> Verifier {
        Verifier::with_keys([self.log.public_jwk().as_str()]).unwrap()
    }

    /// Exports with the process's own handle; what the export says of itself is what a stranger says of it.
    async fn export(&self) -> (Vec<u8>, Report) {
        let mut out = Vec::new();
        let own = self.log.export(&mut out).await.unwrap();
        let report = verify(out.as_slice(), self.verifier()).unwrap();
        assert_eq!(own, report);
        (out, report)
    }

    /// The first fault.
    async fn first_fault(&self) -> Option<(WriterId, i64, Finding)> {
        let (_, report) = self.export().await;
        let Fault {
            writer, seq, finding, ..
        } = *report.faults.first()?;
        Some((writer.unwrap(), seq.unwrap(), finding))
    }

    /// Runs a statement behind the log's back.
    async fn run(&self, sql: &str, values: Vec<Value>) {
        self.database.store().execute(sql, values).await.unwrap();
    }

    async fn rows(&self) -> Vec<Chained> {
        let rows = read::rows(self.database.store(), self.writer(), (0, i64::MAX), 10_000)
            .await
            .unwrap();
        rows.into_iter().map(Result::unwrap).collect()
    }
}
