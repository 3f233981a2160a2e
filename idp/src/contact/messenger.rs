//! Short messages, for who has a permit.

use std::sync::Arc;

use platform::sms::{NotTaken, ShortMessage, ShortMessages};

use super::model::Permit;

/// What carries short messages.
#[derive(Clone)]
pub struct Messenger(Arc<dyn ShortMessages>);

impl Messenger {
    /// One that hands messages to `carrier`.
    pub fn new(carrier: impl ShortMessages + 'static) -> Self {
        Self(Arc::new(carrier))
    }

    /// Hands a message over.
    pub async fn send(&self, _: Permit, message: ShortMessage) -> Result<(), NotTaken> {
        self.0.send(message).await
    }
}
