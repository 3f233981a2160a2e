//! Rich authorization requests (RFC 9396): what a client may do, said more exactly than a scope can.
//!
//! ```text
//! authorization_details ──parse──▶ AuthorizationDetails ──person says yes──▶ granted ──covers──▶ narrowed, in a token
//!                           └── unknown type, member or value: invalid_authorization_details
//! ```
//!
//! Invariants: only types that are listed here exist, and a client uses only those that it registered
//! (`authorization_details_types`, §10); every member is typed and every list bounded, so that what a person is shown is all
//! there is (§5: what is not understood is refused); details are never remembered as a consent, each request is the
//! person's to allow; a token never carries more than was granted (§6, §7).

mod model;
mod others;
mod request;

pub use model::{AuthorizationDetail, AuthorizationDetails, HealthRecord, InvalidDetails, TYPES};
pub use others::{Other, given_up, others};
pub use request::read;
