//! Finding people by what is known of them.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PersonView;
use crate::admin::endpoints::answer::{Refused, json};
use crate::admin::endpoints::desk::{Desk, Rules};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::numbers::Number;
use crate::people::{Criteria, number_of, person_by_number, search};

const SEARCH: Action = Action::new("person.search");

/// What is looked for: all that is given must fit. It stands in a body, because addresses of requests are kept in many
/// places where names of people have no business.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PeopleSearch)]
struct Body {
    /// Beginning of the name or of the first name, up to twelve characters of it.
    #[garde(length(chars, min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Beginning of the reading of either, in any kana.
    #[garde(length(chars, min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    kana: Option<String>,
    /// Number, whole.
    #[garde(length(chars, min = 1, max = 40))]
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Login name, whole.
    #[garde(length(chars, min = 1, max = 128))]
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    /// E-mail address, whole.
    #[garde(length(chars, min = 1, max = 254))]
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Telephone or fax number, whole, however it is written.
    #[garde(length(chars, min = 1, max = 40))]
    #[serde(skip_serializing_if = "Option::is_none")]
    telephone: Option<String>,
    /// Date of birth, `YYYY-MM-DD`.
    #[garde(length(chars, min = 1, max = 10))]
    #[serde(skip_serializing_if = "Option::is_none")]
    birthdate: Option<String>,
    /// `next` of the page before.
    #[garde(skip)]
    #[serde(skip_serializing)]
    after: Option<String>,
    /// How many at most; 50 if it is not said.
    #[garde(range(min = 1, max = 200))]
    #[serde(skip_serializing)]
    limit: Option<u32>,
}

impl Rules for Body {
    const RULES: &'static str = "At least one of name, kana, number, login, email, telephone and birthdate is there; after \
                                 and limit (1 to 200) may be.";
}

/// A page of what was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeopleFound)]
struct Answer {
    /// The page, in the order in which the people were made.
    items: Vec<PersonView>,
    /// How many there are in all, up to a thousand: all of them such as the caller may read.
    total: u64,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Finds people by beginnings of their name or its reading, or by what is wholly known of them.
#[utoipa::path(
    post, path = "/api/v1/people/search", tag = "people", request_body = Body,
    security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "Who was found", body = Answer), Refused),
)]
pub(in crate::admin::endpoints) async fn find(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, SEARCH, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(carry_out(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn carry_out(desk: &Desk<'_>) -> Result<Response, Refusal> {
    const LIST: &str = "people.search";
    let body: Body = desk.body()?;
    // What was searched for is part of the log (H4.1), sealed.
    let query = serde_json::to_string(&body).map_err(|error| Refusal::unavailable(&error))?;
    if query == "{}" {
        return Err(Refusal::invalid("search.nothing", Body::RULES));
    }
    let after = body
        .after
        .as_deref()
        .map(|cursor| cursor::open(desk.realm(), LIST, cursor));
    let after = after.transpose()?;
    let after = after.as_deref().map(cursor::key).transpose()?.map(Into::into);
    let limit = body.limit.unwrap_or(50);
    let criteria = Criteria {
        name: body.name,
        kana: body.kana,
        login: body.login,
        email: body.email,
        telephone: body.telephone,
        birthdate: body.birthdate,
    };
    let (store, realm) = (&desk.hub.store, desk.realm());
    let mut found = match &body.number {
        None => search(store, realm, &criteria, after, limit + 1).await,
        Some(number) => match Number::parse(number) {
            Ok(number) => {
                let person = person_by_number(store, realm, number).await?;
                criteria.narrow(store, realm, person).await
            }
            Err(_) => Ok(crate::people::Found::default()),
        },
    }
    .map_err(|error| Refusal::unavailable(&error))?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.people.len() > page;
    found.people.truncate(page);
    let last = found.people.last().filter(|_| more);
    let next = match last {
        Some(last) => Some(cursor::seal(desk.hub, realm, LIST, last.uuid().as_bytes())?),
        None => None,
    };
    let ids = found.people.iter().map(ToString::to_string);
    let mut row = desk.permit().detail("query", query).resource("person", ids);
    row.hits = Some(found.total);
    desk.record(row).await?;
    let mut items = Vec::with_capacity(found.people.len());
    for id in found.people {
        if let Some(person) = desk.hub.people.by_id(realm, id).await? {
            let number = number_of(store, realm, id).await?;
            items.push(PersonView::of(&person, person.state, number));
        }
    }
    let total = found.total;
    json(StatusCode::OK, &Answer { items, total, next })
}
