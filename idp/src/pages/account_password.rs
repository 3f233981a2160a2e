//! The page on which a person who is signed in changes their password.

use super::account::Section;
use super::set_password::{PasswordProblem, PasswordRule};
use super::{Form, Frame, links, page};

/// The page on which a password is changed.
#[derive(Debug, Clone, Copy)]
pub struct ChangePassword<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `login` (read-only, for password managers), `current`, `password` and `password_again`.
    pub form: Form<'a>,
    /// Whose password it is.
    pub login: &'a str,
    /// Whether there is one to be asked for.
    pub has_password: bool,
    /// What is asked of the password; say only what is held.
    pub rules: &'a [PasswordRule],
    /// What is wrong with the last attempt; empty on the first.
    pub problems: &'a [PasswordProblem],
    /// It was just changed.
    pub done: bool,
}

impl ChangePassword<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field() == Some(field))
    }
}

page!(ChangePassword, "account_password.html");
