//! What people see: the pages of sign-in, consent, sign-out, the account and errors, rendered on the server.
//!
//! A page is a plain struct of borrowed data and a `render(&self, &Texts)`. The structs know nothing of HTTP, of the
//! database or of the time of day; the endpoints fill them and send what comes back.
//!
//! Invariants:
//! - Templates and texts are compiled in; rendering parses neither.
//! - Whatever a template prints passes [`escape::Escape`]: escaped for HTML, without control characters and without
//!   the invisible characters that turn the direction of text. A template cannot forget it, and `|safe` is not used.
//! - A link or form target that an endpoint gives as local stays on this host ([`links`]).
//! - No page needs JavaScript, and no page has an inline script or an inline style, so that the policy
//!   `default-src 'none'; style-src 'self'; img-src 'self'` is enough for each of them. Where passkeys are offered, which
//!   browsers give to scripts only, one script of ours from this host adds them.
//!   A page that tells clients of a sign-out has such a script, and frames of just those clients, besides.
//! - Every text exists in every language, with the same placeholders. A missing one fails a test, and at run time it
//!   is an error and never an empty label.

mod access_words;
pub mod account;
pub mod account_care;
pub mod account_consents;
pub mod account_contact;
pub mod account_details;
pub mod account_devices;
pub mod account_emergency;
pub mod account_family;
pub mod account_history;
pub mod account_log;
pub mod account_password;
pub mod account_places;
pub mod account_profile;
pub mod account_services;
pub mod account_trusted;
pub mod api;
pub mod assets;
pub mod backchannel;
pub mod backchannel_code;
pub mod check_session;
pub mod consent;
mod details;
pub mod device;
pub mod enrol_totp;
pub mod error;
pub mod escape;
pub mod form_post;
pub mod language;
pub mod letter;
pub mod links;
pub mod recover;
pub mod recover_family;
pub mod recovery_codes;
pub mod second_factor;
pub mod security;
pub mod set_password;
pub mod short;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
#[cfg(test)]
mod tests;
pub mod texts;
pub mod user_agent;
pub mod welcome;

pub use crate::access::{Action, Actions, Depth, Kind, Kinds, Purpose, Purposes};
pub use crate::consent::Level;
pub use crate::oauth::authorization_details::AuthorizationDetails;
pub use crate::staff::words::{OccupationCode, OrganisationKind};
pub use account::{Account, PersonDetails, Section, ToldLine};
pub use account_care::{
    AppointmentLine, CalendarState, Care, CareProblem, DoneLine, calendar_name, calendar_summary,
};
pub use account_consents::{
    Choice, ConfirmConsent, ConsentLine, ConsentNotice, ConsentProblem, ConsentReceipt, Consents,
    EmergencyLine, NewConsent, RuleLine, WardLine, WhoLine, Whose,
};
pub use account_contact::{ContactPage, Tick, TopicLine};
pub use account_details::{DetailsForm, DetailsProblem, FieldLine};
pub use account_devices::{Devices, SessionDetails};
pub use account_emergency::{DeclaredLine, Emergency, EmergencyNotice, EmergencyProblem, PlaceChoice};
pub use account_family::{FamilyNotice, FamilyPage, FamilyProblem, InvitationLine, SentLine, TieLine};
pub use account_history::{ChangeLine, DetailsHistory};
pub use account_log::{AccountLog, LogAction, LogActor, LogEntry};
pub use account_password::ChangePassword;
pub use account_places::{AtPlace, FindPlace, PlaceLine, PlaceProblem};
pub use account_profile::{KnownLine, Profile, ProfileNotice, ProfileProblem, TelephoneSection};
pub use account_services::{Application, Services};
pub use account_trusted::{AskedLine, PersonLine, TrustNotice, TrustProblem, TrustedPeople};
pub use assets::Assets;
pub use backchannel::{BackchannelNotice, BackchannelRequest, BackchannelRequests};
pub use backchannel_code::{BackchannelCode, BackchannelCodeProblem};
pub use check_session::CheckSession;
pub use consent::{Consent, ConsentClient, Papers};
pub use device::{DeviceAnswered, DeviceCode, DeviceConfirm, DeviceProblem};
pub use enrol_totp::EnrolTotp;
pub use error::{ErrorKind, ErrorPage};
pub use form_post::FormPost;
pub use language::Language;
pub use letter::{AppointmentChange, Content, Letter, Written};
pub use recover::{Recover, RecoverLink, RecoverProblem, RecoverSent};
pub use recover_family::{NewPassword, RecoverFamily, RecoverStop, Stage};
pub use recovery_codes::RecoveryCodes;
pub use second_factor::{SecondFactor, SecondFactorProblem};
pub use security::{FactorDetails, Security, SecurityNotice, factor_kind};
pub use set_password::{PasswordHint, PasswordProblem, PasswordRule, SetPassword, SetPasswordPurpose};
pub use short::code_message;
pub use sign_in::{SignIn, SignInProblem};
pub use sign_out::{SignOut, SignedOut};
pub use sign_up::{SignUp, SignUpBy, SignUpCode, SignUpCodeProblem, SignUpProblem};
pub use texts::{Moment, Texts, UnknownZone, Zone};
pub use welcome::Welcome;

/// What surrounds every page.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The name of the realm as its people know it, for example `けんこうクラウド`.
    pub realm_name: &'a str,
    /// Path and query, on this host, at which `GET` shows this page again, without `ui_locales`. The links that
    /// change the language add that parameter. For the answer to a `POST`: the address of the form that was posted.
    pub here: &'a str,
    /// Where a person who is stuck finds a human, as the operator wrote it: a telephone number, an office.
    pub help: Option<&'a str>,
}

impl Frame<'_> {
    #[expect(
        clippy::unused_self,
        reason = "the layout reaches what surrounds a page through this value"
    )]
    fn languages(&self) -> [Language; 2] {
        Language::ALL
    }
}

/// Where a form goes and what it carries unseen.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Path and query on this host. The method is always `POST`, the encoding `application/x-www-form-urlencoded`.
    pub action: &'a str,
    /// Sent as the field `csrf`.
    pub csrf: &'a str,
    /// Further hidden fields, name and value: the id of the interaction, a one-time token.
    pub hidden: &'a [(&'a str, &'a str)],
}

/// A service that a page names and may lead to.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// What people call it.
    pub name: &'a str,
    /// An `https` address, or `http` on loopback; anything else is not made a link.
    pub url: &'a str,
}

impl<'a> Link<'a> {
    /// Name and address, if the address may be a link.
    fn safe(self) -> Option<(&'a str, &'a str)> {
        links::external(self.url).map(|url| (self.name, url))
    }
}

/// A page could not be rendered: a text is missing or its arguments do not fit. Tests keep this from happening.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be rendered")]
pub struct RenderError(#[from] askama::Error);

/// Ties a view to its template. In the template `v` is the view and `t` the texts.
macro_rules! page {
    ($view:ident, $path:literal) => {
        const _: () = {
            #[derive(askama::Template)]
            #[template(path = $path)]
            struct Page<'a> {
                v: &'a $view<'a>,
                t: &'a $crate::pages::Texts,
            }

            impl $view<'_> {
                /// The whole HTML document, in the language of `texts`.
                pub fn render(
                    &self,
                    texts: &$crate::pages::Texts,
                ) -> Result<String, $crate::pages::RenderError> {
                    Ok(askama::Template::render(&Page { v: self, t: texts })?)
                }
            }
        };
    };
}
use page;
