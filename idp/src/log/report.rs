//! What an examination of an export comes to. Pure.

use serde::Serialize;

use crate::ids::WriterId;

/// What is wrong at a place. Places are those of the export: a row that got another number is found where it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Finding {
    /// The content does not have the hash that the row carries.
    #[error("the content was altered")]
    Altered,
    /// The content is in order, the hash beside it is not.
    #[error("the hash was altered")]
    HashAltered,
    /// A value is of a wrong type or length.
    #[error("the row was altered beyond reading")]
    Unreadable,
    /// The row that comes next belongs in this place.
    #[error("the row was inserted")]
    Inserted,
    /// This row and the next belong in each other's place.
    #[error("the row and the next were swapped")]
    Swapped,
    /// The row does not follow from the one before, nor the next from it: it was exchanged, or rows are missing and the
    /// rest was renumbered.
    #[error("the row does not belong here")]
    Displaced,
    /// Rows are missing, and there are later ones.
    #[error("rows are missing up to {to}")]
    Missing {
        /// The last one that is missing.
        to: i64,
    },
    /// Rows at the end are missing: somebody signed or committed to a later place.
    #[error("the end of the chain is missing, at least up to {to}")]
    Truncated {
        /// The last place that is known to have been there.
        to: i64,
    },
    /// A place occurs again.
    #[error("the place is taken twice")]
    Repeated,
    /// The chain is consistent, and is not the one that was signed or committed to: from here at the earliest.
    #[error("the chain was written anew between here and {to}")]
    Rewritten {
        /// The place where the chain differs from what was signed.
        to: i64,
    },
    /// Something follows the writer's own statement that it stopped.
    #[error("a row follows after the writer stopped")]
    AfterStop,
    /// A checkpoint whose signature is wrong, or that is not what the database says it is.
    #[error("the checkpoint is forged")]
    Checkpoint,
    /// A checkpoint stands where its row does not.
    #[error("a checkpoint is out of its place")]
    Unordered,
    /// The genesis is not made of what the writer's line says.
    #[error("the writer's beginning was altered")]
    Genesis,
    /// The writer's beginning is not signed: the writer itself may be forged.
    #[error("the writer's beginning is not signed")]
    Unsigned,
    /// Somebody signed or committed to a chain that is not there.
    #[error("the whole writer is missing")]
    WriterMissing,
    /// A row or checkpoint of a writer that is not there.
    #[error("the writer is unknown")]
    WriterUnknown,
    /// A writer occurs twice.
    #[error("the writer occurs twice")]
    WriterRepeated,
    /// The line is not one of the format, or not where it may stand.
    #[error("the line is not one of an export")]
    Malformed,
    /// The file ends early, or does not hold what its last line says.
    #[error("the export is incomplete")]
    Incomplete,
}

/// Something is wrong, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line of the export, from 1.
    pub line: u64,
    /// The writer, if it is about one.
    pub writer: Option<WriterId>,
    /// The place in its chain, if it is about one.
    pub seq: Option<i64>,
    /// What.
    #[serde(flatten)]
    pub finding: Finding,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(writer) = self.writer {
            write!(formatter, "writer {writer}, ")?;
        }
        if let Some(seq) = self.seq {
            write!(formatter, "row {seq}, ")?;
        }
        write!(formatter, "line {}: {}", self.line, self.finding)
    }
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Writers seen.
    pub writers: u64,
    /// Rows seen.
    pub rows: u64,
    /// Rows at the ends of chains that no signature and no later writer covers yet. They are chained, so they cannot be
    /// altered one by one; but who holds the database could have cut them off or made them up.
    pub unproven: u64,
    /// Whether the keys were given from outside. If not, the file vouches for itself and only mishaps are found.
    pub keys_were_trusted: bool,
    /// What is wrong: the first fault of each chain, in the order of the export, at most [`Report::MAX_FAULTS`].
    pub faults: Vec<Fault>,
}

impl Report {
    /// More faults are not listed.
    pub const MAX_FAULTS: usize = 100;

    /// Whether nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.faults.is_empty()
    }
}
