//! Sessions: a person signed in in one browser.
//!
//! The cookie holds 256 random bits; the database holds their keyed hash. A session has an idle and an absolute limit,
//! both judged by the house's clock. It is made anew at every sign-in, so that an id planted before cannot be ridden; it
//! begins only while what was shown for it is still the person's, and has a new secret whenever more is shown.
//!
//! ```text
//! begin ──▶ live ──use, or more shown──▶ live ──▶ ended (sign-out, by the person elsewhere, by an administrator)
//!             └──── idle or absolute limit ────▶ over
//! ```

mod ending;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use ending::{end_all_in, end_others_in};
pub use model::{Limits, Session, SessionView, Shown};
pub use store::{Sessions, SessionsError};
