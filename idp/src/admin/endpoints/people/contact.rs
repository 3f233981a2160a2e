//! How a person wants to be reached, and letters to those who do.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use platform::database::{DatabaseError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{about, named};
use crate::admin::endpoints::answer::{Listing, Paging, Refused, json};
use crate::admin::endpoints::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::contact::{Channel, Topic, history, may_contact, preferences, set};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::ChangeId;
use crate::log::Action;
use crate::mail;
use crate::notices;
use crate::pages::Content;
use crate::people::{By, Via};

const READ: Action = Action::new("contact.read");
const UPDATE: Action = Action::new("contact.update");
const HISTORY: Action = Action::new("contact.history");
const WRITE: Action = Action::new("message.write");

/// How long a letter is worth sending.
const LIFE: Duration = Duration::from_hours(72);

/// Whether a person may be reached about something by a channel.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactPreference)]
struct Preference {
    /// `email`, `sms`, `telephone`, `fax` or `post`.
    channel: String,
    /// `service`, `family`, `health`, `survey`, `research` or `marketing`. Notices about the account are none of these:
    /// they cannot be refused.
    topic: String,
    /// Whether they may be.
    allowed: bool,
}

/// What a person wants; what is not in it stays as it is.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactPreferences)]
struct Preferences {
    /// One for each channel and topic.
    #[garde(length(max = 60))]
    preferences: Vec<Preference>,
}

impl Rules for Preferences {
    const RULES: &'static str =
        "preferences is a list of at most 60, each with channel, topic and allowed, and nothing else.";
}

/// A change of mind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactChange)]
struct ChangeView {
    /// When (RFC 3339).
    at: String,
    /// The channel.
    channel: &'static str,
    /// The topic.
    topic: &'static str,
    /// What was said.
    allowed: bool,
    /// `person`, `family`, `administrator` or `command`.
    via: &'static str,
    /// The client by which it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

/// A letter to a person.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Message)]
struct Message {
    /// What it is about: one of the topics. Whoever refused it by mail gets nothing.
    #[garde(skip)]
    topic: String,
    /// The subject: one line.
    #[garde(length(chars, min = 1, max = 100), custom(super::printable))]
    subject: String,
    /// The text.
    #[garde(length(chars, min = 1, max = 5000))]
    text: String,
}

impl Rules for Message {
    const RULES: &'static str =
        "topic, subject (1 to 100 characters) and text (1 to 5,000 characters) are there and nothing else.";
}

/// What became of a letter.
#[derive(Debug, Serialize, ToSchema)]
struct Queued {
    /// Always `queued`: it waits to be sent, and the person is asked again then.
    state: &'static str,
}

const UNKNOWN_TOPIC: Refusal = Refusal::invalid(
    "contact.topic",
    "channel and topic are of those that the document names.",
);

/// Reads how a person wants to be reached.
#[utoipa::path(
    get, path = "/api/v1/people/{number}/contact", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "What they want", body = Preferences), Refused),
)]
pub(in crate::admin::endpoints) async fn read(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, READ, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (_, person) = named(desk, segment).await?;
    desk.record(about(desk.permit(), &person)).await?;
    answer(desk, person.id).await
}

async fn answer(desk: &Desk<'_>, person: crate::ids::PersonId) -> Result<Response, Refusal> {
    let wanted = preferences(&desk.hub.store, desk.realm(), person).await;
    let wanted = wanted.map_err(|error| Refusal::unavailable(&error))?;
    let preferences = wanted
        .into_iter()
        .map(|((topic, channel), allowed)| Preference {
            channel: channel.as_str().to_owned(),
            topic: topic.as_str().to_owned(),
            allowed,
        })
        .collect();
    json(StatusCode::OK, &Preferences { preferences })
}

/// Keeps how a person wants to be reached, as they said it to the caller; who kept it stays on record.
#[utoipa::path(
    put, path = "/api/v1/people/{number}/contact", tag = "people", request_body = Preferences,
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "What they want", body = Preferences), Refused),
)]
pub(in crate::admin::endpoints) async fn put(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, UPDATE, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(keep(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn keep(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let body: Preferences = desk.body()?;
    let mut wanted = BTreeMap::new();
    for one in body.preferences {
        let (Some(channel), Some(topic)) = (Channel::parse(&one.channel), Topic::parse(&one.topic)) else {
            return Err(UNKNOWN_TOPIC);
        };
        wanted.insert((topic, channel), one.allowed);
    }
    let (_, person) = named(desk, segment).await?;
    desk.record(about(desk.permit(), &person)).await?;
    let by = By {
        via: Via::Administrator,
        actor: desk.authority.person,
        client: Some(desk.authority.client.clone()),
        tie: None,
    };
    set(desk.hub, desk.realm(), person.id, wanted, by).await?;
    answer(desk, person.id).await
}

/// Lists what a person said over time, newest first.
#[utoipa::path(
    get, path = "/api/v1/people/{number}/contact/history", tag = "people",
    params(("number" = String, Path, description = "The person's number"), Paging),
    security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "Changes", body = Listing<ChangeView>), Refused),
)]
pub(in crate::admin::endpoints) async fn past(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, HISTORY, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(list(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn list(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    const LIST: &str = "contact.history";
    let page = desk.page(LIST)?;
    let (_, person) = named(desk, segment).await?;
    let before = page.after.as_deref().map(cursor::key).transpose()?;
    let before = before.map(ChangeId::from);
    let changes = history(&desk.hub.store, desk.realm(), person.id, before, page.limit + 1).await;
    let mut changes = changes.map_err(|error| Refusal::unavailable(&error))?;
    let next = desk.cut(LIST, &page, &mut changes, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let mut row = about(desk.permit(), &person);
    row.hits = u64::try_from(changes.len()).ok();
    desk.record(row).await?;
    let items = changes
        .into_iter()
        .map(|change| ChangeView {
            at: change.at.to_rfc3339(),
            channel: change.channel.as_str(),
            topic: change.topic.as_str(),
            allowed: change.allowed,
            via: change.by.via.as_str(),
            client_id: change.by.client,
        })
        .collect();
    json(StatusCode::OK, &Listing { items, next })
}

/// Writes a letter to a person at the address that they have confirmed, if they want to hear of its topic by mail.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/messages", tag = "people", request_body = Message,
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 202, description = "It waits to be sent", body = Queued), Refused),
)]
pub(in crate::admin::endpoints) async fn write(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, WRITE, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(queue(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn queue(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let body: Message = desk.body()?;
    let topic = Topic::parse(&body.topic).ok_or(UNKNOWN_TOPIC)?;
    let (_, person) = named(desk, segment).await?;
    let (hub, realm) = (desk.hub, desk.realm());
    let permit = may_contact(&hub.store, realm, person.id, Channel::Email, topic).await;
    let permit = permit
        .map_err(|error| Refusal::unavailable(&error))?
        .ok_or(Refusal::conflict(
            "contact.refused",
            "The person does not want to be written to about this",
        ))?;
    let address = notices::channels(&person)
        .into_iter()
        .next()
        .ok_or(Refusal::conflict(
            "contact.no_address",
            "The person has no address that is known to be theirs",
        ))?;
    desk.record(about(
        desk.permit().resource("topic", [topic.as_str().to_owned()]),
        &person,
    ))
    .await?;
    let content = Content::Message {
        subject: &body.subject,
        text: &body.text,
    };
    let letter = mail::queue(hub, realm, &person, &address, permit, (content, LIFE));
    let letter = letter.map_err(|error| Refusal::unavailable(&error))?;
    let letter = letter.ok_or(Refusal::conflict("contact.no_mail", "This hub sends no mail"))?;
    let written = hub.store.write(move |tx: &Tx| Box::pin(letter.write(tx))).await;
    written.map_err(|error: DatabaseError| Refusal::unavailable(&error))?;
    json(StatusCode::ACCEPTED, &Queued { state: "queued" })
}
