//! Who may register clients by themselves, and as what (RFC 7591 §3, §5): the realm's policies, and what others vouch for.
//!
//! ```text
//! initial access token ──▶ its policy ┐                    ┌──▶ refused
//!                                     ├──▶ software statement ──▶ metadata within the policy ──▶ client
//! no token ──▶ "default", if open ────┘   (its values win)                │
//!                                                                         └── remembers policy and statement:
//!                                                                             each later change is held to both
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `model` | a policy, and what it lets pass |
//! | `statement` | software statements (RFC 7591 §2.3) |
//! | `store` | the policies of realms |
//!
//! Invariants: without a policy of the name `default` a realm takes registrations with an initial access token only; a
//! client that registers by itself gets scopes about the person who consents, and no power of its own, whatever the policy
//! says; what a statement says is not changed by who presents it; only an administrator makes a client a first party.

mod model;
mod statement;
mod store;

pub use model::{DEFAULT, InvalidPolicy, Policy, PolicyError, SoftwareIssuer, StatementRule};
pub use statement::{Statement, StatementError, verify};
pub use store::Policies;
