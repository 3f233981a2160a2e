//! Who receives what of one's own.

use super::account::Section;
use super::consent::{Papers, ScopeLine, scope_lines};
use super::{Form, Frame, Moment, Texts, links, page};

/// The relying parties that one person lets have something.
#[derive(Debug, Clone, Copy)]
pub struct Services<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// A grant was just withdrawn.
    pub withdrawn: bool,
    /// Relying parties with a grant.
    pub applications: &'a [Application<'a>],
    /// Withdraws the grant of one relying party. Posts its id as the field `client_id`.
    pub withdraw: Form<'a>,
}

/// A relying party with a grant.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// Posted back to withdraw.
    pub client_id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Host of its redirect URI.
    pub host: Option<&'a str>,
    /// The scopes granted, in the standard's names.
    pub scopes: &'a [&'a str],
    /// When the grant was given.
    pub granted_at: Moment,
    /// What can be read about it.
    pub papers: Papers<'a>,
    /// Local address that begins a sign-in there, if it can begin here (OpenID Connect Core 1.0 section 4).
    pub start_url: Option<&'a str>,
}

impl<'a> Application<'a> {
    fn scope_lines(&self, texts: &Texts) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
        scope_lines(texts, self.scopes)
    }
}

page!(Services, "account_services.html");
