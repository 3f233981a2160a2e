//! What can go wrong with numbers, free of HTTP.

use platform::database::DatabaseError;
use platform::entropy::EntropyFailed;

use super::model::{HolderKind, IllegalChange, NotReissuable, State};
use super::permutation::PermutationFailed;

/// Why a call did nothing.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    /// This realm has no such namespace, number or assignment; or the number was issued to another operator.
    #[error("there is no such number here")]
    NotFound,
    /// Another namespace of the realm has the code or the name.
    #[error("another namespace of this realm has this code or name")]
    NameTaken,
    /// A block has at least one number.
    #[error("a block has at least one number")]
    EmptyBlock,
    /// The namespace has only so many numbers left.
    #[error("the namespace has only {left} numbers left")]
    Exhausted {
        /// How many could still be issued.
        left: u64,
    },
    /// The namespace's numbers are for another kind of holder.
    #[error("the numbers of this namespace are for holders of kind {}", .0.as_str())]
    WrongKind(HolderKind),
    /// The number has, or had, a holder.
    #[error("the number is assigned already or was once: it is {}", .0.as_str())]
    Assigned(State),
    /// The holder holds a number of this namespace, and may hold only one.
    #[error("the holder has a number of this namespace already")]
    HolderHasNumber,
    /// The assignment does not stand where this change is possible.
    #[error(transparent)]
    Change(#[from] IllegalChange),
    /// The number cannot get a new holder.
    #[error(transparent)]
    NotReissuable(#[from] NotReissuable),
    /// Somebody else changed the same thing at the same moment; nothing was changed by this call.
    #[error("this was changed by somebody else at the same moment")]
    Raced,
    /// A row holds what this version cannot read.
    #[error("a row of numbers cannot be read: {0}")]
    Unreadable(&'static str),
    /// The permutation failed.
    #[error(transparent)]
    Permutation(#[from] PermutationFailed),
    /// The database did not carry it out.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}
