//! Mail that leaves the house: one message to one address, handed to one SMTP server (RFC 5321, RFC 5322).
//!
//! The server is asked for TLS (`STARTTLS`, or from the first byte with `smtps://`) and is not told anything without it,
//! unless it is this machine. Whether a message arrives is not known here: what the server took is its to deliver.
//!
//! Invariants: an address is parsed before it is one ([`MailAddress`]), so that neither a header nor a command can be put
//! into it; texts that become headers lose their control characters and are encoded; date, id and boundary of a message
//! are the caller's, since time and randomness have one home each; errors carry nothing of the message.

mod message;
mod smtp;

pub use message::{InvalidAddress, MailAddress, Message};
pub use smtp::{Mailer, MailerError, NotSent};
