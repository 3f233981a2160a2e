//! What every request of the protocol does in the same order: whose client calls, what is asked, the row in the log, the
//! answer.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::{HeaderValue, StatusCode};
use platform::database::{BoxFuture, DatabaseError, Tx};
use platform::json::parse_unique;
use serde_json::Value;

use crate::admin::{Authority, authorise, scope};
use crate::http::Call;
use crate::hub::Hub;
use crate::log::{Action, Entry, Log};
use crate::scim::error::{PRECONDITION, SYNTAX, ScimError, UNAVAILABLE};
use crate::scim::member;
use crate::scim::tenant::Tenant;
use crate::staff::affiliations::Left;

/// The media type of the protocol (RFC 7644 §8.1).
const SCIM: &str = "application/scim+json";

/// A request of a client that is bound to a tenant.
pub(super) struct ScimDesk<'a> {
    pub hub: &'a Hub,
    pub call: &'a Call,
    pub tenant: Tenant,
    authority: Authority,
    action: Action,
}

/// An answer that is not an error.
pub(super) struct Good {
    pub status: StatusCode,
    pub body: Option<Value>,
}

impl Good {
    /// A resource that is there.
    pub(super) fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(body),
        }
    }

    /// One that is new.
    pub(super) fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            body: Some(body),
        }
    }

    /// One that is gone.
    pub(super) fn gone() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
        }
    }
}

/// JSON as the protocol sends it, with version and place of a resource as headers.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SCIM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, part) in [(ETAG, "version"), (LOCATION, "location")] {
        let value = member(member(body, "meta"), part)
            .as_str()
            .map(HeaderValue::from_str);
        if let Some(Ok(value)) = value {
            headers.insert(name, value);
        }
    }
    response
}

impl<'a> ScimDesk<'a> {
    /// Verifies whose client calls. A refusal is on record before it is answered.
    pub(super) async fn open(hub: &'a Hub, call: &'a Call, action: Action) -> Result<Self, Response> {
        let authority = match authorise(hub, call, scope::SCIM).await {
            Ok(authority) => authority,
            Err(refusal) => {
                let recorded = hub.record(call.deny(action, refusal.id)).await;
                if recorded.is_err() {
                    return Err(answer(UNAVAILABLE.status, &UNAVAILABLE.body()));
                }
                let error = ScimError::from(refusal);
                let mut answered = answer(error.status, &error.body());
                refusal.write_challenge(call, answered.headers_mut());
                return Err(answered);
            }
        };
        let tenant = match Tenant::of(hub, &call.realm, &authority.client).await {
            Ok(tenant) => tenant,
            Err(error) => {
                let mut row = call.deny(action, error.id);
                row.client = Some(authority.client.clone());
                let error = if hub.record(row).await.is_ok() {
                    error
                } else {
                    UNAVAILABLE
                };
                return Err(answer(error.status, &error.body()));
            }
        };
        Ok(Self {
            hub,
            call,
            tenant,
            authority,
            action,
        })
    }

    /// The answer; a refusal is on record before.
    pub(super) async fn finish(&self, outcome: Result<Good, ScimError>) -> Response {
        match self.settle(outcome).await {
            Ok(Good {
                status,
                body: Some(body),
            }) => answer(status, &body),
            Ok(Good { status, body: None }) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = status;
                response
            }
            Err(error) => answer(error.status, &error.body()),
        }
    }

    /// The outcome, once a refusal is on record.
    pub(super) async fn settle(&self, outcome: Result<Good, ScimError>) -> Result<Good, ScimError> {
        match outcome {
            Ok(good) => Ok(good),
            Err(error) => {
                let row = self.sign(self.call.deny(self.action, error.id));
                Err(if self.hub.record(row).await.is_ok() {
                    error
                } else {
                    UNAVAILABLE
                })
            }
        }
    }

    fn sign(&self, mut row: Entry) -> Entry {
        row.client = Some(self.authority.client.clone());
        row.actor = self.authority.person;
        row.session = self.authority.session;
        row.organisation = Some(self.tenant.organisation.uuid());
        row.service = "scim".into();
        row
    }

    /// A row that says that it was allowed.
    pub(super) fn permit(&self) -> Entry {
        self.permit_as(self.action)
    }

    /// The same of another action.
    pub(super) fn permit_as(&self, action: Action) -> Entry {
        self.sign(self.call.permit(action)).granted_by("tenant")
    }

    /// Writes a row; it is on disk when this returns.
    pub(super) async fn record(&self, row: Entry) -> Result<(), ScimError> {
        self.hub.record(row).await.map_err(|_| UNAVAILABLE)
    }

    /// The body, which is JSON by either name.
    pub(super) fn body(&self) -> Result<Value, ScimError> {
        let kind = self.call.header(&CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(SCIM) && !kind.eq_ignore_ascii_case("application/json") {
            return Err(SYNTAX);
        }
        parse_unique(&self.call.body).map_err(|_| SYNTAX)
    }

    /// That the resource is as the client believes, if it says so (RFC 7644 §3.14).
    pub(super) fn precondition(&self) -> Precondition {
        Precondition(self.call.header(&IF_MATCH).map(str::to_owned))
    }

    /// Whether the client has this version already.
    pub(super) fn has(&self, document: &Value) -> bool {
        let known = self.call.header(&IF_NONE_MATCH);
        known.is_some_and(|known| lists(known, document))
    }

    /// Does something in a transaction and commits it once `row` of the outcome is on disk.
    pub(super) async fn commit<T, J>(
        &self,
        action: Action,
        job: J,
        told: impl FnOnce(Entry, &T) -> Entry + Send + 'static,
    ) -> Result<T, ScimError>
    where
        T: Send + 'static,
        J: for<'t> FnOnce(&'t Tx, &'t Tenant) -> BoxFuture<'t, Result<T, ScimError>> + Send + 'static,
    {
        let (log, row): (Log, Entry) = (self.hub.log.clone(), self.permit_as(action));
        let tenant = self.tenant.clone();
        let done = self.hub.store.write(move |tx: &Tx| {
            Box::pin(async move {
                let outcome = job(tx, &tenant).await?;
                log.append(told(row, &outcome))
                    .await
                    .map_err(|_| Undone(UNAVAILABLE))?;
                Ok::<T, Undone>(outcome)
            })
        });
        done.await.map_err(|undone| undone.0)
    }

    /// Tells the caches of sessions and tokens that ended.
    pub(super) fn forget(&self, left: &[Left]) {
        if left.iter().any(|one| one.last) {
            self.hub.sessions.forget_all();
            self.hub.families.forget_all();
        }
    }
}

/// Why a logged change was undone.
struct Undone(ScimError);

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self(error.into())
    }
}

impl From<ScimError> for Undone {
    fn from(error: ScimError) -> Self {
        Self(error)
    }
}

/// What the client believes a resource to be.
#[derive(Debug, Clone)]
pub(super) struct Precondition(pub Option<String>);

impl Precondition {
    /// That `document` is that.
    pub(super) fn holds(&self, document: &Value) -> Result<(), ScimError> {
        match &self.0 {
            Some(expected) if !lists(expected, document) => Err(PRECONDITION),
            _ => Ok(()),
        }
    }
}

fn lists(header: &str, document: &Value) -> bool {
    let version = member(member(document, "meta"), "version")
        .as_str()
        .unwrap_or_default();
    header
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one == version || format!("W/{one}") == version)
}
