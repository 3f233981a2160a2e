//! The consent page: who asks, what they would receive, Allow or Deny (OpenID Connect Core 1.0 section 3.1.2.4).

use super::{Form, Frame, Texts, details, links, page};
use crate::fhir::scope::about_consents;
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::oauth::clients::Client;

/// The consent page.
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `decision`, either `allow` or `deny`.
    pub form: Form<'a>,
    /// Who asks.
    pub client: ConsentClient<'a>,
    /// The scopes asked for that the person has not yet granted, in the standard's names.
    pub scopes: &'a [&'a str],
    /// What is asked for more exactly.
    pub details: Option<&'a AuthorizationDetails>,
    /// The name of the person whose record that is about, if it is another.
    pub whose: Option<&'a str>,
    /// The person's name, or their login name where there is none.
    pub signed_in_as: &'a str,
    /// Local address that starts the sign-in of another person for the same request.
    pub not_you_url: &'a str,
}

/// The relying party as the consent page shows it.
#[derive(Debug, Clone, Copy)]
pub struct ConsentClient<'a> {
    /// `client_name` in the reader's language.
    pub name: &'a str,
    /// Host of the verified redirect URI: the part of its identity that the relying party cannot make up.
    pub redirect_host: &'a str,
    /// The relying party registered by itself and nobody here has looked at it.
    pub self_registered: bool,
    /// What can be read about it.
    pub papers: Papers<'a>,
}

/// What can be read about a relying party, in the reader's language where it says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct Papers<'a> {
    /// `policy_uri`.
    pub policy_url: Option<&'a str>,
    /// `tos_uri`.
    pub terms_url: Option<&'a str>,
}

/// One line of "will receive".
pub(super) struct ScopeLine<'a> {
    pub(super) title: String,
    pub(super) detail: String,
    /// The scope's own name, where no words of ours exist for it.
    pub(super) code: Option<&'a str>,
}

/// The words for a scope (OpenID Connect Core 1.0 sections 5.4 and 11).
fn scope_line<'a>(texts: &Texts, scope: &'a str) -> Result<ScopeLine<'a>, askama::Error> {
    let (title, detail, code) = match scope {
        "openid" => (
            texts.say("scope-openid")?,
            texts.say("scope-openid-detail")?,
            None,
        ),
        "profile" => (
            texts.say("scope-profile")?,
            texts.say("scope-profile-detail")?,
            None,
        ),
        "email" => (texts.say("scope-email")?, texts.say("scope-email-detail")?, None),
        "phone" => (texts.say("scope-phone")?, texts.say("scope-phone-detail")?, None),
        "address" => (
            texts.say("scope-address")?,
            texts.say("scope-address-detail")?,
            None,
        ),
        "offline_access" => (
            texts.say("scope-offline")?,
            texts.say("scope-offline-detail")?,
            None,
        ),
        other if about_consents(other) == Some(true) => (
            texts.say("scope-consents-write")?,
            texts.say("scope-consents-write-detail")?,
            None,
        ),
        other if about_consents(other) == Some(false) => (
            texts.say("scope-consents-read")?,
            texts.say("scope-consents-read-detail")?,
            None,
        ),
        other => (
            texts.say("scope-other")?,
            texts.say("scope-other-detail")?,
            Some(other),
        ),
    };
    Ok(ScopeLine { title, detail, code })
}

pub(super) fn scope_lines<'a>(
    texts: &Texts,
    scopes: &[&'a str],
) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
    scopes.iter().map(|scope| scope_line(texts, scope)).collect()
}

impl<'a> Consent<'a> {
    fn scope_lines(&self, texts: &Texts) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
        let mut lines = scope_lines(texts, self.scopes)?;
        lines.extend(details::lines(texts, self.details, self.whose)?);
        Ok(lines)
    }
}

impl<'a> Papers<'a> {
    /// Those of a client, for readers of a language.
    pub fn of(client: &'a Client, language: &str) -> Self {
        let about = &client.metadata.about;
        Self {
            policy_url: about.policy_in(language),
            terms_url: about.terms_in(language),
        }
    }

    pub(super) fn are_there(&self) -> bool {
        self.policy().is_some() || self.terms().is_some()
    }

    pub(super) fn policy(&self) -> Option<&'a str> {
        self.policy_url.and_then(links::external)
    }

    pub(super) fn terms(&self) -> Option<&'a str> {
        self.terms_url.and_then(links::external)
    }
}

page!(Consent, "consent.html");
