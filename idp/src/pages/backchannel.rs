//! The page of requests that services make by the back channel (OpenID Connect CIBA 1.0 section 7.3).

use super::consent::{ScopeLine, scope_lines};
use super::{Form, Frame, Moment, Texts, links, page};

/// "Services that wait for your answer."
#[derive(Debug, Clone, Copy)]
pub struct BackchannelRequests<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `request` and `decision`, which is `allow` or `deny`.
    pub form: Form<'a>,
    /// What waits, newest first.
    pub requests: &'a [BackchannelRequest<'a>],
    /// What was just done.
    pub notice: Option<BackchannelNotice>,
    /// Local address where the person signs in once more and comes back.
    pub sign_in_url: &'a str,
    /// Local address that shows this page anew.
    pub again_url: &'a str,
    /// Local address of the code with which the person lets themselves be asked.
    pub code_url: &'a str,
    /// Local address of the account page.
    pub account_url: &'a str,
}

/// A request as the person sees it.
#[derive(Debug, Clone, Copy)]
pub struct BackchannelRequest<'a> {
    /// Its key.
    pub id: &'a str,
    /// What the service is called.
    pub client_name: &'a str,
    /// It registered by itself and nobody here has looked at it.
    pub self_registered: bool,
    /// What the person compares with what the service shows.
    pub message: Option<&'a str>,
    /// What it would receive, in the standard's names.
    pub scopes: &'a [&'a str],
    /// When it was asked.
    pub asked_at: Moment,
    /// The sign-in is recent and strong enough to allow it.
    pub may_allow: bool,
}

impl<'a> BackchannelRequest<'a> {
    fn scope_lines(&self, texts: &Texts) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
        scope_lines(texts, self.scopes)
    }
}

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackchannelNotice {
    /// A request was allowed.
    Allowed,
    /// A request was denied.
    Denied,
}

page!(BackchannelRequests, "backchannel_requests.html");
