//! The page of a person's name, e-mail address and language.

use std::borrow::Borrow;

use super::account::Section;
use super::account_details::{label, value_words};
use super::{Form, Frame, Language, Texts, links, page};
use crate::people::Field;

/// The page of a person's name, e-mail address and language.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The full name, if one is known.
    pub name: Option<&'a str>,
    /// The login name.
    pub login: &'a str,
    /// What else is known.
    pub known: &'a [KnownLine<'a>],
    /// The telephone number, if one is known.
    pub telephone: Option<TelephoneSection<'a>>,
    /// The e-mail address, if one is known.
    pub email: Option<&'a str>,
    /// Whether the person has shown that it is theirs.
    pub verified: bool,
    /// Posts the fields `email` and, if [`Self::ask_password`], `current`.
    pub change: Form<'a>,
    /// What was typed before.
    pub typed: &'a str,
    /// Whether the sign-in is too long ago to change the address without the password.
    pub ask_password: bool,
    /// Posts the field `code`; there if a code was sent.
    pub confirm: Option<Form<'a>>,
    /// Whether this hub sends mail.
    pub mail: bool,
    /// Gives all that is kept. Posts, if [`Self::ask_password`], `current`.
    pub export: Form<'a>,
    /// Posts the field `language`.
    pub language: Form<'a>,
    /// The language that the person has chosen, if they have.
    pub chosen: Option<Language>,
    /// What is wrong with the last attempt.
    pub problem: Option<ProfileProblem>,
    /// What was just done.
    pub done: Option<ProfileNotice>,
}

/// Something that is known about the person.
#[derive(Debug, Clone, Copy)]
pub struct KnownLine<'a> {
    /// Which field; of an address or a name, its first part.
    pub field: Field,
    /// The value, composed of its parts.
    pub value: &'a str,
}

/// A telephone number and whether it is confirmed.
#[derive(Debug, Clone, Copy)]
pub struct TelephoneSection<'a> {
    /// The number.
    pub number: &'a str,
    /// Whether the person has shown that it is theirs.
    pub verified: bool,
    /// Sends a code to it; there if short messages reach it. Posts, if [`Profile::ask_password`], `current`.
    pub ask: Option<Form<'a>>,
    /// Posts the field `telephone_code`; there if a code was sent.
    pub confirm: Option<Form<'a>>,
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileProblem {
    /// This is no address.
    Address,
    /// The password is not right.
    Password,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The sign-in is too long ago, and there is no password to ask for.
    SignInAgain,
    /// The code is not right, or over.
    Code,
    /// The address is somebody else's, or was until too recently.
    Taken,
    /// The code from the message is not right, or over.
    TelephoneCode,
    /// The number is somebody else's, or was until too recently.
    TelephoneTaken,
    /// The message could not be sent.
    NotSent,
    /// Too much to do.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileNotice {
    /// A code was sent to the address.
    CodeSent,
    /// The address is confirmed.
    Confirmed,
    /// The details were kept.
    Details,
    /// A code was sent to the telephone.
    MessageSent,
    /// The telephone number is confirmed.
    TelephoneConfirmed,
    /// The language was kept.
    Language,
}

impl Profile<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problem.is_some_and(|problem| problem.field() == Some(field))
    }

    #[expect(
        clippy::unused_self,
        reason = "the template reaches the languages through this value"
    )]
    fn languages(&self) -> [Language; 2] {
        Language::ALL
    }

    fn speaks(&self, language: impl Borrow<Language>) -> bool {
        self.chosen == Some(*language.borrow())
    }
}

impl KnownLine<'_> {
    fn label(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self.field {
            Field::FamilyNameKana => texts.say("field-kana"),
            Field::PostalCode => texts.say("field-address"),
            field => label(field, texts),
        }
    }

    fn words(&self, texts: &Texts) -> Result<String, askama::Error> {
        value_words(self.field, self.value, texts)
    }
}

impl ProfileNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::CodeSent => texts.say("profile-code-sent"),
            Self::Confirmed => texts.say("profile-confirmed"),
            Self::Details => texts.say("details-saved"),
            Self::MessageSent => texts.say("telephone-code-sent"),
            Self::TelephoneConfirmed => texts.say("telephone-confirmed"),
            Self::Language => texts.say("profile-language-kept"),
        }
    }
}

impl ProfileProblem {
    /// The id of the field to put right.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::Address | Self::Taken => Some("email"),
            Self::Password => Some("current"),
            Self::Code => Some("code"),
            Self::TelephoneCode => Some("telephone_code"),
            Self::TelephoneTaken
            | Self::NotSent
            | Self::Wait { .. }
            | Self::SignInAgain
            | Self::Busy { .. } => None,
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Address => texts.say("profile-not-an-address"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Code => texts.say("profile-code-wrong"),
            Self::Taken => texts.say("profile-taken"),
            Self::TelephoneCode => texts.say("telephone-code-wrong"),
            Self::TelephoneTaken => texts.say("telephone-taken"),
            Self::NotSent => texts.say("telephone-not-sent"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(Profile, "account_profile.html");
