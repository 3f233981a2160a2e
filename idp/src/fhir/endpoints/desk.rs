//! What every interaction does in the same order: which format, whose token, how far it reaches, the row in the log, the
//! answer.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use platform::json::parse_unique;
use serde_json::Value;

use crate::admin::Refusal;
use crate::consent::Reader;
use crate::fhir::FHIR_JSON;
use crate::fhir::outcome::{self, CONTENT, LOGIN, Outcome, PARAMETER, PERSON, SYNTAX, TRANSIENT};
use crate::fhir::scope::{Permission, allowing};
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::SessionId;
use crate::log::{Action, Entry};
use crate::oauth::clients::Client;
use crate::oauth::dpop;
use crate::oauth::step_up::Proven;
use crate::oauth::tokens::verify_access;
use crate::people::Person;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// A request of a client with a person's token.
pub(super) struct FhirDesk<'a> {
    pub hub: &'a Hub,
    pub call: &'a Call,
    pub person: Arc<Person>,
    pub client: Arc<Client>,
    sub: String,
    session: SessionId,
    proven: Proven,
    action: Action,
}

/// What is answered.
pub(super) enum Good {
    /// A list.
    List(Value),
    /// A resource that was read.
    Read(Resource),
    /// The caller has that version already.
    Known(Resource),
    /// A resource as it stands after a change, with the status of the answer.
    Changed(StatusCode, Resource),
}

/// A resource in one of its versions.
pub(super) struct Resource {
    pub body: Value,
    pub version: i32,
    /// Since when that version stands (an HTTP date).
    pub since: Option<String>,
    /// Where that version is.
    pub location: String,
}

/// Refuses, on record.
pub(super) async fn refuse(hub: &Hub, call: &Call, action: Action, outcome: Outcome) -> Response {
    refuse_as(hub, call, call.deny(action, outcome.id), outcome).await
}

async fn refuse_as(hub: &Hub, call: &Call, row: Entry, outcome: Outcome) -> Response {
    let outcome = match hub.record(row).await {
        Ok(()) => outcome,
        Err(_) => TRANSIENT,
    };
    let mut response = answer(outcome.status, Some(&outcome.body()));
    if let Some(challenge) = outcome.challenge {
        challenge.write(call, response.headers_mut());
    }
    dpop::give_nonce(hub, call, response.headers_mut());
    response
}

/// Resources as they are sent.
pub(super) fn answer(status: StatusCode, body: Option<&Value>) -> Response {
    let mut response = Response::new(body.map_or_else(Body::empty, |body| Body::from(body.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether JSON is among what the caller takes: by the `_format` of the query, which overrides the header. A query that can
/// be read in two ways says nothing.
fn takes_json(call: &Call) -> Result<bool, Outcome> {
    let is_json = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        ["*/*", "application/*", FHIR_JSON, "application/json", "json"].contains(&kind)
    };
    let query = call.query().map_err(|_| PARAMETER)?;
    let accepted = call.header(&ACCEPT);
    Ok(match query.get("_format") {
        Some(format) => is_json(format),
        None => accepted.is_none_or(|accepted| accepted.split(',').any(is_json)),
    })
}

impl<'a> FhirDesk<'a> {
    /// Verifies whose token it is and that it reaches so far. A refusal is on record before it is answered.
    pub(super) async fn open(
        hub: &'a Hub,
        call: &'a Call,
        (action, needed): (Action, Permission),
    ) -> Result<Self, Response> {
        match Self::identify(hub, call, (action, needed)).await {
            Ok(desk) => Ok(desk),
            Err(outcome) => Err(refuse(hub, call, action, outcome).await),
        }
    }

    async fn identify(
        hub: &'a Hub,
        call: &'a Call,
        (action, needed): (Action, Permission),
    ) -> Result<Self, Outcome> {
        if !takes_json(call)? {
            return Err(outcome::ACCEPT);
        }
        if call.access_token().is_none() {
            return Err(LOGIN);
        }
        let active = verify_access(hub, call).await?;
        let own = active
            .family
            .as_ref()
            .filter(|family| family.details.about.is_none());
        let (Some(family), Some(proven)) = (own, Proven::by(&active.claims)) else {
            return Err(PERSON);
        };
        let client = hub.clients.find(&call.realm, &active.claims.client_id).await;
        let client = client
            .map_err(Refusal::from)?
            .ok_or(crate::admin::INVALID_TOKEN)?;
        let person = hub
            .people
            .by_id(&call.realm, family.person)
            .await
            .map_err(Refusal::from)?;
        let person = person
            .filter(|person| person.may_sign_in())
            .ok_or(crate::admin::INVALID_TOKEN)?;
        // A client whose scope was narrowed leaves tokens behind that say otherwise.
        let scope = active.scope.intersection(&client.scope);
        let mut carrying = allowing(&scope, needed).peekable();
        if carrying.peek().is_none() {
            return Err(Outcome::scope(needed.scope()));
        }
        proven
            .check(&hub.settings.step_up, carrying, hub.clock.now())
            .map_err(Refusal::step_up)?;
        Ok(Self {
            hub,
            call,
            person,
            client,
            sub: active.claims.sub.clone(),
            session: family.details.signed_in_as,
            proven,
            action,
        })
    }

    /// The language in which the person reads.
    pub(super) fn language(&self) -> &str {
        self.person.locale.as_deref().unwrap_or("ja")
    }

    /// How the client knows the person and everybody else.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            client: &self.client.id,
            person: self.person.id,
            sub: &self.sub,
        }
    }

    /// A thief of a token must not let others see the person's data: they signed in a short while ago.
    pub(super) fn is_fresh(&self) -> Result<(), Outcome> {
        let seconds = self.hub.settings.people.change_max_age_seconds;
        let fresh = self.proven.is_younger(seconds, self.hub.clock.now());
        fresh.map_err(|demand| Refusal::step_up(demand).into())
    }

    fn sign(&self, mut row: Entry) -> Entry {
        row = row
            .person(self.person.id)
            .session(self.session)
            .client(&self.client.id);
        row.key = self.person.key.clone();
        row.service = "fhir".into();
        row
    }

    /// A row that says that it was allowed.
    pub(super) fn permit(&self) -> Entry {
        self.permit_as(self.action)
    }

    /// The same of another action.
    pub(super) fn permit_as(&self, action: Action) -> Entry {
        self.sign(self.call.permit(action))
    }

    /// Writes a row; it is on disk when this returns.
    pub(super) async fn record(&self, row: Entry) -> Result<(), Outcome> {
        self.hub.record(row).await.map_err(|_| TRANSIENT)
    }

    /// The body as JSON in which no member stands twice.
    pub(super) fn body(&self) -> Result<Value, Outcome> {
        let kind = self.call.header(&CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if ![FHIR_JSON, "application/json"]
            .iter()
            .any(|one| kind.eq_ignore_ascii_case(one))
        {
            return Err(CONTENT);
        }
        parse_unique(&self.call.body).map_err(|_| SYNTAX)
    }

    /// The answer; a refusal is on record before.
    pub(super) async fn finish(&self, outcome: Result<Good, Outcome>) -> Response {
        let good = match outcome {
            Ok(good) => good,
            Err(outcome) => {
                let row = self.sign(self.call.deny(self.action, outcome.id));
                return refuse_as(self.hub, self.call, row, outcome).await;
            }
        };
        let (mut response, resource) = match good {
            Good::List(body) => (answer(StatusCode::OK, Some(&body)), None),
            Good::Read(resource) => (answer(StatusCode::OK, Some(&resource.body)), Some(resource)),
            Good::Known(resource) => (answer(StatusCode::NOT_MODIFIED, None), Some(resource)),
            Good::Changed(status, resource) => (self.changed(status, &resource), Some(resource)),
        };
        let headers = response.headers_mut();
        if let Some(resource) = resource {
            put(headers, ETAG, &format!("W/\"{}\"", resource.version));
            if let Some(since) = &resource.since {
                put(headers, LAST_MODIFIED, since);
            }
        }
        dpop::give_nonce(self.hub, self.call, headers);
        response
    }

    /// The answer to a change, as much of it as the client prefers (FHIR R4, RESTful API, `Prefer`).
    fn changed(&self, status: StatusCode, resource: &Resource) -> Response {
        let wanted = self.call.header(&PREFER).unwrap_or_default();
        let wanted = wanted
            .split([',', ';'])
            .find_map(|one| one.trim().strip_prefix("return="));
        let mut response = match wanted {
            Some("minimal") => answer(status, None),
            Some("OperationOutcome") => {
                let told = outcome::resource("information", "informational", ("fhir.done", "It is done"));
                answer(status, Some(&told))
            }
            _ => answer(status, Some(&resource.body)),
        };
        if status == StatusCode::CREATED {
            put(response.headers_mut(), LOCATION, &resource.location);
        }
        response
    }
}
