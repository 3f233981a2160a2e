//! `/api/v1/numbers/namespaces`, named by their code.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use platform::database::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commit;
use crate::admin::endpoints::answer::{Listing, Refused, created, json};
use crate::admin::endpoints::desk::{Desk, Rules};
use crate::admin::endpoints::people::printable;
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::numbers::{
    Code, Cooldown, Digits, HolderKind, Namespace, NewNamespace, Reissue, create_namespace, namespaces,
};

const LIST: Action = Action::new("number.namespace.list");
const CREATE: Action = Action::new("number.namespace.create");

const DAY: u64 = 24 * 60 * 60;

/// What a number names.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// An end user.
    Person,
    /// A member of an organisation's staff.
    Staff,
    /// A service operator.
    Operator,
}

impl From<Kind> for HolderKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Person => Self::Person,
            Kind::Staff => Self::Staff,
            Kind::Operator => Self::Operator,
        }
    }
}

impl From<HolderKind> for Kind {
    fn from(kind: HolderKind) -> Self {
        match kind {
            HolderKind::Person => Self::Person,
            HolderKind::Staff => Self::Staff,
            HolderKind::Operator => Self::Operator,
        }
    }
}

/// A namespace of numbers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Namespace)]
struct NamespaceView {
    /// Its name in this API: the two digits that its numbers begin with.
    code: u8,
    /// What administrators call it.
    name: String,
    /// What its numbers name.
    holder_kind: Kind,
    /// Digits of a number between code and check digits.
    digits: u8,
    /// Whether a holder may hold only one of its numbers at a time.
    sole: bool,
    /// How many days a cancelled number rests; absent: it never returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    cooldown_days: Option<u64>,
    /// How many of its numbers were issued.
    issued: u64,
    /// How many there are.
    capacity: u64,
}

impl NamespaceView {
    fn of(space: &Namespace) -> Self {
        Self {
            code: space.code.value(),
            name: space.name.clone(),
            holder_kind: space.holder_kind.into(),
            digits: space.digits.value(),
            sole: space.sole,
            cooldown_days: match space.reissue {
                Reissue::Never => None,
                Reissue::AfterCooldown(cooldown) => Some(cooldown.duration().as_secs() / DAY),
            },
            issued: space.issued,
            capacity: space.digits.capacity(),
        }
    }
}

/// A namespace to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNamespace)]
struct Body {
    /// The two digits that its numbers begin with.
    #[garde(range(min = 10, max = 99))]
    #[schema(minimum = 10, maximum = 99)]
    code: u8,
    /// What administrators call it.
    #[garde(length(chars, min = 1, max = 100), custom(printable))]
    name: String,
    /// What its numbers name.
    #[garde(skip)]
    holder_kind: Kind,
    /// Digits of a number between code and check digits; 10 if it is not said.
    #[garde(range(min = 6, max = 14))]
    #[serde(default = "ten")]
    #[schema(minimum = 6, maximum = 14)]
    digits: u8,
    /// Whether a holder may hold only one of its numbers at a time; so if it is not said.
    #[garde(skip)]
    #[serde(default = "yes")]
    sole: bool,
    /// How many days a cancelled number rests before it may be reissued, at least 365; absent: it never returns.
    #[garde(range(min = 365, max = 36_500))]
    #[schema(minimum = 365, maximum = 36_500)]
    cooldown_days: Option<u64>,
}

impl Rules for Body {
    const RULES: &'static str = "code is 10 to 99, name has 1 to 100 characters, holder_kind is person, staff or operator; \
                                 digits (6 to 14), sole and cooldown_days (365 to 36500) may be there; nothing else is.";
}

fn ten() -> u8 {
    10
}

fn yes() -> bool {
    true
}

impl Body {
    fn namespace(self) -> Option<NewNamespace> {
        let reissue = match self.cooldown_days {
            None => Reissue::Never,
            Some(days) => Reissue::AfterCooldown(Cooldown::new(Duration::from_secs(days * DAY)).ok()?),
        };
        Some(NewNamespace {
            code: Code::new(self.code).ok()?,
            name: self.name,
            holder_kind: self.holder_kind.into(),
            digits: Digits::new(self.digits).ok()?,
            sole: self.sole,
            reissue,
        })
    }
}

/// Lists the namespaces of the realm: all of them, since there are at most 90.
#[utoipa::path(
    get, path = "/api/v1/numbers/namespaces", tag = "numbers", security(("token" = ["musubi:numbers.read"])),
    responses((status = 200, description = "Namespaces", body = Listing<NamespaceView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::NUMBERS_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &Desk<'_>) -> Result<Response, Refusal> {
    desk.no_body()?;
    let spaces = namespaces(&desk.hub.store, desk.realm().id).await?;
    let mut row = desk.permit().resource(
        "number_namespace",
        spaces.iter().map(|space| space.id.to_string()),
    );
    row.hits = u64::try_from(spaces.len()).ok();
    desk.record(row).await?;
    json(
        StatusCode::OK,
        &Listing {
            items: spaces.iter().map(NamespaceView::of).collect(),
            next: None,
        },
    )
}

/// Makes a namespace.
#[utoipa::path(
    post, path = "/api/v1/numbers/namespaces", tag = "numbers", request_body = Body,
    security(("token" = ["musubi:numbers.write"])),
    responses((status = 201, description = "The namespace", body = NamespaceView), Refused),
)]
pub(in crate::admin::endpoints) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, CREATE, scope::NUMBERS_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let body: Body = desk.body()?;
    let new = body
        .namespace()
        .ok_or(Refusal::invalid("body.rule", Body::RULES))?;
    let (realm, now, entropy) = (desk.realm().id, desk.hub.clock.now(), desk.hub.entropy.clone());
    let made = commit(
        desk,
        move |tx: &Tx| Box::pin(async move { create_namespace(tx, realm, new, now, &entropy).await }),
        |row, made: &Namespace| row.resource("number_namespace", [made.id.to_string()]),
    )
    .await?;
    created("/api/v1/numbers/namespaces", &NamespaceView::of(&made))
}
