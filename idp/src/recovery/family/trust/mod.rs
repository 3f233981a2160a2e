//! Who is trusted: named by a person, accepted by the one who was named, ended by either.
//!
//! Whether a name that was typed is anybody's is not said to who typed it: the one who was named appears once they have
//! accepted.

mod store;

pub use store::{
    Invited, MOST, Trusted, accept, decline, distrust_in, invitations, name, remove, trust_in, trusted,
};
