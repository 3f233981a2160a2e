//! People who are nobody, by the million: to try the hub with, to measure it, to show it (`musubi dev seed`).
//!
//! Who somebody is follows from their place alone: person 4,711 has the same name, birthday and address on every machine.
//! Their keys, numbers and internal keys do not: those are as random as anybody's. They have no password.
//!
//! Invariants: addresses end in `seed.example.jp`, which nobody has (RFC 6761); telephone numbers are in form alone; what
//! is written is what [`super::People::create`] would write, many at a time.

mod model;
mod store;

pub use store::seed;
