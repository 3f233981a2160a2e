//! The access log (requirements H4, H17; DESIGN §5).

mod canonical;
mod chain;
mod checkpoint;
mod export;
mod handle;
mod key;
mod lines;
mod model;
mod read;
mod report;
mod store;
mod verify;
mod writer;

pub use export::ExportError;
pub use handle::{Log, LogOpenError, LogUnavailable};
pub use model::{Action, Chained, Decision, Entry, Hash, Receipt, Row, Text};
pub use report::{Fault, Finding, Report};
pub use verify::{Verifier, verify};
