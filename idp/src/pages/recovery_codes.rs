//! Recovery codes, shown once.

use super::{Frame, links, page};

/// The page that shows recovery codes, once.
#[derive(Debug, Clone, Copy)]
pub struct RecoveryCodes<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The codes.
    pub codes: &'a [String],
    /// A factor was just added, and these came with it.
    pub first: bool,
    /// Local address at which the person goes on.
    pub next_url: &'a str,
}

page!(RecoveryCodes, "recovery_codes.html");
