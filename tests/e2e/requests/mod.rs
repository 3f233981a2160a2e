//! How an authorization request comes and how its answer goes: pushed, signed, by query, fragment, form or JWT.

mod by_reference;
mod claims;
mod front_channel;
mod modes;
mod objects;
mod pushed;
