//! The page on which a person chooses a password, reached by a one-time link.

use super::{Form, Frame, page};

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
    /// The least number of characters.
    pub min_length: u32,
    /// The greatest number of characters.
    pub max_length: u32,
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

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    /// Fewer characters than `min_length`.
    TooShort,
    /// More characters than `max_length`.
    TooLong,
    /// One of those that everybody tries first.
    TooCommon,
    /// Contains the login name.
    ContainsLogin,
    /// The two entries differ.
    Mismatch,
    /// The queue of password checks is full.
    Busy,
}

impl SetPassword<'_> {
    fn password_wrong(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| !matches!(problem, PasswordProblem::Mismatch | PasswordProblem::Busy))
    }

    fn repeat_wrong(&self) -> bool {
        self.problems.contains(&PasswordProblem::Mismatch)
    }
}

page!(SetPassword, "set_password.html");
