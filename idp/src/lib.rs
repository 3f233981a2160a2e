//! People, numbers, consent, access, log, credentials, sessions, sign-in, OAuth and OpenID: one folder a capability.

pub mod ids;
pub mod log;
pub mod numbers;
pub mod pages;
