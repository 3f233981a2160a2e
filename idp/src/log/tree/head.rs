//! What a signed checkpoint of the tree says (C2SP tlog-checkpoint). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::log::model::Hash;

/// A tree of some size and the hash over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// Whose log.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The hash over all of them.
    pub root: Hash,
}

impl TreeHead {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads a signed text; lines after the third are nobody's here.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Self {
            origin: Some(origin).filter(|origin| !origin.is_empty())?.to_owned(),
            size: decimal(size)?,
            root: read_hash(root)?,
        })
    }
}

/// A number without sign and leading zeroes.
pub fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in base64.
pub fn read_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Hashes in base64, one a line.
pub fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| STANDARD.encode(hash) + "\n").collect()
}

/// The name of the log of a hub with this issuer: its address without the scheme.
pub fn origin(issuer: &str) -> String {
    let place = issuer.split_once("://").map_or(issuer, |(_, place)| place);
    format!("{}/log", place.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written_and_nothing_else_is_one() {
        let head = TreeHead {
            origin: origin("https://hub.example:8443/"),
            size: 20_852_163,
            root: [7; 32],
        };
        assert_eq!(head.origin, "hub.example:8443/log");
        let text = head.to_text();
        assert_eq!(TreeHead::parse(&text), Some(head));
        for wrong in [
            String::new(),
            text.replacen("20852163", "020852163", 1),
            text.replacen("20852163", "+20852163", 1),
            text.replacen("20852163", "-1", 1),
            text.replacen("Bw", "B", 1),
            text.replacen("hub.example:8443/log", "", 1),
        ] {
            assert_eq!(TreeHead::parse(&wrong), None, "{wrong:?}");
        }
    }
}
