//! The frame that answers clients by its script and shows nothing (OpenID Connect Session Management 1.0 §3.2).

use askama::Template;

use super::{Assets, RenderError};

/// The frame.
#[derive(Debug, Clone, Copy)]
pub struct CheckSession<'a> {
    /// The name of the cookie that holds the browser's state.
    pub cookie: &'a str,
}

#[derive(Template)]
#[template(path = "check_session.html")]
struct Page<'a> {
    cookie: &'a str,
    script: &'a str,
}

impl CheckSession<'_> {
    /// The whole HTML document.
    pub fn render(&self) -> Result<String, RenderError> {
        let script = Assets::url("check-session.js").unwrap_or_default();
        let page = Page {
            cookie: self.cookie,
            script,
        };
        Ok(page.render()?)
    }
}
