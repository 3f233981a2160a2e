//! The end of sessions, in the transaction of whatever brings it about: whoever took part in them is told of it, by the same
//! statements.

mod store;

pub(super) use store::end_one;
pub use store::{end_all_in, end_others_in};
