//! The pages of somebody who cannot get into their account any more.

use super::set_password::{PasswordProblem, PasswordRule};
use super::{Form, Frame, Texts, links, page};

/// The page on which somebody says who they are and how they want to get back in.
#[derive(Debug, Clone, Copy)]
pub struct Recover<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `name`, and `way`: `mail` or `family`.
    pub form: Form<'a>,
    /// What was typed before.
    pub typed: &'a str,
    /// Whether a link is mailed here.
    pub mail: bool,
    /// Whether people of trust can help here.
    pub family: bool,
    /// What is wrong with the last attempt.
    pub problem: Option<RecoverProblem>,
}

/// Why nothing was begun. Never tells whether there is such an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoverProblem {
    /// Nothing was typed, or nothing that a name could be.
    Name,
    /// The form had been open for too long.
    Expired,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
}

/// The one answer to everybody who asked for a mail.
#[derive(Debug, Clone, Copy)]
pub struct RecoverSent<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
}

/// The page that a link leads to: a new password, and a second factor from who has one.
#[derive(Debug, Clone, Copy)]
pub struct RecoverLink<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `code` (if [`Self::second`]), `password` and `password_again`.
    pub form: Form<'a>,
    /// Whose password it is.
    pub login: &'a str,
    /// Whether a second factor is asked for.
    pub second: bool,
    /// What is asked of the password; say only what is held.
    pub rules: &'a [PasswordRule],
    /// What is wrong with the last attempt; empty on the first.
    pub problems: &'a [PasswordProblem],
}

impl Recover<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problem.is_some_and(|problem| problem.field() == Some(field))
    }
}

impl RecoverProblem {
    /// The id of the field to put right.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::Expired | Self::Wait { .. } => None,
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Name => texts.say("recover-name-missing"),
            Self::Expired => texts.say("sign-in-expired-what"),
            Self::Wait { seconds } => texts.with("recover-wait", "wait", texts.wait(seconds)?),
        }
    }
}

impl RecoverLink<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field() == Some(field))
    }
}

page!(Recover, "recover.html");
page!(RecoverSent, "recover_sent.html");
page!(RecoverLink, "recover_link.html");
