//! All that the hub keeps about a person, for them to take away (requirement H2; data portability): one JSON document.
//!
//! Invariants: it is complete as far as this hub goes — profile, names, numbers, history, wishes and their history, ties
//! of both directions and invitations, whom they trust, consents, contracts, what staff did for them, emergencies, consents to clients, sessions, the names of their factors, what
//! they were told, their own access log — and holds no secret: no password, code, key or hash of one. Of others it says
//! what the person sees of them anyway: what they are called. It is read in one go and logged before it is given.

mod model;
mod permissions;
mod store;

pub use model::Takeout;
pub use store::gather;
