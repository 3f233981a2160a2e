//! A person shows that an e-mail address is theirs (requirement P10): a code is sent to it, and they enter it where they
//! are signed in.
//!
//! ```text
//! address given (signed in just now, or the password shown) ─▶ code sent ─right─▶ the address is theirs, the one before
//!        ▲                                                       │ wrong: counted     is told and cools down
//!        └── another address or another try: the code before ends┴─ five wrong, or half an hour over: nothing
//! ```
//!
//! Invariants: a code is for one person, one address and one realm, all three in its hash; it is taken once, by one
//! conditional statement, and a try is counted before the code is looked at. Whether an address is somebody else's is said
//! only to who has read a code that was sent to it. Until then the address is nobody's: no letter but the code goes to it.
//! A code, not a link: whoever reads mail on another device needs no session there, and nobody is led to click.

mod model;
mod store;
#[cfg(test)]
mod tests;

pub use model::Code;
pub use store::{Outcome, ask, confirm, is_asked};
