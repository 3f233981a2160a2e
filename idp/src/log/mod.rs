//! The access log (requirements H4, H17; DESIGN §5).

mod canonical;
mod checkpoint;
mod handle;
mod key;
mod model;
mod read_store;
mod store;
mod writer;

pub use handle::{Log, LogOpenError, LogUnavailable};
pub use model::{Action, Chained, Decision, Entry, Hash, Receipt, Row, Text};
