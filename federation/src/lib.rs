//! Other clouds: peers, trust chains, sign-in with an upstream provider (requirements P4, P5, P6, P11, P12).
//!
//! It has no content yet. It will implement what `idp` offers it: to resolve a client that `idp` does not know, to offer an
//! upstream sign-in, to be told that a person is gone. `idp` never imports it.
