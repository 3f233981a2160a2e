//! Lists: filter, order, page, and which attributes are shown (RFC 7644 §3.4.2, §3.4.3; RFC 9865).

use axum::extract::State;
use axum::response::Response;
use platform::keys::sha256;
use serde_json::{Map, Value, json};

use super::desk::{Good, ScimDesk};
use crate::admin::cursor;
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::scim::error::{FILTER, PATH, SYNTAX, ScimError};
use crate::scim::filter::{Filter, Name, matches, parse_filter, parse_path};
use crate::scim::page::Page;
use crate::scim::project::Projection;
use crate::scim::schema::{GROUP_TYPE, Kind, ResourceType, USER_TYPE};
use crate::scim::{groups, member, users};

const SEARCH: Action = Action::new("scim.search");
const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// What is asked of a list.
pub(super) struct Query {
    filter: Option<Filter>,
    order: Option<(Name, bool)>,
    page: Page,
    /// What a cursor is bound to, so that it fits no other list.
    bound: [u8; 8],
    projection: Projection,
}

/// The parameters, as they come in a query or in a message.
#[derive(Default)]
struct Asked {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    cursor: Option<String>,
    attributes: Option<Vec<String>>,
    excluded: Option<Vec<String>>,
}

fn list_of(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

impl Asked {
    /// From the query of a `GET`.
    fn of_query(call: &Call) -> Result<Self, ScimError> {
        let mut asked = Self::default();
        let query = call.query().map_err(|_| SYNTAX)?;
        for (name, value) in query.iter() {
            let number = || value.parse::<i64>().map(Some).map_err(|_| SYNTAX);
            match name.to_ascii_lowercase().as_str() {
                "filter" => asked.filter = Some(value.to_owned()),
                "sortby" => asked.sort_by = Some(value.to_owned()),
                "sortorder" => asked.sort_order = Some(value.to_owned()),
                "startindex" => asked.start_index = number()?,
                "count" => asked.count = number()?,
                "cursor" => asked.cursor = Some(value.to_owned()),
                "attributes" => asked.attributes = Some(list_of(value)),
                "excludedattributes" => asked.excluded = Some(list_of(value)),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// From a message of a search.
    fn of_message(message: &Value) -> Result<Self, ScimError> {
        let members = message.as_object().ok_or(SYNTAX)?;
        let schemas = message["schemas"].as_array();
        if !schemas.is_some_and(|schemas| schemas.iter().any(|one| one == SEARCH_REQUEST)) {
            return Err(SYNTAX);
        }
        let mut asked = Self::default();
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let text = || value.as_str().map(|text| Some(text.to_owned())).ok_or(SYNTAX);
            let number = || value.as_i64().map(Some).ok_or(SYNTAX);
            let names = || {
                let names: Option<Vec<String>> = match value {
                    Value::Array(names) => names
                        .iter()
                        .map(|name| name.as_str().map(str::to_owned))
                        .collect(),
                    Value::String(text) => Some(list_of(text)),
                    _ => None,
                };
                names.map(Some).ok_or(SYNTAX)
            };
            match name.to_ascii_lowercase().as_str() {
                "filter" => asked.filter = text()?,
                "sortby" => asked.sort_by = text()?,
                "sortorder" => asked.sort_order = text()?,
                "startindex" => asked.start_index = number()?,
                "count" => asked.count = number()?,
                "cursor" => asked.cursor = text()?,
                "attributes" => asked.attributes = names()?,
                "excludedattributes" => asked.excluded = names()?,
                _ => {}
            }
        }
        Ok(asked)
    }

    fn read(self, desk: &ScimDesk<'_>, of: &str) -> Result<Query, ScimError> {
        let filter = self.filter.as_deref().map(parse_filter).transpose()?;
        let order = self.sort_by.as_deref().map(|text| {
            let path = parse_path(text)?;
            let descending = self
                .sort_order
                .as_deref()
                .is_some_and(|order| order.eq_ignore_ascii_case("descending"));
            if path.values.is_some() {
                Err(PATH)
            } else {
                Ok((path.name, descending))
            }
        });
        let what = format!(
            "{of}\n{:?}\n{:?}\n{:?}",
            self.filter, self.sort_by, self.sort_order
        );
        let client = desk.tenant.organisation.to_string();
        let digest = sha256(format!("{client}\n{what}").as_bytes());
        let mut bound = [0; 8];
        bound.copy_from_slice(digest.get(..8).ok_or(SYNTAX)?);
        let page = Page::of(self.start_index, self.count, self.cursor.as_deref(), |text| {
            let position = cursor::open(&desk.call.realm, "scim", text).ok()?;
            let (skip, of) = position.split_first_chunk::<8>()?;
            (of == bound).then(|| u64::from_be_bytes(*skip))
        })?;
        Ok(Query {
            filter,
            order: order.transpose()?,
            page,
            bound,
            projection: Projection::of(self.attributes.as_deref(), self.excluded.as_deref())?,
        })
    }
}

/// What is asked of a single resource.
pub(super) fn projection(call: &Call) -> Result<Projection, ScimError> {
    let asked = Asked::of_query(call)?;
    Projection::of(asked.attributes.as_deref(), asked.excluded.as_deref())
}

/// What is asked by `GET`.
pub(super) fn by_get(desk: &ScimDesk<'_>, kind: &ResourceType) -> Result<Query, ScimError> {
    Asked::of_query(desk.call)?.read(desk, kind.name)
}

/// What is asked by a search.
pub(super) fn by_message(desk: &ScimDesk<'_>, of: &str) -> Result<Query, ScimError> {
    Asked::of_message(&desk.body()?)?.read(desk, of)
}

/// A list of one kind of resource.
pub(super) async fn answer(
    desk: &ScimDesk<'_>,
    kind: &'static ResourceType,
    query: Query,
) -> Result<Good, ScimError> {
    let plain = query.filter.is_none() && query.order.is_none();
    let (documents, total) = if kind.name == USER_TYPE.name {
        let page = plain.then_some((query.page.skip, query.page.count));
        let found = users::search(desk.hub, &desk.tenant, query.filter.as_ref(), page).await?;
        (found.documents, found.total)
    } else {
        (groups::all(&desk.hub.store, &desk.tenant).await?, None)
    };
    let (shown, total) = match total {
        Some(total) => (documents, total),
        None => narrowed(documents, &query)?,
    };
    page_of(desk, query, shown, total).await
}

/// Filters and orders documents, and cuts the page out.
fn narrowed(documents: Vec<Value>, query: &Query) -> Result<(Vec<Value>, u64), ScimError> {
    let mut kept = Vec::new();
    for document in documents {
        let fits = match &query.filter {
            Some(filter) => matches(filter, kind_of(&document), &document)?,
            None => true,
        };
        if fits {
            kept.push(document);
        }
    }
    if let Some((name, descending)) = &query.order {
        sort(&mut kept, name, *descending)?;
    }
    let total = kept.len() as u64;
    Ok((query.page.cut(kept), total))
}

/// Orders documents by an attribute; those without it come last (RFC 7644 §3.4.2.3).
fn sort(documents: &mut [Value], name: &Name, descending: bool) -> Result<(), ScimError> {
    let Some(first) = documents.first() else {
        return Ok(());
    };
    let attribute = name
        .attribute
        .as_deref()
        .and_then(|text| kind_of(first).attribute(text));
    let attribute = attribute.filter(|_| name.schema.is_none()).ok_or(PATH)?;
    let part = match (&name.part, attribute.multi) {
        (Some(part), _) => Some(attribute.part(part).ok_or(PATH)?),
        (None, true) => attribute.part("value"),
        (None, false) => None,
    };
    let case_exact = part.unwrap_or(attribute).case_exact;
    if part.is_none() && attribute.kind == Kind::Complex {
        return Err(PATH);
    }
    let key = |document: &Value| -> Option<String> {
        let held = &document[attribute.name];
        let held = match held {
            Value::Array(values) => values
                .iter()
                .find(|one| one["primary"] == true)
                .or(values.first())?,
            other => other,
        };
        let value = part.map_or(held, |part| &held[part.name]);
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        Some(if case_exact { text } else { text.to_lowercase() })
    };
    documents.sort_by(|one, other| match (key(one), key(other)) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    });
    Ok(())
}

async fn page_of(
    desk: &ScimDesk<'_>,
    query: Query,
    shown: Vec<Value>,
    total: u64,
) -> Result<Good, ScimError> {
    let ids = shown
        .iter()
        .filter_map(|one| one["id"].as_str().map(str::to_owned));
    let mut row = desk.permit().resource("scim", ids);
    row.hits = Some(shown.len() as u64);
    desk.record(row).await?;
    let mut list = Map::new();
    list.insert("schemas".to_owned(), json!([LIST_RESPONSE]));
    list.insert("totalResults".to_owned(), total.into());
    list.insert("itemsPerPage".to_owned(), shown.len().into());
    if query.page.by_cursor {
        if let Some(next) = query.page.next(shown.len() as u64, total) {
            let position = [next.to_be_bytes(), query.bound].concat();
            let sealed = cursor::seal(desk.hub, &desk.call.realm, "scim", &position)?;
            list.insert("nextCursor".to_owned(), sealed.into());
        }
    } else {
        list.insert("startIndex".to_owned(), (query.page.skip + 1).into());
    }
    let resources: Vec<Value> = shown
        .iter()
        .map(|one| query.projection.apply(kind_of(one), one))
        .collect();
    list.insert("Resources".to_owned(), resources.into());
    Ok(Good::ok(list.into()))
}

fn kind_of(document: &Value) -> &'static ResourceType {
    if member(member(document, "meta"), "resourceType") == USER_TYPE.name {
        &USER_TYPE
    } else {
        &GROUP_TYPE
    }
}

/// `POST /scim/v2/.search`: users and groups at once. A filter that means nothing for one of them finds none of those.
pub(super) async fn search_all(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, SEARCH).await {
        Ok(desk) => desk.finish(everything(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn everything(desk: &ScimDesk<'_>) -> Result<Good, ScimError> {
    let query = by_message(desk, "all")?;
    let mut documents = users::search(desk.hub, &desk.tenant, None, None).await?.documents;
    documents.extend(groups::all(&desk.hub.store, &desk.tenant).await?);
    if let Some(filter) = &query.filter {
        let fits = |document: &Value| matches(filter, kind_of(document), document);
        // It means something for one of the kinds at least, if there is anything to say so.
        let known = documents.iter().any(|one| fits(one).is_ok()) || documents.is_empty();
        if !known {
            return Err(FILTER);
        }
        documents.retain(|one| fits(one) == Ok(true));
    }
    let narrow = Query {
        filter: None,
        ..query
    };
    let (shown, total) = narrowed(documents, &narrow)?;
    page_of(desk, narrow, shown, total).await
}
