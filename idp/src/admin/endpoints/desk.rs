//! What every endpoint does in the same order: who calls, what is asked, the row in the log, the answer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse as _, Response};
use garde::Validate;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::admin::authority::{Authority, identify};
use crate::admin::refusal::UNAVAILABLE;
use crate::admin::scope::ApiScope;
use crate::admin::{Refusal, cursor};
use crate::http::Call;
use crate::hub::Hub;
use crate::log::{Action, Entry};
use crate::numbers::Number;
use crate::oauth::dpop;
use crate::people::{Person, person_by_number};
use crate::realms::Realm;

const MALFORMED: Refusal = Refusal::new(
    StatusCode::BAD_REQUEST,
    "body.malformed",
    "The body is not well-formed JSON",
);
const OTHER_TYPE: Refusal = Refusal::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "body.type",
    "The body must be JSON",
)
.detail("Send it with Content-Type: application/json.");
const UNEXPECTED: Refusal = Refusal::new(StatusCode::BAD_REQUEST, "body.unexpected", "This takes no body");
const QUERY: Refusal = Refusal::new(StatusCode::BAD_REQUEST, "query.invalid", "The query is not valid")
    .detail("A list takes `after`, `limit` (1 to 200) and its own filters, each once; everything else takes no query.");

/// What a body must be beyond its types.
pub(super) trait Rules {
    /// In words, for who broke one.
    const RULES: &'static str;
}

/// A part of the path; percent-encoding that is not UTF-8 names nothing.
pub(super) struct Segment(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.ok().map(|Path(segment)| segment)))
    }
}

impl Segment {
    /// Its text, if it is of printable ASCII: every name of this API is.
    pub(super) fn name(&self, unknown: &'static str) -> Result<&str, Refusal> {
        let text = self
            .0
            .as_deref()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        text.ok_or(Refusal::not_found(unknown))
    }

    /// Its text, whatever it is.
    pub(super) fn text(&self, unknown: &'static str) -> Result<&str, Refusal> {
        self.0.as_deref().ok_or(Refusal::not_found(unknown))
    }
}

/// Which page of a list.
pub(super) struct Page {
    /// Where the page before ended.
    pub after: Option<Vec<u8>>,
    /// How many things it has at most.
    pub limit: u32,
}

/// What a list is narrowed to.
#[derive(Default)]
pub(super) struct Filters(BTreeMap<&'static str, String>);

impl Filters {
    /// The text of one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// One that is `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.read(name, |text| text.parse().ok())
    }

    /// One that `read` understands.
    pub(super) fn read<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        self.text(name).map(|text| read(text).ok_or(QUERY)).transpose()
    }
}

/// One call whose caller may make it.
pub(super) struct Desk<'a> {
    pub hub: &'a Hub,
    pub call: &'a Call,
    pub authority: Authority,
    action: Action,
}

impl<'a> Desk<'a> {
    /// Verifies who calls and that it reaches as far as `needed`. A refusal is on record before it is answered.
    pub(super) async fn open(
        hub: &'a Hub,
        call: &'a Call,
        action: Action,
        needed: ApiScope,
    ) -> Result<Self, Response> {
        let desk = Self::enter(hub, call, action).await?;
        match desk.authority.require(hub, needed) {
            Ok(()) => Ok(desk),
            Err(refusal) => Err(desk.finish(Err(refusal)).await),
        }
    }

    /// Verifies who calls, whatever that reaches.
    pub(super) async fn enter(hub: &'a Hub, call: &'a Call, action: Action) -> Result<Self, Response> {
        match identify(hub, call).await {
            Ok(authority) => Ok(Self {
                hub,
                call,
                authority,
                action,
            }),
            Err(refusal) => Err(refuse(hub, call, call.deny(action, refusal.id), refusal).await),
        }
    }

    /// The answer; a refusal is on record before.
    pub(super) async fn finish(&self, outcome: Result<Response, Refusal>) -> Response {
        match outcome {
            Ok(mut response) => {
                dpop::give_nonce(self.hub, self.call, response.headers_mut());
                response
            }
            Err(refusal) => {
                let row = self.authority.sign(self.call.deny(self.action, refusal.id));
                refuse(self.hub, self.call, row, refusal).await
            }
        }
    }

    /// The realm.
    pub(super) fn realm(&self) -> &'a Realm {
        &self.call.realm
    }

    /// A row that says that it was allowed.
    pub(super) fn permit(&self) -> Entry {
        self.permit_as(self.action)
    }

    /// The same of another action.
    pub(super) fn permit_as(&self, action: Action) -> Entry {
        self.authority.sign(self.call.permit(action))
    }

    /// The person whom a number in a body or a query names, if it names one.
    pub(super) async fn person_numbered(&self, text: &str) -> Result<Option<Arc<Person>>, Refusal> {
        let Ok(number) = Number::parse(text) else {
            return Ok(None);
        };
        match person_by_number(&self.hub.store, self.realm(), number).await? {
            Some(id) => Ok(self.hub.people.by_id(self.realm(), id).await?),
            None => Ok(None),
        }
    }

    /// Writes a row; it is on disk when this returns.
    pub(super) async fn record(&self, entry: Entry) -> Result<(), Refusal> {
        Ok(self.hub.record(entry).await?)
    }

    /// The body.
    pub(super) fn body<T: DeserializeOwned + Validate<Context = ()> + Rules>(&self) -> Result<T, Refusal> {
        self.read(self.call.is_json())
    }

    /// The body of a change (RFC 7396).
    pub(super) fn merge<T: DeserializeOwned + Validate<Context = ()> + Rules>(&self) -> Result<T, Refusal> {
        self.read(self.call.is_json() || self.call.is_merge_patch())
    }

    fn read<T: DeserializeOwned + Validate<Context = ()> + Rules>(&self, typed: bool) -> Result<T, Refusal> {
        self.no_query()?;
        if !typed {
            return Err(OTHER_TYPE);
        }
        // serde reads an array as the members in their order, under no name.
        if self.call.body.trim_ascii_start().starts_with(b"[") {
            return Err(Refusal::invalid("body.member", T::RULES));
        }
        let body: T = serde_json::from_slice(&self.call.body).map_err(|error| match error.classify() {
            Category::Data => Refusal::invalid("body.member", T::RULES),
            _ => MALFORMED,
        })?;
        body.validate()
            .map_err(|_| Refusal::invalid("body.rule", T::RULES))?;
        Ok(body)
    }

    /// That there is no body, and no query.
    pub(super) fn no_body(&self) -> Result<(), Refusal> {
        self.no_query()?;
        if self.call.body.is_empty() {
            Ok(())
        } else {
            Err(UNEXPECTED)
        }
    }

    fn no_query(&self) -> Result<(), Refusal> {
        let query = self.call.query().map_err(|_| QUERY)?;
        if query.iter().next().is_none() {
            Ok(())
        } else {
            Err(QUERY)
        }
    }

    /// Which page of `list` is asked for.
    pub(super) fn page(&self, list: &'static str) -> Result<Page, Refusal> {
        self.filtered_page(list, &[]).map(|(page, _)| page)
    }

    /// Which page of `list` is asked for, and what it is narrowed to: parameters of these names, each once at the most.
    pub(super) fn filtered_page(
        &self,
        list: &'static str,
        filters: &[&'static str],
    ) -> Result<(Page, Filters), Refusal> {
        let query = self.call.query().map_err(|_| QUERY)?;
        let mut page = Page {
            after: None,
            limit: 50,
        };
        let mut narrowed = Filters::default();
        for (name, value) in query.iter() {
            match name {
                "after" => page.after = Some(cursor::open(self.realm(), list, value)?),
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=200).contains(limit));
                    page.limit = limit.ok_or(QUERY)?;
                }
                other => {
                    let known = filters.iter().find(|filter| **filter == other).ok_or(QUERY)?;
                    narrowed.0.insert(known, value.to_owned());
                }
            }
        }
        Ok((page, narrowed))
    }

    /// Cuts `items`, of which one more than the page has was read, and gives the cursor of the next page if there is one.
    pub(super) fn cut<T>(
        &self,
        list: &'static str,
        page: &Page,
        items: &mut Vec<T>,
        position: impl FnOnce(&T) -> Vec<u8>,
    ) -> Result<Option<String>, Refusal> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        if items.len() <= limit {
            return Ok(None);
        }
        items.truncate(limit);
        let Some(end) = items.last() else { return Ok(None) };
        cursor::seal(self.hub, self.realm(), list, &position(end)).map(Some)
    }
}

async fn refuse(hub: &Hub, call: &Call, row: Entry, refusal: Refusal) -> Response {
    let refusal = match hub.record(row).await {
        Ok(()) => refusal,
        Err(_) => UNAVAILABLE,
    };
    let mut response = refusal.problem().into_response();
    if let Some(challenge) = refusal.challenge {
        challenge.write(call, response.headers_mut());
    }
    dpop::give_nonce(hub, call, response.headers_mut());
    response
}
