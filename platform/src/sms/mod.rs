//! Short messages that leave the house. What carries them is pluggable ([`ShortMessages`]): carriers and their gateways
//! have an interface each. The one here, [`MessageFile`], writes a line of JSON for each into a file, from which a program
//! of the operator's takes them.
//!
//! Invariants: a message is handed over once or an error is returned; errors carry nothing of the message.

mod file;

use futures_util::future::BoxFuture;

pub use file::MessageFile;

/// A message to one telephone.
#[derive(Clone, serde::Serialize)]
pub struct ShortMessage {
    /// The number in E.164.
    pub to: String,
    /// The text.
    pub text: String,
    /// When it was written (RFC 3339).
    pub at: String,
}

impl std::fmt::Debug for ShortMessage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ShortMessage")
    }
}

/// The message was not taken.
#[derive(Debug, thiserror::Error)]
#[error("the short message was not taken: {0}")]
pub struct NotTaken(pub std::io::ErrorKind);

/// Something that carries short messages.
pub trait ShortMessages: Send + Sync {
    /// Hands a message over.
    fn send(&self, message: ShortMessage) -> BoxFuture<'_, Result<(), NotTaken>>;
}
