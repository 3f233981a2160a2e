//! The page at `/`: what this hub is, and the way in.

use super::{Frame, links, page};

/// The page at `/`.
#[derive(Debug, Clone, Copy)]
pub struct Welcome<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The name of the person who is signed in.
    pub signed_in_as: Option<&'a str>,
    /// Local address of the sign-in page.
    pub sign_in_url: &'a str,
    /// Local address of the account home.
    pub account_url: &'a str,
}

page!(Welcome, "welcome.html");
