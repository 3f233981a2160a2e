//! What was asked for at `/recover`: kept by the request, looked into by a task.

mod store;
mod task;

pub use store::{Ask, Way, prepare};
pub use task::run;
#[cfg(test)]
pub(super) use task::step;
