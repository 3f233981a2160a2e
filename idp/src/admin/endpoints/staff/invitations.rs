//! `/api/v1/organisations/{number}/invitations`, `/invitations`: how a person of the realm joins an organisation.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::members::one;
use super::views::StaffView;
use super::{StaffDesk, UNKNOWN_STAFF, key, listed, over};
use crate::admin::endpoints::answer::{Listing, Paging, Refused, created, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::endpoints::people::printable_option;
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::StaffInvitationId;
use crate::log::Action;
use crate::people::email_index;
use crate::staff::act::allowed;
use crate::staff::affiliations::Joined;
use crate::staff::invitations::{self, Invitation};
use crate::staff::powers::Power;
use crate::staff::reach::Basis;

const LIST: Action = Action::new("invitation.list");
const INVITE: Action = Action::new("invitation.make");
const WITHDRAW: Action = Action::new("invitation.withdraw");
const ACCEPT: Action = Action::new("invitation.accept");

/// An invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationView {
    /// Its name in this API.
    id: String,
    /// As what they would be called there.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Whether only who has confirmed a certain e-mail address can accept it.
    bound_to_email: bool,
    /// Until when it waits (RFC 3339).
    expires_at: String,
    /// What the person accepts it with; shown once. Whoever has it can join, unless it is bound to an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl InvitationView {
    fn of(one: &Invitation, code: Option<String>) -> Self {
        Self {
            id: one.id.to_string(),
            title: one.title.clone(),
            bound_to_email: one.email_hash.is_some(),
            expires_at: one.expires_at.to_rfc3339(),
            code,
        }
    }
}

/// Whom to invite as what. An invitation gives a place: powers and occupations are given afterwards.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    /// Only who has confirmed this e-mail address can accept it.
    #[garde(length(bytes, min = 3, max = 254), custom(printable_option))]
    email: Option<String>,
    /// As what they would be called there.
    #[garde(length(chars, min = 1, max = 100), custom(printable_option))]
    title: Option<String>,
}

impl Rules for NewInvitation {
    const RULES: &'static str = "email and title may be there, and nothing else.";
}

/// What an invitation is accepted with.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// The code of the invitation.
    #[garde(length(bytes, min = 1, max = 100))]
    code: String,
}

impl Rules for Acceptance {
    const RULES: &'static str = "code is there, and nothing else.";
}

/// Lists the invitations to an organisation that wait.
#[utoipa::path(
    get, path = "/api/v1/organisations/{number}/invitations", tag = "staff",
    params(("number" = String, Path, description = "The organisation's number"), Paging),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "Invitations", body = Listing<InvitationView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, LIST, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(show_all(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let page = desk.desk.page("invitations")?;
    let organisation = desk.organisation(segment).await?;
    let store = &desk.desk.hub.store;
    let (_, basis) = allowed(store, &desk.act, organisation, Power::StaffRead).await?;
    let after = page.after.as_deref().map(cursor::key).transpose()?;
    let (realm, now) = (desk.act.realm.id, desk.act.now);
    let after = after.map(Into::into);
    let mut found = invitations::waiting(store, realm, organisation, now, after, page.limit + 1).await?;
    let next = desk.desk.cut("invitations", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let row = over(desk.desk.permit(), organisation, basis);
    let row = listed(row, "invitation", found.iter().map(|one| one.id.uuid()));
    desk.desk.record(row).await?;
    let items = found.iter().map(|one| InvitationView::of(one, None)).collect();
    json(StatusCode::OK, &Listing { items, next })
}

/// Invites somebody who is a person of the realm to an organisation.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/invitations", tag = "staff", request_body = NewInvitation,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "The invitation", body = InvitationView), Refused),
)]
pub(in crate::admin::endpoints) async fn invite(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, INVITE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(make(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn make(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewInvitation = desk.desk.body()?;
    let organisation = desk.organisation(segment).await?;
    let email = new
        .email
        .as_deref()
        .map(|email| email_index(desk.desk.realm(), email))
        .transpose()?;
    let (made, code, _) = desk
        .commit(
            move |tx, act| Box::pin(invitations::invite(tx, act, organisation, new.title, email)),
            move |row, (made, _, basis): &(Invitation, String, Basis)| {
                over(row, organisation, *basis).resource("invitation", [made.id.to_string()])
            },
        )
        .await?;
    created(
        &format!("/api/v1/invitations/{}", made.id),
        &InvitationView::of(&made, Some(code)),
    )
}

/// Takes an invitation back.
#[utoipa::path(
    post, path = "/api/v1/invitations/{id}/withdraw", tag = "staff",
    params(("id" = String, Path, description = "The invitation's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 204, description = "It is gone"), Refused),
)]
pub(in crate::admin::endpoints) async fn withdraw(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, WITHDRAW, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(take_back(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn take_back(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let id: StaffInvitationId = key(segment, "invitation.unknown")?;
    desk.commit(
        move |tx, act| Box::pin(invitations::withdraw(tx, act, id)),
        move |row, (organisation, basis): &(crate::ids::OrganisationId, Basis)| {
            over(row, *organisation, *basis).resource("invitation", [id.to_string()])
        },
    )
    .await?;
    Ok(crate::admin::endpoints::answer::nothing())
}

/// Accepts an invitation, for the person behind the token. Only the person themselves can: this needs their own token with
/// the scope `musubi:staff`.
#[utoipa::path(
    post, path = "/api/v1/invitations/accept", tag = "staff", request_body = Acceptance,
    security(("token" = ["musubi:staff"])),
    responses((status = 201, description = "The member of staff", body = StaffView), Refused),
)]
pub(in crate::admin::endpoints) async fn accept(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, ACCEPT, scope::OWN_DELEGATIONS).await {
        Ok(desk) => desk.finish(join(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn join(desk: &StaffDesk<'_>) -> Result<Response, Refusal> {
    let Acceptance { code } = desk.desk.body()?;
    let id = desk.act.caller.person.ok_or(UNKNOWN_STAFF)?;
    let person = desk.person(id).await?;
    let confirmed = person
        .profile
        .email
        .as_deref()
        .filter(|_| person.profile.email_verified);
    let email = confirmed
        .map(|email| email_index(desk.desk.realm(), email))
        .transpose()?;
    let sealing = person.key.clone();
    let joined = desk
        .commit(
            move |tx, act| Box::pin(async move { invitations::accept(tx, act, id, &code, email).await }),
            move |row, joined: &Joined| {
                let mut row = over(row, joined.affiliation.organisation, joined.basis);
                row.key = sealing;
                row.subject(id)
                    .resource("affiliation", [joined.affiliation.id.to_string()])
            },
        )
        .await?;
    let view = one(desk, id, vec![joined.affiliation]).await?;
    created(&format!("/api/v1/staff/{}", joined.number), &view)
}
