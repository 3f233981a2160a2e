//! `/api/v1/numbers/blocks`: numbers issued in one call (H1.2), and their delivery.
//!
//! Nothing is stored for a number of a block, so the list is computed while it is sent, a few hundred at a time: a block
//! of a million takes no memory, and a reader that goes away stops it.

use axum::body::Body as Stream;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use garde::Validate;
use http::StatusCode;
use http::header::ACCEPT;
use platform::database::Tx;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use utoipa::ToSchema;

use super::commit;
use crate::admin::endpoints::answer::{Refused, bytes_of, created};
use crate::admin::endpoints::desk::{Desk, Rules, Segment};
use crate::admin::endpoints::staff::{StaffDesk, over};
use crate::admin::{Refusal, scope, store};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{BlockId, OrganisationId};
use crate::log::Action;
use crate::numbers::{
    Block, Issue, Namespace, Number, NumbersError, OperatorId, Permutation, PermutationFailed,
    issue as issue_block, namespace, namespaces,
};
use crate::people::number_key;
use crate::staff::StaffError;
use crate::staff::act::allowed;
use crate::staff::numbering::organisation_by_number;
use crate::staff::organisations::find;
use crate::staff::powers::Power;

const ISSUE: Action = Action::new("number.issue");
const DELIVER: Action = Action::new("number.deliver");

/// Numbers computed between two looks at the connection: some milliseconds.
const CHUNK: u64 = 512;

const CSV: &str = "text/csv; charset=utf-8; header=present";
const LINES: &str = "application/x-ndjson";

/// Numbers to be issued.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBlock)]
struct Body {
    /// The code of their namespace.
    #[garde(range(min = 10, max = 99))]
    #[schema(minimum = 10, maximum = 99)]
    namespace: u8,
    /// How many.
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    count: u64,
    /// The number of the organisation that will assign them; absent: the realm itself.
    #[garde(length(bytes, min = 1, max = 40))]
    organisation: Option<String>,
}

impl Rules for Body {
    const RULES: &'static str = "namespace is the code of one (10 to 99), count is 1 to 1000000; organisation may be there, and nothing else.";
}

/// A block of numbers, reserved and not assigned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Block)]
struct BlockView {
    /// Its name in this API.
    id: String,
    /// The code of its namespace.
    namespace: u8,
    /// How many numbers it has.
    size: u64,
    /// The first of them, in the order of the list.
    first: String,
    /// The last of them. The order is of delivery; numbers between them in value are not those of the block.
    last: String,
    /// When it was issued (RFC 3339).
    issued_at: String,
}

/// Issues a block of numbers, or a single one, for the realm or an organisation to assign. A call that is repeated issues
/// again.
#[utoipa::path(
    post, path = "/api/v1/numbers/blocks", tag = "numbers", request_body = Body,
    security(("token" = ["musubi:numbers.write"])),
    responses((status = 201, description = "The block", body = BlockView), Refused),
)]
pub(in crate::admin::endpoints) async fn issue(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, ISSUE, scope::NUMBERS_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let Body {
        namespace,
        count,
        organisation,
    } = desk.body()?;
    let issued_to = match &organisation {
        Some(number) => Some(OperatorId::from(going_on(desk, number).await?.uuid())),
        None => None,
    };
    let (realm, now, entropy) = (desk.realm().id, desk.hub.clock.now(), desk.hub.entropy.clone());
    let (space, block) = commit(
        desk,
        move |tx: &Tx| {
            Box::pin(async move {
                let spaces = namespaces(tx, realm).await?;
                let space = spaces.into_iter().find(|space| space.code.value() == namespace);
                let space = space.ok_or(NumbersError::NotFound)?;
                let wanted = Issue { count, issued_to };
                let block = issue_block(tx, realm, space.id, wanted, now, &entropy).await?;
                Ok((space, block))
            })
        },
        |mut row, (_, block): &(Namespace, Block)| {
            row.hits = Some(block.size);
            row.resource("number_block", [block.id.to_string()])
        },
    )
    .await?;
    let permutation = permutation(desk, &space)?;
    let number = |counter| {
        permutation
            .number(counter)
            .map(|number| number.to_string())
            .map_err(failed)
    };
    let view = BlockView {
        id: block.id.to_string(),
        namespace: space.code.value(),
        size: block.size,
        first: number(block.first_counter)?,
        last: number(block.first_counter + block.size - 1)?,
        issued_at: block.issued_at.to_rfc3339(),
    };
    created(&format!("/api/v1/numbers/blocks/{}/numbers", block.id), &view)
}

/// The organisation that a number names, if it goes on.
async fn going_on(desk: &Desk<'_>, number: &str) -> Result<OrganisationId, Refusal> {
    const UNKNOWN: Refusal = Refusal::not_found("organisation.unknown");
    let number = Number::parse(number).map_err(|_| UNKNOWN)?;
    let (store, realm) = (&desk.hub.store, desk.realm());
    let id = organisation_by_number(store, realm, number)
        .await?
        .ok_or(UNKNOWN)?;
    let found = find(store, realm.id, id).await?.ok_or(UNKNOWN)?;
    match found.ended_at {
        None => Ok(id),
        Some(_) => Err(StaffError::Ended.into()),
    }
}

fn failed(error: PermutationFailed) -> Refusal {
    Refusal::unavailable(&error)
}

fn permutation(desk: &Desk<'_>, space: &Namespace) -> Result<Permutation, Refusal> {
    Permutation::new(&number_key(desk.realm()), space).map_err(failed)
}

/// Sends the numbers of a block, one a line: CSV, or JSON objects (NDJSON) if `Accept` asks for them. Those of a block
/// that was issued to an organisation also to who holds `numbers.assign` over it.
#[utoipa::path(
    get, path = "/api/v1/numbers/blocks/{id}/numbers", tag = "numbers",
    params(("id" = String, Path, description = "The block's id")),
    security(("token" = ["musubi:numbers.read"]), ("token" = ["musubi:staff"])),
    responses(
        (status = 200, description = "The numbers", content((String = "text/csv"), (String = "application/x-ndjson"))),
        Refused,
    ),
)]
pub(in crate::admin::endpoints) async fn numbers(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, DELIVER, scope::NUMBERS_READ).await {
        Ok(desk) => desk.finish(deliver(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn deliver(staff: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    const UNKNOWN: Refusal = Refusal::not_found("number.block.unknown");
    let desk = &staff.desk;
    desk.no_body()?;
    let id: BlockId = segment.name(UNKNOWN.id)?.parse().map_err(|_| UNKNOWN)?;
    let found = store::block(&desk.hub.store, desk.realm().id, id).await;
    let block = found
        .map_err(|error| Refusal::unavailable(&error))?
        .ok_or(UNKNOWN)?;
    let mut row = desk.permit().resource("number_block", [id.to_string()]);
    if !desk.authority.scope.has(scope::NUMBERS_READ.name) {
        let owner = block.issued_to.ok_or(UNKNOWN)?.uuid().into();
        let allowed = allowed(&desk.hub.store, &staff.act, owner, Power::NumbersAssign).await;
        let (_, basis) = allowed.map_err(|_| UNKNOWN)?;
        row = over(row, owner, basis);
    }
    let space = namespace(&desk.hub.store, desk.realm().id, block.namespace).await?;
    row.hits = Some(block.size);
    desk.record(row).await?;
    let lines = desk
        .call
        .header(&ACCEPT)
        .is_some_and(|accept| accept.contains(LINES));
    let end = block.first_counter + block.size;
    let sender = Sender {
        permutation: permutation(desk, &space)?,
        next: block.first_counter,
        end,
        lines,
    };
    let head = if lines {
        Bytes::new()
    } else {
        Bytes::from_static(b"number\r\n")
    };
    let chunks = stream::unfold((Some(head), sender), async |(head, mut sender)| {
        if let Some(head) = head {
            return Some((Ok(head), (None, sender)));
        }
        // Others are served between two chunks, however fast the reader is.
        tokio::task::yield_now().await;
        let chunk = sender.chunk()?;
        Some((chunk, (None, sender)))
    });
    let kind = if lines { LINES } else { CSV };
    Ok(bytes_of(kind, StatusCode::OK, Stream::from_stream(chunks)))
}

struct Sender {
    permutation: Permutation,
    next: u64,
    end: u64,
    lines: bool,
}

impl Sender {
    /// The next chunk; `None` after the last. An error breaks the connection, so that a part is not taken for the whole.
    fn chunk(&mut self) -> Option<Result<Bytes, PermutationFailed>> {
        if self.next >= self.end {
            return None;
        }
        let until = self.end.min(self.next + CHUNK);
        let mut text = String::new();
        for counter in self.next..until {
            let number = match self.permutation.number(counter) {
                Ok(number) => number,
                Err(error) => return Some(Err(error)),
            };
            let written = if self.lines {
                writeln!(text, "{{\"number\":\"{number}\"}}")
            } else {
                write!(text, "{number}\r\n")
            };
            if written.is_err() {
                return Some(Err(PermutationFailed));
            }
        }
        self.next = until;
        Some(Ok(Bytes::from(text)))
    }
}
