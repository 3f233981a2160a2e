//! The way by mail: a link, sent to an address that the person has confirmed.

mod store;

pub use store::{begin, find, finish};
