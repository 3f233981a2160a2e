//! Who may do what with whose data (requirements H5.1, H5.2, H5.3, S6.2): one decision for the whole house.
//!
//! ```text
//!            token ∩ contract with the operator of the service
//!                        │ reaches?            no ─▶ deny: scope, contract
//!                        ▼
//!    own data ─┐   consents that permit ─┐   emergency ─┐
//!              ▼  (∩ affiliation and occupation of staff) ▼
//!              └────────▶  which data, by its time  ◀─────┘
//!                        │ less what a consent forbids
//!                        ▼
//!              something left ─▶ permit, with obligations      nothing left ─▶ deny, with the reason
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `words` | kinds, actions, purposes, depths: stable words and sets of them |
//! | `period` | times of data, and sets of them |
//! | `model` | question, facts, decision |
//! | `ceiling` | how far an occupation reaches at most |
//! | `decide` | the decision |
//! | `rows`, `store` | the facts in the database |
//! | `operator` | who runs the client that is used |
//! | `ask` | loads the facts of one question and decides |
//! | `emergency` | who looks without having been allowed to |
//! | `authzen` | services ask (AuthZEN Authorization API 1.0) |
//!
//! Invariants: **no rule, no access; a consent that forbids wins over whatever permits**; the decision is a function of its
//! question and facts alone, and total; it says why; nothing in its facts tells of an administrator, so that no power over
//! the realm or over an organisation is a way to health data; adding a row that forbids, ending a row that permits, or a
//! narrower token never opens anything. All of this is tested against a second reading of the consents, written apart.
//! Grants are not cached: one indexed statement reads them for each question, so that a withdrawal counts on every node
//! from its commit on.

mod ask;
pub mod authzen;
mod ceiling;
mod decide;
pub mod emergency;
mod model;
mod operator;
mod period;
pub(crate) mod rows;
mod store;
#[cfg(test)]
mod tests;
mod words;

pub use ask::{Candidates, Loaded, Who, agreed, candidates, load, standings, subjects_of};
pub use ceiling::{Ceiling, ceiling, is_licensed};
pub use decide::{decide, deepest};
pub use model::{
    Asker, Because, Contract, Decision, Denied, Effect, Emergency, Facts, Grant, Grantee, Obligations,
    Operator, Permit, Question, Reach, Reason, Rule, Standing,
};
pub use operator::operator;
pub use period::{Period, less, union};
pub use store::AccessError;
pub use words::{Action, Actions, Depth, Kind, Kinds, Purpose, Purposes};
