//! The lines of an export: NDJSON, one object of one member a line. Pure.
//!
//! ```text
//! {"header":{…}}                        the format and the public keys
//! {"writer":{…}}                        every writer, with the heads that its genesis commits to
//! {"checkpoint":{…}} {"row":{…}} …      chain by chain; a checkpoint stands right behind the row that it is about
//! {"end":{…}}                           how many lines there should have been
//! ```

use platform::clock::Instant;
use serde::{Deserialize, Serialize};

use super::canonical::Head;
use super::model::{Chained, Hash};
use crate::ids::WriterId;

/// The name of this format.
pub const FORMAT_NAME: &str = "musubi-access-log/1";

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// First.
    Header(Header),
    /// A writer.
    Writer(WriterLine),
    /// A row.
    Row(Box<Chained>),
    /// A row that the database has but that is not one: a value of a wrong type or length.
    Unreadable(Place),
    /// A checkpoint.
    Checkpoint(CheckpointLine),
    /// Last.
    End(End),
}

/// What the file is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT_NAME`].
    pub format: String,
    /// When the export began.
    pub exported_at: Instant,
    /// The log's public keys as JWKs. They are as trustworthy as the file: who judges an export takes them from elsewhere.
    pub keys: Vec<serde_json::Value>,
}

/// A writer and what its genesis is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriterLine {
    /// The writer.
    pub id: WriterId,
    /// The version of the hashed layout.
    pub format: i32,
    /// The key that its checkpoints are signed with.
    pub kid: String,
    /// When it began.
    pub started_at: Instant,
    /// The hash before its first row.
    #[serde(with = "hexadecimal")]
    pub genesis: Hash,
    /// The heads that the genesis commits to.
    pub commitments: Vec<Head>,
}

/// A place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The writer.
    pub writer: WriterId,
    /// The place in its chain.
    pub seq: i64,
}

/// A signed checkpoint and what the database says it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// The writer.
    pub writer: WriterId,
    /// The place in its chain.
    pub seq: i64,
    /// The hash there.
    #[serde(with = "hexadecimal")]
    pub hash: Hash,
    /// When it was signed.
    pub at: Instant,
    /// The JWS.
    pub signed: String,
}

/// What the file should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How many writers.
    pub writers: u64,
    /// How many rows, the unreadable ones included.
    pub rows: u64,
}

/// Hashes as 64 hexadecimal digits.
pub(super) mod hexadecimal {
    use platform::encoding::{from_hex, hex};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::log::model::Hash;

    pub(in crate::log) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(hash))
    }

    pub(in crate::log) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        from_hex(&text)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| D::Error::custom("not a hash"))
    }
}

/// Bytes as base64url.
pub(super) mod optional_base64url {
    use platform::encoding::{base64url, from_base64url};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde's `with` passes the field by reference")]
    pub(in crate::log) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&base64url(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::log) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        from_base64url(&text)
            .map(Some)
            .ok_or_else(|| D::Error::custom("not base64url"))
    }
}
