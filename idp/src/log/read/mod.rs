//! Reading the log: what a person or a session left behind, and chains from end to end for an export.

mod store;

pub(super) use store::{
    checkpoints, extent, page_for_subject, public_jwks, recent_for_subject, rows, writers,
};
