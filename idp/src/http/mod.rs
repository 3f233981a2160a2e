//! How a request reaches the hub's endpoints, and how their answers look: shared by every surface in this crate.

pub mod api;
pub mod pages;

pub use api::{Call, Presented, Refused};
pub use pages::View;
