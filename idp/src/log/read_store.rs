//! Reading the log's tables.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Value};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Chained, Decision, Row};
use super::store::{COLUMNS, hash};
use crate::ids::{PersonId, SessionId};

/// A row as the database has it.
#[derive(FromQueryResult)]
struct Record {
    writer: Uuid,
    seq: i64,
    hash: Vec<u8>,
    realm_id: Uuid,
    at: i64,
    clock_offset: i64,
    clock_error_bound: i64,
    clock_stratum: i32,
    clock_source: String,
    clock_state: String,
    actor: Option<Uuid>,
    on_behalf_of: Option<Uuid>,
    subject: Option<Uuid>,
    organisation: Option<Uuid>,
    occupation: Option<String>,
    session: Option<Uuid>,
    client: Option<String>,
    service: String,
    action: String,
    resource_kind: Option<String>,
    resource_ids: Option<String>,
    hits: Option<i64>,
    decision: String,
    reason: Option<String>,
    granted_by: Option<String>,
    purpose: Option<String>,
    request: Option<Vec<u8>>,
    detail: Option<Vec<u8>>,
}

impl Record {
    fn chained(self) -> Result<Chained, DatabaseError> {
        let unknown = || DatabaseError::Unavailable("a row of the access log has an unknown decision".to_owned());
        let row = Row {
            realm: self.realm_id.into(),
            at: Instant::from_micros(self.at),
            clock_offset: self.clock_offset,
            clock_error_bound: self.clock_error_bound,
            clock_stratum: self.clock_stratum,
            clock_source: self.clock_source.into(),
            clock_state: self.clock_state.into(),
            actor: self.actor.map(Into::into),
            on_behalf_of: self.on_behalf_of.map(Into::into),
            subject: self.subject.map(Into::into),
            organisation: self.organisation,
            occupation: self.occupation.map(Into::into),
            session: self.session.map(Into::into),
            client: self.client.map(Into::into),
            service: self.service.into(),
            action: self.action.into(),
            resource_kind: self.resource_kind.map(Into::into),
            resource_ids: self.resource_ids.map(Into::into),
            hits: self.hits,
            decision: Decision::parse(&self.decision).ok_or_else(unknown)?,
            reason: self.reason.map(Into::into),
            granted_by: self.granted_by.map(Into::into),
            purpose: self.purpose.map(Into::into),
            request: self.request,
            detail: self.detail,
        };
        Ok(Chained { writer: self.writer.into(), seq: self.seq, hash: hash(&self.hash)?, row })
    }
}

/// The rows that `condition` selects.
async fn select(store: &Store, condition: &str, values: Vec<Value>) -> Result<Vec<Chained>, DatabaseError> {
    let sql = format!("SELECT {} FROM log_row WHERE {condition}", COLUMNS.join(","));
    let records: Vec<Record> = store.fetch_all(&sql, values).await?;
    records.into_iter().map(Record::chained).collect()
}

pub(super) async fn recent_for_subject(
    store: &Store,
    realm: RealmId,
    person: PersonId,
    limit: u32,
) -> Result<Vec<Chained>, DatabaseError> {
    let condition = "subject = $1 AND realm_id = $2 ORDER BY at DESC LIMIT $3";
    select(store, condition, values![person.uuid(), realm.uuid(), i64::from(limit)]).await
}

pub(super) async fn recent_for_session(
    store: &Store,
    realm: RealmId,
    session: SessionId,
    limit: u32,
) -> Result<Vec<Chained>, DatabaseError> {
    let condition = "session = $1 AND realm_id = $2 ORDER BY at DESC LIMIT $3";
    select(store, condition, values![session.uuid(), realm.uuid(), i64::from(limit)]).await
}
