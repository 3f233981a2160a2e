//! Authentication by the back channel: a client asks, the person answers on a device of their own (OpenID Connect
//! Client-Initiated Backchannel Authentication 1.0; FAPI-CIBA).
//!
//! ```text
//!                            person: signs in afresh, sees who asks and the binding message
//! request ──▶ Pending ──allow──▶ Allowed ──poll────▶ Spent (tokens given once)
//!                │  └───deny───▶ Denied ──poll────▶ Spent (access_denied)
//!                └── time ──▶ Expired (expired_token)
//! ping: the client is told that there is an answer, and polls for it
//! push: the client is sent the answer, or that there is none, and cannot poll
//! ```
//!
//! The request is a row of the hub's database, sealed under the key of the person it is about; each step is one
//! conditional statement, so that of many answers and of many polls one wins on any number of nodes.
//!
//! Invariants: who asks is confidential; a client that nobody here has looked at reaches only people who let it have
//! something before, and learns of nobody else whether they exist; unknown names are counted; nothing is allowed by a
//! session from before the request; an `auth_req_id` is its client's alone; what a client writes to a person is short,
//! has no control characters and is shown as text; what a client is told goes only to the registered address, a bounded
//! number of times, and a ping carries no data; what is pushed is made once.

pub mod codes;
mod delivery;
pub mod hint;
mod model;
mod parse;
mod store;
#[cfg(test)]
mod tests;

pub use delivery::deliver;
pub use model::{Delivery, Event, Outcome, State, step};
pub use parse::{Asked, parse};
pub use store::{BackchannelError, BackchannelRequests, Kept, NewRequest, Pending, Request};

/// The place that consents of this flow are for: neither a host nor a scheme can be called so.
pub const PLACE: &str = "(backchannel)";
