//! What short messages say: one line, because each costs.

use super::letter::quiet;
use super::{RenderError, Texts};

/// The message with a code that shows that a number is the reader's.
pub fn code_message(texts: &Texts, realm_name: &str, code: &str) -> Result<String, RenderError> {
    let text = texts.with("message-code", "code", code)?;
    Ok(format!("{}: {text}", quiet(realm_name)))
}
