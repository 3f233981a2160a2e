//! The page on which a person chooses a password, reached by a one-time link.

use super::{Form, Frame, Texts, links, page};

/// The page on which a password is chosen. The one-time token travels in `form.hidden`.
#[derive(Debug, Clone, Copy)]
pub struct SetPassword<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `login` (read-only, for password managers), `password` and `password_again`.
    pub form: Form<'a>,
    /// Whose password it is. Shown, not asked.
    pub login: &'a str,
    /// Why the person is here.
    pub purpose: SetPasswordPurpose,
    /// What is asked of the password; say only what is held.
    pub rules: &'a [PasswordRule],
    /// What is wrong with the last attempt; empty on the first.
    pub problems: &'a [PasswordProblem],
}

/// Why a password is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetPasswordPurpose {
    /// A new hub: its first administrator.
    FirstAdministrator,
    /// A new person's first password.
    NewAccount,
    /// A forgotten or compromised password is replaced.
    Reset,
}

/// One rule that a password must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRule {
    /// The least number of characters.
    MinLength(u32),
    /// The greatest number of characters.
    MaxLength(u32),
    /// Common passwords are refused.
    NotCommon,
    /// Passwords that contain the login name are refused.
    NotLogin,
}

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    /// Too few characters.
    TooShort {
        /// The least number of characters.
        min: u32,
    },
    /// Too many characters.
    TooLong {
        /// The greatest number of characters.
        max: u32,
    },
    /// One of those that everybody tries first.
    TooCommon,
    /// Contains the login name.
    ContainsLogin,
    /// The two entries differ.
    Mismatch,
    /// The queue of password checks is full.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

impl SetPassword<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field() == Some(field))
    }
}

impl PasswordRule {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::MinLength(length) => texts.count("password-rule-min", "length", u64::from(length)),
            Self::MaxLength(length) => texts.count("password-rule-max", "length", u64::from(length)),
            Self::NotCommon => texts.say("password-rule-common"),
            Self::NotLogin => texts.say("password-rule-login"),
        }
    }
}

impl PasswordProblem {
    /// The id of the field to put right.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::TooShort { .. } | Self::TooLong { .. } | Self::TooCommon | Self::ContainsLogin => {
                Some("password")
            }
            Self::Mismatch => Some("password-again"),
            Self::Busy { .. } => None,
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::TooShort { min } => texts.count("password-too-short", "length", u64::from(min)),
            Self::TooLong { max } => texts.count("password-too-long", "length", u64::from(max)),
            Self::TooCommon => texts.say("password-too-common"),
            Self::ContainsLogin => texts.say("password-contains-login"),
            Self::Mismatch => texts.say("password-mismatch"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(SetPassword, "set_password.html");
