//! Somebody who is erased is staff nowhere any more: their places, occupations and powers end, with what hung on those,
//! and what organisations wrote of them is gone. That somebody worked somewhere from when to when stays under a bare
//! internal key: employers have to keep it.

mod store;

pub use store::erase_in;
