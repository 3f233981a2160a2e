//! Proofs that anybody can check without the hub: that a row is in the tree (C2SP tlog-proof), and that the tree only grew.

use platform::keys::{Note, NoteError, NoteKey};

use super::head::{TreeHead, decimal, lines, read_hash};
use super::merkle::{extends, includes};
use crate::log::model::Hash;

/// The first line of a proof that a row is in the tree.
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes of a proof: the height of the tallest tree.
const HIGHEST: usize = 63;

/// A proof does not show what it is offered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It cannot be read.
    #[error("this is not a proof of a row in the access log")]
    Malformed,
    /// Its checkpoint is not signed by the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// It does not show that the row is in the tree.
    #[error("the proof does not show that this row is in the log")]
    Refuted,
}

/// A row's place in the tree, with all that is needed to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Which leaf.
    pub index: u64,
    /// The hashes beside its way up.
    pub path: Vec<Hash>,
    /// The signed checkpoint that it leads to.
    pub note: String,
}

impl Inclusion {
    /// As a file.
    pub fn to_text(&self) -> String {
        let path = lines(&self.path);
        format!("{INCLUSION}\nindex {}\n{path}\n{}", self.index, self.note)
    }

    /// Reads such a file.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(INCLUSION)?.strip_prefix("\nindex ")?;
        let (index, rest) = rest.split_once('\n')?;
        let (path, note) = match rest.strip_prefix('\n') {
            Some(note) => ("", note),
            None => rest.split_once("\n\n")?,
        };
        Some(Self {
            index: decimal(index)?,
            path: read_path(path)?,
            note: note.to_owned(),
        })
    }

    /// Whether it shows that the row with this hash is in the log that has this key; the checkpoint that says so.
    pub fn verify(&self, row: &Hash, key: &NoteKey) -> Result<TreeHead, ProofError> {
        let head = signed_head(&self.note, key)?;
        if includes(row, self.index, (head.size, &head.root), &self.path) {
            Ok(head)
        } else {
            Err(ProofError::Refuted)
        }
    }
}

/// Hashes in base64, one a line, no more than any proof has.
pub fn read_path(text: &str) -> Option<Vec<Hash>> {
    let path: Vec<Hash> = text.lines().map(read_hash).collect::<Option<_>>()?;
    (path.len() <= HIGHEST).then_some(path)
}

/// What a checkpoint says that the log with this key has signed, under the key's name.
pub fn signed_head(note: &str, key: &NoteKey) -> Result<TreeHead, ProofError> {
    let note = Note::parse(note)?;
    key.verify(&note)?;
    TreeHead::parse(note.text)
        .filter(|head| head.origin == key.name())
        .ok_or(ProofError::Malformed)
}

/// Whether `path` shows that the log of the newer checkpoint begins with that of the older one.
pub fn only_grew(older: &TreeHead, newer: &TreeHead, path: &[Hash]) -> bool {
    older.origin == newer.origin && extends((older.size, &older.root), (newer.size, &newer.root), path)
}
