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
    /// Passwords that could be guessed are refused.
    NotGuessable,
    /// Passwords known from breaches are refused.
    NotBreached,
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
    /// It could be guessed.
    Guessable(PasswordHint),
    /// It is known from breaches.
    Breached,
    /// Contains the login name.
    ContainsLogin,
    /// The two entries differ.
    Mismatch,
    /// The present password is not right.
    CurrentWrong,
    /// The code of the second factor is not right.
    CodeWrong,
    /// The sign-in is too long ago, and there is no password to ask for.
    SignInAgain,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The queue of password checks is full.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordHint {
    /// It is one of those that everybody tries first, or nearly one.
    Common,
    /// Keys that lie side by side.
    Keyboard,
    /// One character or group again and again.
    Repeated,
    /// Such as abc or 6543.
    Sequence,
    /// A date or a year.
    Date,
    /// Names, or the person's own data.
    Name,
    /// A word by itself, or too few of them.
    Words,
}

impl SetPassword<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field() == Some(field))
    }
}

impl PasswordRule {
    pub(super) fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::MinLength(length) => texts.count("password-rule-min", "length", u64::from(length)),
            Self::MaxLength(length) => texts.count("password-rule-max", "length", u64::from(length)),
            Self::NotGuessable => texts.say("password-rule-guessable"),
            Self::NotBreached => texts.say("password-rule-breached"),
            Self::NotLogin => texts.say("password-rule-login"),
        }
    }
}

impl PasswordProblem {
    /// The id of the field to put right.
    pub(super) fn field(self) -> Option<&'static str> {
        match self {
            Self::TooShort { .. }
            | Self::TooLong { .. }
            | Self::Guessable(_)
            | Self::Breached
            | Self::ContainsLogin => Some("password"),
            Self::Mismatch => Some("password-again"),
            Self::CurrentWrong => Some("current"),
            Self::CodeWrong => Some("code"),
            Self::SignInAgain | Self::Wait { .. } | Self::Busy { .. } => None,
        }
    }

    pub(super) fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::TooShort { min } => texts.count("password-too-short", "length", u64::from(min)),
            Self::TooLong { max } => texts.count("password-too-long", "length", u64::from(max)),
            Self::Guessable(hint) => hint.words(texts),
            Self::Breached => texts.say("password-breached"),
            Self::ContainsLogin => texts.say("password-contains-login"),
            Self::Mismatch => texts.say("password-mismatch"),
            Self::CurrentWrong => texts.say("password-current-wrong"),
            Self::CodeWrong => texts.say("password-code-wrong"),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

impl PasswordHint {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Common => texts.say("password-hint-common"),
            Self::Keyboard => texts.say("password-hint-keyboard"),
            Self::Repeated => texts.say("password-hint-repeated"),
            Self::Sequence => texts.say("password-hint-sequence"),
            Self::Date => texts.say("password-hint-date"),
            Self::Name => texts.say("password-hint-name"),
            Self::Words => texts.say("password-hint-words"),
        }
    }
}

page!(SetPassword, "set_password.html");
