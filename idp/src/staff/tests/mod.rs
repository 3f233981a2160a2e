//! What holds of delegations and of the tree.

mod properties;
mod world;
