//! `/api/v1/numbers/{number}`: where a number stands, and who holds it.
//!
//! A change names the generation of the assignment that it means, so that a late request about an old holder cannot hit
//! the new one.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use platform::clock::Instant;
use platform::database::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commit;
use crate::admin::endpoints::answer::{Refused, json};
use crate::admin::endpoints::desk::{Desk, Rules, Segment};
use crate::admin::endpoints::people::number;
use crate::admin::endpoints::staff::{StaffDesk, over};
use crate::admin::{Refusal, references, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::PersonId;
use crate::log::{Action, Entry};
use crate::numbers::{
    self, Assignment, Change, Claim, Found, Holder, HolderKind, Number, NumbersError, OperatorId, look_up,
    reissuable,
};
use crate::people::{IdentifierKind, number_key, person_by_number};
use crate::staff::StaffError;
use crate::staff::act::{Act, allowed};
use crate::staff::organisations::enter;
use crate::staff::powers::Power;
use crate::staff::reach::Basis;

const READ: Action = Action::new("number.read");
const ASSIGN: Action = Action::new("number.assign");
const SUSPEND: Action = Action::new("number.suspend");
const RESUME: Action = Action::new("number.resume");
const CANCEL: Action = Action::new("number.cancel");
const REISSUE: Action = Action::new("number.reissue");

const OTHER_GENERATION: Refusal = Refusal::conflict(
    "number.generation",
    "The number's present assignment is not of this generation",
)
.detail("Read the number again: it may have another holder by now.");

/// A number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Number)]
struct NumberView {
    /// Its digits.
    number: String,
    /// As people read it: `10 1234 5678 9012`.
    grouped: String,
    /// The code of its namespace.
    namespace: u8,
    /// `reserved`, `active`, `suspended`, `cancelled`, `cooling` or `tombstone`.
    state: &'static str,
    /// 1 for its first holder, one more for each later; absent: it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u32>,
    /// What kind of holder it has or had last: `person`, `staff` or `operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_kind: Option<&'static str>,
    /// When it was assigned (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_at: Option<String>,
    /// When its state last changed (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    /// When its holder lost it (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<String>,
    /// Until when it rests (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    cooling_until: Option<String>,
}

impl NumberView {
    fn of(number: Number, current: Option<&Assignment>) -> Self {
        Self {
            number: number.to_string(),
            grouped: number.grouped(),
            namespace: number.code().value(),
            state: current.map_or("reserved", |one| one.state.as_str()),
            generation: current.map(|one| one.generation),
            holder_kind: current.map(|one| one.holder.kind.as_str()),
            assigned_at: current.map(|one| one.assigned_at.to_rfc3339()),
            changed_at: current.map(|one| one.changed_at.to_rfc3339()),
            cancelled_at: current.and_then(|one| one.cancelled_at).map(Instant::to_rfc3339),
            cooling_until: current.and_then(|one| one.cooling_until).map(Instant::to_rfc3339),
        }
    }
}

/// Who shall hold a number: a person, named in one of two ways.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHolder {
    /// The person's login name.
    #[garde(length(chars, min = 1, max = 128))]
    login: Option<String>,
    /// A number that the person holds already.
    #[garde(length(bytes, min = 1, max = 64))]
    number: Option<String>,
    /// To reissue: the generation of the assignment that is over.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    generation: Option<u32>,
}

impl Rules for NewHolder {
    const RULES: &'static str = "Either login or number names the person. To reissue, generation is that of the assignment \
                                 that is over; to assign, it is absent. Nothing else is there.";
}

/// Which assignment is meant.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Generation {
    /// As the number was read.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    generation: u32,
}

impl Rules for Generation {
    const RULES: &'static str = "generation is there, as the number was read, and nothing else.";
}

async fn found(desk: &Desk<'_>, segment: &Segment) -> Result<(Number, Found), Refusal> {
    let number = number(segment)?;
    let found = look_up(
        &desk.hub.store,
        desk.realm().id,
        &number_key(desk.realm()),
        number,
    )
    .await?;
    Ok((number, found))
}

fn about(row: Entry, assignment: &Assignment) -> Entry {
    let row = row.resource("number_assignment", [assignment.id.to_string()]);
    match assignment.holder.kind {
        HolderKind::Person => row.subject(PersonId::from(assignment.holder.id)),
        _ => row,
    }
}

/// Reads where a number stands. It does not say who holds it: that is for who may read people.
#[utoipa::path(
    get, path = "/api/v1/numbers/{number}", tag = "numbers",
    params(("number" = String, Path, description = "The number")),
    security(("token" = ["musubi:numbers.read"])),
    responses((status = 200, description = "The number", body = NumberView), Refused),
)]
pub(in crate::admin::endpoints) async fn read(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, READ, scope::NUMBERS_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (number, found) = found(desk, segment).await?;
    let row = desk
        .permit()
        .resource("number_namespace", [found.place.namespace.to_string()]);
    let row = found
        .current
        .as_ref()
        .map_or(row.clone(), |current| about(row, current));
    desk.record(row).await?;
    json(StatusCode::OK, &NumberView::of(number, found.current.as_ref()))
}

/// Gives a reserved number its first holder. Numbers that were issued to an organisation are assigned by who holds
/// `numbers.assign` over it too; such a caller names the person by a number.
#[utoipa::path(
    post, path = "/api/v1/numbers/{number}/assign", tag = "numbers", request_body = NewHolder,
    params(("number" = String, Path, description = "The number")),
    security(("token" = ["musubi:numbers.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The number", body = NumberView), Refused),
)]
pub(in crate::admin::endpoints) async fn assign(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, ASSIGN, scope::NUMBERS_WRITE).await {
        Ok(desk) => desk.finish(give(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

/// The person whom the body names.
async fn claim(desk: &Desk<'_>, new: &NewHolder) -> Result<Claim, Refusal> {
    let (hub, realm) = (desk.hub, desk.realm());
    let person = match (&new.login, &new.number) {
        (Some(login), None) => hub
            .people
            .by_identifier(realm, IdentifierKind::Login, login)
            .await?
            .map(|person| person.id),
        (None, Some(number)) => {
            let number =
                Number::parse(number).map_err(|_| Refusal::invalid("number.malformed", NewHolder::RULES))?;
            person_by_number(&hub.store, realm, number).await?
        }
        _ => return Err(Refusal::invalid("body.rule", NewHolder::RULES)),
    };
    let person = person.ok_or(Refusal::not_found("person.unknown"))?;
    Ok(Claim {
        holder: Holder::person(person),
        by: None,
    })
}

async fn give(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewHolder = desk.desk.body()?;
    if new.generation.is_some() {
        return Err(Refusal::invalid("body.rule", NewHolder::RULES));
    }
    let (number, found) = found(&desk.desk, segment).await?;
    if new.login.is_some() && !desk.act.caller.realm.has(Power::NumbersAssign) {
        return Err(Refusal::not_found("person.unknown"));
    }
    let claim = Claim {
        by: found.issued_to,
        ..claim(&desk.desk, &new).await?
    };
    let place = found.place;
    let made = desk
        .commit(
            move |tx, act| {
                Box::pin(async move {
                    let basis = assigns(tx, act, claim.by).await?;
                    let made = numbers::assign(tx, act.realm.id, place, claim, act.now, &act.entropy).await?;
                    Ok((made, basis))
                })
            },
            move |row, (made, basis): &(Assignment, Basis)| {
                let row = about(row, made);
                match claim.by {
                    Some(owner) => over(row, owner.uuid().into(), *basis),
                    None => row,
                }
            },
        )
        .await?;
    json(StatusCode::OK, &NumberView::of(number, Some(&made.0)))
}

/// What lets the caller assign numbers that were issued to an organisation, or to nobody.
async fn assigns(tx: &Tx, act: &Act, owner: Option<OperatorId>) -> Result<Basis, StaffError> {
    enter(tx, act.realm.id).await?;
    if act.caller.realm.has(Power::NumbersAssign) {
        return Ok(Basis::Realm);
    }
    let owner = owner.ok_or(NumbersError::NotFound)?.uuid().into();
    let allowed = allowed(tx, act, owner, Power::NumbersAssign).await;
    Ok(allowed.map_err(|_| NumbersError::NotFound)?.1)
}

/// Takes a number out of use for a while.
#[utoipa::path(
    post, path = "/api/v1/numbers/{number}/suspend", tag = "numbers", request_body = Generation,
    params(("number" = String, Path, description = "The number")),
    security(("token" = ["musubi:numbers.write"])),
    responses((status = 200, description = "The number", body = NumberView), Refused),
)]
pub(in crate::admin::endpoints) async fn suspend(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, SUSPEND, scope::NUMBERS_WRITE).await {
        Ok(desk) => {
            desk.finish(alter(&desk, &segment, &[Change::Suspend]).await)
                .await
        }
        Err(refused) => refused,
    }
}

/// Puts a suspended number back in use.
#[utoipa::path(
    post, path = "/api/v1/numbers/{number}/resume", tag = "numbers", request_body = Generation,
    params(("number" = String, Path, description = "The number")),
    security(("token" = ["musubi:numbers.write"])),
    responses((status = 200, description = "The number", body = NumberView), Refused),
)]
pub(in crate::admin::endpoints) async fn resume(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, RESUME, scope::NUMBERS_WRITE).await {
        Ok(desk) => desk.finish(alter(&desk, &segment, &[Change::Resume]).await).await,
        Err(refused) => refused,
    }
}

/// Takes a number from its holder for good. It rests from then on; in a namespace that never reissues it becomes a
/// tombstone. Nothing in the hub hangs on a number, so that nothing has to be withdrawn between the two.
#[utoipa::path(
    post, path = "/api/v1/numbers/{number}/cancel", tag = "numbers", request_body = Generation,
    params(("number" = String, Path, description = "The number")),
    security(("token" = ["musubi:numbers.write"])),
    responses((status = 200, description = "The number", body = NumberView), Refused),
)]
pub(in crate::admin::endpoints) async fn cancel(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, CANCEL, scope::NUMBERS_WRITE).await {
        Ok(desk) => {
            desk.finish(alter(&desk, &segment, &[Change::Cancel, Change::Cool]).await)
                .await
        }
        Err(refused) => refused,
    }
}

async fn alter(desk: &Desk<'_>, segment: &Segment, changes: &'static [Change]) -> Result<Response, Refusal> {
    let Generation { generation } = desk.body()?;
    let (number, found) = found(desk, segment).await?;
    let before = found
        .current
        .filter(|one| one.generation == generation)
        .ok_or(OTHER_GENERATION)?;
    let (realm, now) = (desk.realm().id, desk.hub.clock.now());
    let after = commit(
        desk,
        move |tx: &Tx| {
            Box::pin(async move {
                let mut after = before;
                for change in changes {
                    after = numbers::change(tx, realm, after.id, *change, now).await?;
                }
                Ok(after)
            })
        },
        about,
    )
    .await?;
    json(StatusCode::OK, &NumberView::of(number, Some(&after)))
}

/// Gives a number that has rested its next holder. It is refused while anything still names the old one: a session, a
/// token, a link, a row of the access log.
#[utoipa::path(
    post, path = "/api/v1/numbers/{number}/reissue", tag = "numbers", request_body = NewHolder,
    params(("number" = String, Path, description = "The number")),
    security(("token" = ["musubi:numbers.write"])),
    responses((status = 200, description = "The number", body = NumberView), Refused),
)]
pub(in crate::admin::endpoints) async fn reissue(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, REISSUE, scope::NUMBERS_WRITE).await {
        Ok(desk) => desk.finish(give_again(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn give_again(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewHolder = desk.body()?;
    let generation = new
        .generation
        .ok_or(Refusal::invalid("body.rule", NewHolder::RULES))?;
    let (number, found) = found(desk, segment).await?;
    if found.current.is_none_or(|old| old.generation != generation) {
        return Err(OTHER_GENERATION);
    }
    let claim = claim(desk, &new).await?;
    let (hub, realm, entropy) = (desk.hub, desk.realm().id, desk.hub.entropy.clone());
    // The rest is over only if it is over at the earliest time that it may be.
    let now = hub.clock.reading().earliest;
    let ready = reissuable(&hub.store, realm, found.place, &references::of_hub(hub), now).await?;
    let made = commit(
        desk,
        move |tx: &Tx| {
            Box::pin(async move { numbers::reissue(tx, realm, ready, claim, now, &entropy).await })
        },
        about,
    )
    .await?;
    json(StatusCode::OK, &NumberView::of(number, Some(&made)))
}
