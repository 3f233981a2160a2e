//! Erasing a person (requirements H1.4, H2, H12.1): the key of all that is theirs is destroyed, and with it everything that
//! was sealed under it, wherever it lies, copies of the database included.
//!
//! ```text
//! asked for (an administrator who outranks them; or the person, signed in just now) ─ row of the log ─▶ one transaction:
//!   key and profile gone · sessions and tokens ended, clients told · credentials, notices, letters, history, wishes, ties'
//!   evidence, search index deleted · names to keyed hashes that cool down · numbers cancelled, then cooling · account-purged
//! ─▶ the answer says what stays, and why
//! ```
//!
//! What stays, because the law or others' safety asks for it: rows of the access log, whose identifying part is ciphertext
//! that nobody can open any more, but for what administrators searched for, which the realm's key seals; the hashes of
//! names and the numbers, so that nobody gets them before they have cooled down (H1.4); the bare internal key that these
//! name, which says nothing about anybody; events for peers, until they are handed on.
//!
//! Invariants: all or nothing, once; whoever is a ward does not erase themselves, and nobody is erased by who holds less
//! than they; no column that names a person is overlooked: a test asks of each in the schema what becomes of it.

mod model;
mod store;
#[cfg(test)]
mod tests;

pub use model::{KEPT, Kept};
pub use store::erase;
