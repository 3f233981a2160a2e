//! The bytes that are hashed. Their layout is in the page of [the module](super); it never changes within a version.

use platform::keys::sealing::sha256;

use super::model::{Hash, Row};
use crate::ids::WriterId;

/// The version of the layout; a writer keeps to one.
pub const FORMAT: i32 = 1;

const ROW: &[u8; 16] = b"musubi/log/row/1";
const GENESIS: &[u8; 16] = b"musubi/log/gen/1";

/// The head of an earlier writer's chain, as a later writer found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The writer.
    pub writer: WriterId,
    /// The place of its last row; 0 if there is none.
    pub seq: i64,
    /// The hash there; the genesis if there is no row.
    #[serde(with = "super::lines::hexadecimal")]
    pub hash: Hash,
}

/// The content of a row without its place in a chain.
pub fn content(row: &Row) -> Vec<u8> {
    let mut out = Encoder(Vec::with_capacity(640));
    out.present(row.realm.uuid().as_bytes());
    out.present(&row.at.as_micros().to_be_bytes());
    out.present(&row.clock_offset.to_be_bytes());
    out.present(&row.clock_error_bound.to_be_bytes());
    out.present(&row.clock_stratum.to_be_bytes());
    out.present(row.clock_source.as_bytes());
    out.present(row.clock_state.as_bytes());
    out.field(row.actor.map(|id| *id.uuid().as_bytes()));
    out.field(row.on_behalf_of.map(|id| *id.uuid().as_bytes()));
    out.field(row.subject.map(|id| *id.uuid().as_bytes()));
    out.field(row.organisation.map(|id| *id.as_bytes()));
    out.field(row.occupation.as_deref());
    out.field(row.session.map(|id| *id.uuid().as_bytes()));
    out.field(row.client.as_deref());
    out.present(row.service.as_bytes());
    out.present(row.action.as_bytes());
    out.field(row.resource_kind.as_deref());
    out.field(row.resource_ids.as_deref());
    out.field(row.hits.map(i64::to_be_bytes));
    out.present(row.decision.name().as_bytes());
    out.field(row.reason.as_deref());
    out.field(row.granted_by.as_deref());
    out.field(row.purpose.as_deref());
    out.field(row.request.as_deref());
    out.field(row.detail.as_deref());
    out.0
}

/// The hash of the row with `content` at `seq`, after the row with hash `previous`.
pub fn row_hash(writer: WriterId, seq: i64, previous: &Hash, content: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(72 + content.len());
    bytes.extend_from_slice(ROW);
    bytes.extend_from_slice(writer.uuid().as_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(previous);
    bytes.extend_from_slice(content);
    sha256(&bytes)
}

/// The hash before the first row of a writer: it fixes its format, its key, its start and the `heads` of the writers
/// before it, in the order of their keys.
pub fn genesis_hash(writer: WriterId, started_at: i64, kid: &str, heads: &[Head]) -> Hash {
    let mut out = Encoder(GENESIS.to_vec());
    out.present(writer.uuid().as_bytes());
    out.present(&FORMAT.to_be_bytes());
    out.present(&started_at.to_be_bytes());
    out.present(kid.as_bytes());
    for head in heads {
        out.present(head.writer.uuid().as_bytes());
        out.present(&head.seq.to_be_bytes());
        out.present(&head.hash);
    }
    sha256(&out.0)
}

struct Encoder(Vec<u8>);

impl Encoder {
    fn present(&mut self, bytes: &[u8]) {
        self.0.push(1);
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn field<T: AsRef<[u8]>>(&mut self, value: Option<T>) {
        match value {
            Some(bytes) => self.present(bytes.as_ref()),
            None => self.0.push(0),
        }
    }
}
