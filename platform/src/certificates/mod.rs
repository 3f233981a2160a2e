//! Certificates of clients (RFC 5280, RFC 8705): what they say, who vouches for them, how a proxy hands them on.
//!
//! | file | holds |
//! |---|---|
//! | `chain` | the certificate that somebody proved to hold the key of, with those that came with it |
//! | `subject` | comparing distinguished and alternative names |
//! | `authorities` | the authorities that clients may be vouched for by, and what they have revoked |
//! | `header` | a certificate in a header of a trusted proxy (RFC 9440, and what nginx and Apache write) |
//!
//! Invariants: that the key is held was proven in the handshake, here or at a proxy that is trusted; nothing else is taken
//! from the connection. A name counts only in a certificate that an authority of ours vouches for now, and that is on
//! none of its revocation lists where there are any.

mod authorities;
mod chain;
mod header;
mod subject;

pub use authorities::{Authorities, AuthoritiesError};
pub use chain::{Chain, MalformedCertificate, load};
pub use header::from_header;
pub use subject::{Subject, is_distinguished_name};
