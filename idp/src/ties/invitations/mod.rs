//! Invitations to become somebody's family.
//!
//! Who invites gets a code of twelve letters and digits to hand over: read out loud, on paper, by a message of their own.
//! Where they name an address, and somebody of this realm has shown that it is theirs, the invitation is that person's
//! from the start, who finds it on their page; nobody else can use the code then. Nothing tells whether there is somebody
//! with that address.

mod model;
mod store;
#[cfg(test)]
mod tests;

pub use model::Code;
pub use store::{Invitation, Preview, accept, decline, invite, invited, open, sent, withdraw};
