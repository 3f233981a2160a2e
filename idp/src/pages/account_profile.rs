//! The page of a person's name, e-mail address and language.

use std::borrow::Borrow;

use super::account::Section;
use super::{Form, Frame, Language, Texts, links, page};

/// The page of a person's name, e-mail address and language.
#[derive(Debug, Clone, Copy)]
pub struct Profile<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The full name, if one is known.
    pub name: Option<&'a str>,
    /// The login name.
    pub login: &'a str,
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
    /// Posts the field `language`.
    pub language: Form<'a>,
    /// The language that the person has chosen, if they have.
    pub chosen: Option<Language>,
    /// What is wrong with the last attempt.
    pub problem: Option<ProfileProblem>,
    /// What was just done.
    pub done: Option<ProfileNotice>,
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

impl ProfileNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::CodeSent => texts.say("profile-code-sent"),
            Self::Confirmed => texts.say("profile-confirmed"),
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
            Self::Wait { .. } | Self::SignInAgain | Self::Busy { .. } => None,
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
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(Profile, "account_profile.html");
