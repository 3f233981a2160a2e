//! What is over is deleted: sessions, token families, initial access tokens and one-time links past their `expires_at`,
//! and which clients took part in sessions that are over.
//!
//! Nothing asks for them any more, and what they hold (sealed addresses and user agents among it) must not be kept longer
//! than it serves. Rows go in batches, so that nobody else's write waits long; the access log keeps what happened.

mod store;

pub use store::{BATCH, delete};
