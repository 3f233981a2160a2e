//! The device flow: a person allows on one device what another, which has no keyboard or browser, asks for (RFC 8628).
//!
//! ```text
//!                          person types the code, is signed in, answers
//! begin ──▶ Pending ──allow──▶ Allowed ──poll──▶ Spent (tokens given once)
//!             │   └────deny───▶ Denied ──poll──▶ Spent (access_denied)
//!             └── time ──▶ Expired (expired_token)
//! poll of what is Pending, before its time: slow_down, and every later poll must wait five seconds longer
//! ```
//!
//! Three entries of short-lived state hold it: the request under the hash of the device code, a pointer under the hash of
//! the user code, and the answer. The first answer counts (`put_new`), the first poll that finds it takes it (`take`), so
//! that of many who answer and of many who poll exactly one wins on any number of nodes. What is lost costs a new try.
//!
//! Invariants: a device code is its client's alone; a code that is typed wrong is counted before it is looked up, by
//! person and by network (§5.1); nothing is allowed by an address alone (§3.3.1: the person sees the code, who asks and
//! from where, and answers in the browser in which they signed in); every request is asked about, whatever was allowed
//! before (§5.4).

mod model;
mod requests;
mod user_code;

pub use model::{Answer, Event, Outcome, State, step};
pub use requests::{DeviceRequest, DeviceRequests, Standing};
pub use user_code::UserCode;

/// The place that consents of this flow are for: neither a host nor a scheme can be called so.
pub const PLACE: &str = "(device)";
