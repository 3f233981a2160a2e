//! The authorization request, and what stands between it and a code (OpenID Connect Core 1.0 §3.1.2, RFC 9700).
//!
//! ```text
//! parameters ─▶ client known ─▶ redirect URI verified ─▶ AuthorizationRequest
//!                     │ no             │ no                    │ next_step(request, session, consent, now)
//!                     ▼                ▼                       ├─▶ SignIn ──▶ (again)
//!                                                              ├─▶ SignUp ──▶ (again)
//!                                                              ├─▶ StepUp ──▶ (again)
//!                 a page           a page                      ├─▶ Consent ─▶ (again)
//!                                                              ├─▶ Refuse  ─▶ redirect with error, state, iss
//!                                                              └─▶ Issue   ─▶ redirect with code, state, iss
//! ```
//!
//! Between two steps the request waits as an [`Interaction`] under a random id, bound to the browser that began it.

mod claims;
mod codes;
mod interaction;
mod model;
mod parse;
mod pushed;
pub mod reference;
pub mod request_object;
#[cfg(test)]
mod tests;

pub use claims::{ClaimRequest, ClaimsRequest};
pub use codes::{CodeGrant, Codes, Redeemed};
pub use interaction::{Interaction, Interactions};
pub use model::{AuthorizationRequest, Pkce, Prompt, Standing, Step, next_step};
pub use parse::{Destination, Refusal, destination, parse};
pub use pushed::{LIFE as PUSHED_FOR, PushedRequests};
pub use reference::FetchedObjects;
