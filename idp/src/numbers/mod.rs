//! Numbers: the IDs that people read out loud (requirements H1.1 to H1.5, DESIGN §3).
//!
//! A number is a *dated assignment* to a holder. It names its holder to people; it is nobody's key. What belongs to a
//! holder hangs on the holder's internal key, or on the assignment's own, neither of which is ever reused.
//!
//! ```text
//!             in a block, no row              a row for each assignment
//! issue ───▶ reserved ── assign ──▶ active ⇄ suspended
//!                                     └──────┬──┘ cancel
//!                                            ▼
//!                                        cancelled ── cool, policy never ──────▶ tombstone
//!                                            │ cool, policy after a cooldown
//!                                            ▼
//!                                         cooling ── rested, nothing alive names it ──▶ (reissuable) ── reissue
//!                                                                                                         │
//!            old row: superseded, for its history        new row: active, generation + 1, its own key ◀───┘
//! ```
//!
//! *Reserved* and *reissuable* are not kept: the first is a number in a block without an assignment; the second is a
//! value, [`Reissuable`], made by the check and used at once, so that the evidence behind it cannot go stale in a row.
//! What hangs on a number is withdrawn between *cancel* and *cool*; a number that is never cooled never returns.
//!
//! Invariants, each held by the schema or by one conditional statement, so that it holds for any number of nodes and
//! whatever crashes:
//! - a counter is issued once: one statement advances `next_counter`, in the transaction that records the block;
//! - a number has at most one current assignment (`number_assignment_one_current`), and its generation only grows;
//! - in a namespace that is `sole`, a holder holds one number (`number_assignment_one_number`);
//! - a cooldown is never under [`COOLDOWN_FLOOR`]; a tombstone never moves;
//! - a change names an assignment and not a number: a late request about the old holder cannot hit the new one;
//! - a row of another realm is as absent as one that does not exist, and so is a number that was never issued.
//!
//! The number is computed from its counter ([`Permutation`]); nothing is stored for it until it is assigned. `sub`,
//! sessions and log rows never hold it.

mod error;
mod issuing;
mod model;
mod number;
mod permutation;
mod references;
mod store;
#[cfg(test)]
mod tests;

pub use error::NumbersError;
pub use issuing::{
    Issue, NewNamespace, blocks, create_default_namespaces, create_namespace, issue, locate, namespace,
    namespaces, set_reissue,
};
pub use model::{
    Assignment, Block, COOLDOWN_FLOOR, Change, Cooldown, CooldownTooShort, Holder, HolderKind, IllegalChange,
    Namespace, NotReissuable, OperatorId, Place, References, Reissuable, Reissue, State,
};
pub use number::{Code, Digits, InvalidNumber, InvalidShape, Number};
pub use permutation::{NumberKey, Permutation, PermutationFailed};
pub use references::{AllReferences, LiveReferences};
pub use store::{Claim, Found, assign, change, find, held_by, latest, look_up, reissuable, reissue};
