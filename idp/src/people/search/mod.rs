//! Finding people by what is known of them, without opening anybody's profile (requirement H2; DESIGN §8).
//!
//! Beside each person stand the keyed hashes of what they can be found by: every beginning, up to twelve characters,
//! of their name, of their first name and of the readings of both, and the whole of their login name, e-mail address,
//! telephone and fax number and date of birth. A hash is bound to the realm (its key) and to the field (its context),
//! and cut to 16 bytes. A search hashes what was typed and asks the index.
//!
//! What the index leaks to who has the database without the keys: how many people share a value or a beginning of one
//! (the most frequent surname of a realm is probably its 佐藤 or 鈴木), which people share one, and how long names are
//! up to twelve characters, from the number of their hashes. It does not tell which value that is, links nothing between
//! realms, and says nothing of addresses, sex or anything else. Whoever has the realm's key can try names; but they can
//! open the profiles, too.
//!
//! Invariants: the hashes of a person are written in the transaction of the change, and go with the person.

mod model;
mod store;

pub use model::Criteria;
pub(in crate::people) use model::is_searched;
pub use store::{Found, search};
pub(in crate::people) use store::{index, insert_tokens, tokens};
