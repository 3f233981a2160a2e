//! `/api/v1/people`: end users and administrators, named by their number.

mod body;
pub(super) mod changes;
pub(super) mod contact;
pub(super) mod guardians;
pub(super) mod searches;
pub(super) mod whole;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::header::ETAG;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use self::body::{Body, FieldsView};
use super::answer::{Listing, Paging, Refused, created, json};
use super::desk::{Desk, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::{Action, Entry};
use crate::notices::{self, Notice};
use crate::numbers::Number;
use crate::people::{NewPerson, Person, PersonState, login_hash, number_of, person_by_number};
use platform::clock::Instant;

const LIST: Action = Action::new("person.list");
const READ: Action = Action::new("person.read");
const CREATE: Action = Action::new("person.create");
const CREATED: Action = Action::new("person.created");
const SUSPEND: Action = Action::new("person.suspend");
const RESUME: Action = Action::new("person.resume");
const RESET_FACTORS: Action = Action::new("factor.reset");
const LINK: Action = Action::new("person.password_link");

/// How long a link to set a password carries.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
struct PersonView {
    /// What names the person: digits only. Absent if their number was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// `active` or `suspended`.
    state: &'static str,
    /// The login name.
    login: String,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether the person has shown that the address is theirs.
    email_verified: bool,
    /// What else is known about them.
    #[serde(flatten)]
    fields: FieldsView,
    /// BCP 47 tag of their language.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// The last change (RFC 3339).
    updated_at: String,
}

impl PersonView {
    fn of(person: &Person, state: PersonState, number: Option<Number>) -> Self {
        Self {
            number: number.map(|number| number.to_string()),
            state: state.as_str(),
            login: person.profile.login.clone(),
            name: person.profile.name.clone(),
            email: person.profile.email.clone(),
            email_verified: person.profile.email_verified,
            fields: FieldsView::of(&person.profile),
            locale: person.locale.clone(),
            updated_at: Instant::from_micros(person.updated_at).to_rfc3339(),
        }
    }
}

/// What was taken from a person.
#[derive(Debug, Serialize, ToSchema)]
struct FactorsRemoved {
    /// How many passkeys, apps and lists of recovery codes there were.
    removed: u64,
}

/// A link with which a person sets their password.
#[derive(Serialize, ToSchema)]
struct PasswordLink {
    /// It works once. Whoever has it can become that person: give it to nobody else.
    url: String,
    /// When it stops working (RFC 3339).
    expires_at: String,
}

/// Reads a number from the path. One with a wrong digit is told so: the caller mistyped it.
pub(super) fn number(segment: &Segment) -> Result<Number, Refusal> {
    Number::parse(segment.text("number.malformed")?).map_err(|_| {
        Refusal::new(StatusCode::NOT_FOUND, "number.malformed", "This is not a number")
            .detail("Its check digits do not fit: a digit is wrong, or two are swapped.")
    })
}

pub(super) async fn named(desk: &Desk<'_>, segment: &Segment) -> Result<(Number, Arc<Person>), Refusal> {
    const UNKNOWN: Refusal = Refusal::not_found("person.unknown");
    let number = number(segment)?;
    let id = person_by_number(&desk.hub.store, desk.realm(), number)
        .await?
        .ok_or(UNKNOWN)?;
    let person = desk.hub.people.by_id(desk.realm(), id).await?.ok_or(UNKNOWN)?;
    Ok((number, person))
}

pub(super) use body::{language, printable, printable_option};

/// A row about a person, its detail sealed under their own key.
pub(super) fn about(mut row: Entry, person: &Person) -> Entry {
    row.key = person.key.clone();
    row.subject(person.id)
}

/// Lists the people of the realm.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "people", params(Paging), security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "People", body = Listing<PersonView>), Refused),
)]
pub(super) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let page = desk.page("people")?;
    let after = page
        .after
        .as_deref()
        .map(cursor::key)
        .transpose()?
        .map(Into::into);
    let mut people = desk.hub.people.list(desk.realm(), after, page.limit + 1).await?;
    let next = desk.cut("people", &page, &mut people, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let mut items = Vec::with_capacity(people.len());
    for person in &people {
        let number = number_of(&desk.hub.store, desk.realm(), person.id).await?;
        items.push(PersonView::of(person, person.state, number));
    }
    let mut row = desk
        .permit()
        .resource("person", people.iter().map(|person| person.id.to_string()));
    row.hits = u64::try_from(people.len()).ok();
    desk.record(row).await?;
    json(StatusCode::OK, &Listing { items, next })
}

/// Makes a person and gives them a number. They can sign in once they have set a password.
#[utoipa::path(
    post, path = "/api/v1/people", tag = "people", request_body = Body,
    security(("token" = ["musubi:people.write"])),
    responses((status = 201, description = "The person", body = PersonView), Refused),
)]
pub(super) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, CREATE, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let (profile, locale) = desk.body::<Body>()?.profile(desk.hub.clock.now())?;
    desk.record(
        desk.permit()
            .detail("login", login_hash(desk.realm(), &profile.login)),
    )
    .await?;
    let new = NewPerson {
        profile,
        locale,
        powers: Vec::new(),
    };
    let person = desk.hub.people.create(desk.realm(), new).await?;
    // Their key exists only now; the row before is the one that had to be there. This one they find in their own log.
    desk.record(about(desk.permit_as(CREATED), &person)).await?;
    let number = number_of(&desk.hub.store, desk.realm(), person.id).await?;
    let location = number.map_or_else(
        || "/api/v1/people".to_owned(),
        |number| format!("/api/v1/people/{number}"),
    );
    tagged(
        created(&location, &PersonView::of(&person, person.state, number))?,
        &person,
    )
}

/// Reads a person.
#[utoipa::path(
    get, path = "/api/v1/people/{number}", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "The person", body = PersonView), Refused),
)]
pub(super) async fn read(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, READ, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (number, person) = named(desk, segment).await?;
    desk.record(about(desk.permit(), &person)).await?;
    let view = PersonView::of(&person, person.state, Some(number));
    tagged(json(StatusCode::OK, &view)?, &person)
}

/// The tag of a person's state (RFC 9110 §8.8.3): each change has a time of its own.
fn tag(updated_at: i64) -> String {
    format!("\"{updated_at:x}\"")
}

fn tagged(mut response: Response, person: &Person) -> Result<Response, Refusal> {
    let tag = HeaderValue::from_str(&tag(person.updated_at)).map_err(|error| Refusal::unavailable(&error))?;
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// Lets a person sign in no more, and ends their sessions and every token that rests on them.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/suspend", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "The person", body = PersonView), Refused),
)]
pub(super) async fn suspend(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, SUSPEND, scope::PEOPLE_WRITE).await {
        Ok(desk) => {
            desk.finish(set_state(&desk, &segment, PersonState::Suspended).await)
                .await
        }
        Err(refused) => refused,
    }
}

/// Lets a person sign in again. The caller must hold every power that the person holds.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/resume", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "The person", body = PersonView), Refused),
)]
pub(super) async fn resume(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, RESUME, scope::PEOPLE_WRITE).await {
        Ok(desk) => {
            desk.finish(set_state(&desk, &segment, PersonState::Active).await)
                .await
        }
        Err(refused) => refused,
    }
}

async fn set_state(desk: &Desk<'_>, segment: &Segment, state: PersonState) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (number, person) = named(desk, segment).await?;
    if state == PersonState::Active {
        outranks(desk, &person).await?;
    }
    desk.record(about(desk.permit(), &person)).await?;
    desk.hub.people.set_state(desk.realm(), person.id, state).await?;
    if state == PersonState::Suspended {
        let ended = desk.hub.sessions.end_all(desk.realm(), person.id).await;
        ended.map_err(|error| Refusal::unavailable(&error))?;
        let now = desk.hub.clock.now();
        let revoked = desk
            .hub
            .families
            .revoke_person(desk.realm(), person.id, now)
            .await;
        revoked.map_err(|error| Refusal::unavailable(&error))?;
    }
    json(StatusCode::OK, &PersonView::of(&person, state, Some(number)))
}

/// Who lets somebody in must hold what that somebody holds: a link to set a password is a way to become them.
async fn outranks(desk: &Desk<'_>, person: &Person) -> Result<(), Refusal> {
    let powers = desk.hub.people.powers(desk.realm(), person.id).await?;
    desk.authority.holds_all(powers.iter().map(String::as_str))?;
    super::staff::outranks(desk, person.id).await
}

/// Makes a link with which a person sets their password once, within a day; earlier links of theirs end. Setting it ends
/// what the old password opened. The caller must hold every power that the person holds, and must have made sure that
/// they give the link to that person.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/password-link", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 201, description = "The link", body = PasswordLink), Refused),
)]
pub(super) async fn password_link(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, LINK, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(make_link(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn make_link(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (_, person) = named(desk, segment).await?;
    outranks(desk, &person).await?;
    desk.record(about(desk.permit(), &person)).await?;
    let expires_at = desk.hub.clock.now().plus(LINK_LIFE).to_rfc3339();
    let token = desk
        .hub
        .passwords
        .create_link(desk.realm(), person.id, LINK_LIFE)
        .await?;
    let url = desk.realm().url(&format!("/set-password?token={token}"));
    json(StatusCode::CREATED, &PasswordLink { url, expires_at })
}

/// Takes every passkey, app and recovery code from a person who lost them, and ends their sessions and every token that
/// rests on them. The caller must hold every power that the person holds, and must have made sure that it is they who ask.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/reset-factors", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "What was removed", body = FactorsRemoved), Refused),
)]
pub(super) async fn reset_factors(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, RESET_FACTORS, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(remove_factors(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn remove_factors(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (_, person) = named(desk, segment).await?;
    outranks(desk, &person).await?;
    desk.record(about(desk.permit(), &person)).await?;
    let told = notices::prepare(desk.hub, desk.realm(), &person, Notice::FactorsReset)
        .map_err(|error| Refusal::unavailable(&error))?;
    let removed = desk
        .hub
        .factors
        .reset(desk.realm(), person.id, Some(told))
        .await?;
    desk.hub.sessions.forget_all();
    desk.hub.families.forget_all();
    json(StatusCode::OK, &FactorsRemoved { removed })
}
