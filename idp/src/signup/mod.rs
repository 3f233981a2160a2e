//! People make accounts for themselves, where the realm lets them (Initiating User Registration via OpenID Connect 1.0).
//!
//! ```text
//! GET /signup ─▶ form ─▶ POST /signup ─▶ counted ─▶ name, password judged ─▶ logged
//!                  ▲                        │ too many      │ not taken
//!                  └────────────────────────┴────────────────┘
//! an address ─▶ a draft, and a letter: a code or, if somebody has it, word of that ─▶ /signup/confirm
//!                 code right, within half an hour, five tries ─▶ person, number, password ─▶ as after a right password
//! a login name ─▶ taken: said │ free: person, number, password ─▶ as after a right password
//! ```
//!
//! Invariants: a draft is nobody: it waits in short-lived state, sealed, for the browser that began it and the request that
//! it was begun for, and is taken in one step. Whoever gives an address is answered the same whoever has it: by status,
//! page, cookies and work; its owner is told by a letter, which the address gets no more often than any other. An account
//! has an address only if its code was entered. A login name that somebody chooses cannot be kept secret from them: where
//! that matters the realm takes addresses only (`with_address`); from one network only so many are asked for in an hour.
//! The person, their names, number and password are made in one transaction. Nobody is signed in by a draft.

mod drafts;
pub mod endpoints;
mod model;
mod store;
