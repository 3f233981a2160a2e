//! The grants of the token endpoint, one a file. Each gets a client that proved who it is.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;
