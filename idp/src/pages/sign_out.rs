//! Signing out: the question and the answer (OpenID Connect RP-Initiated Logout 1.0 §2, §3; Front-Channel Logout 1.0 §3).

use super::{Form, Frame, Link, links, page};

/// "Do you want to sign out?"
#[derive(Debug, Clone, Copy)]
pub struct SignOut<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `decision`, always `sign-out`.
    pub form: Form<'a>,
    /// The relying party that sent the person here.
    pub client_name: Option<&'a str>,
    /// The person's name, or their login name where there is none.
    pub signed_in_as: &'a str,
    /// Local address for those who want to stay signed in.
    pub stay_url: &'a str,
}

/// "You are signed out."
#[derive(Debug, Clone, Copy)]
pub struct SignedOut<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The relying party to return to, by its name and an address of it.
    pub back: Option<Link<'a>>,
    /// Addresses of clients that took part in the session, loaded unseen so that they end theirs.
    pub told: &'a [String],
    /// Where the page goes on to by itself, once all have loaded; with its script after a few seconds at the latest. A
    /// verified `post_logout_redirect_uri`.
    pub onward: Option<Link<'a>>,
    /// Local address of the sign-in page.
    pub sign_in_url: &'a str,
}

impl SignedOut<'_> {
    fn return_to(&self) -> Option<(&str, &str)> {
        self.back.and_then(Link::safe)
    }

    fn frames(&self) -> impl Iterator<Item = &str> {
        self.told.iter().filter_map(|url| links::external(url))
    }

    fn goes_on_to(&self) -> Option<(&str, &str)> {
        let link = self.onward?;
        links::onward(link.url).map(|url| (link.name, url))
    }
}

page!(SignOut, "sign_out.html");
page!(SignedOut, "signed_out.html");
