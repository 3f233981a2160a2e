//! The account: one page a subject, and one navigation that leads to all of them. Its first page: who one is, and what was
//! told lately.

use std::borrow::Borrow;

use super::{Form, Frame, Moment, Texts, letter, links, page};
use crate::notices::Notice;

/// The pages of the account, in the order in which the navigation has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Who one is, and what was told lately.
    Overview,
    /// Name, e-mail address, language.
    Profile,
    /// The password.
    Password,
    /// Passkeys, apps and recovery codes.
    Factors,
    /// Who may do something for whom.
    Family,
    /// People who help to get back in.
    Trusted,
    /// Where one is signed in.
    Devices,
    /// Who receives what.
    Services,
    /// Appointments and what was done for one.
    Care,
    /// What one allows and forbids with one's data.
    Consents,
    /// What was done.
    Log,
}

/// The first page of the account of one person.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Who is signed in.
    pub person: PersonDetails<'a>,
    /// Ends this session. Posts the field `decision`, always `sign-out`.
    pub sign_out: Form<'a>,
    /// The newest things that the person was told, newest first.
    pub told: &'a [ToldLine<'a>],
    /// People who wait for an answer of the reader's: invitations to be trusted, and requests for help.
    pub asked: u64,
    /// Local address of what services ask by the back channel, if something waits there.
    pub requests_url: Option<&'a str>,
}

/// Something that the person was told.
#[derive(Debug, Clone, Copy)]
pub struct ToldLine<'a> {
    /// When.
    pub at: Moment,
    /// What.
    pub notice: &'a Notice,
}

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub struct PersonDetails<'a> {
    /// The full name, if one is known.
    pub name: Option<&'a str>,
    /// The login name.
    pub login: &'a str,
    /// The e-mail address, if one is known.
    pub email: Option<&'a str>,
    /// The number as it is stored, without separators; shown in groups of four.
    pub number: Option<&'a str>,
}

impl Section {
    const ALL: [Self; 11] = [
        Self::Overview,
        Self::Profile,
        Self::Password,
        Self::Factors,
        Self::Family,
        Self::Trusted,
        Self::Devices,
        Self::Services,
        Self::Care,
        Self::Consents,
        Self::Log,
    ];

    /// Its address.
    pub const fn url(self) -> &'static str {
        match self {
            Self::Overview => "/account",
            Self::Profile => "/account/profile",
            Self::Password => "/account/password",
            Self::Factors => "/account/security",
            Self::Family => "/account/family",
            Self::Trusted => "/account/trusted",
            Self::Devices => "/account/devices",
            Self::Services => "/account/services",
            Self::Care => "/account/care",
            Self::Consents => "/account/consents",
            Self::Log => "/account/log",
        }
    }

    pub(super) fn all() -> [Self; 11] {
        Self::ALL
    }

    pub(super) fn is(self, other: impl Borrow<Self>) -> bool {
        self == *other.borrow()
    }

    pub(super) fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Overview => texts.say("section-overview"),
            Self::Profile => texts.say("section-profile"),
            Self::Password => texts.say("section-password"),
            Self::Factors => texts.say("security-title"),
            Self::Family => texts.say("section-family"),
            Self::Trusted => texts.say("section-trusted"),
            Self::Devices => texts.say("section-devices"),
            Self::Services => texts.say("section-services"),
            Self::Care => texts.say("section-care"),
            Self::Consents => texts.say("section-consents"),
            Self::Log => texts.say("section-log"),
        }
    }
}

impl PersonDetails<'_> {
    fn greeting_name(&self) -> &str {
        self.name.unwrap_or(self.login)
    }

    /// A long number is read out loud in groups of four. One that holds anything but letters and digits was given its
    /// separators by whoever issued it.
    fn grouped_number(&self) -> Option<String> {
        self.number.map(|number| {
            if !number.chars().all(|character| character.is_ascii_alphanumeric()) {
                return number.to_owned();
            }
            let mut grouped = String::with_capacity(number.len() + number.len() / 4);
            for (position, character) in number.chars().enumerate() {
                if position > 0 && position % 4 == 0 {
                    grouped.push(' ');
                }
                grouped.push(character);
            }
            grouped
        })
    }
}

impl Account<'_> {
    fn asked_line(&self, texts: &Texts) -> Result<String, askama::Error> {
        texts.count("account-asked", "count", self.asked)
    }
}

impl ToldLine<'_> {
    fn line(&self, texts: &Texts) -> Result<String, askama::Error> {
        letter::line(self.notice, texts)
    }
}

page!(Account, "account.html");
