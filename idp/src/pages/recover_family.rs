//! The pages of a recovery that people of trust confirm: for whoever began it, and for whoever stops it.

use super::set_password::{PasswordProblem, PasswordRule};
use super::{Form, Frame, Moment, links, page};

/// What the browser that began a recovery shows.
#[derive(Debug, Clone, Copy)]
pub struct RecoverFamily<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Where it stands.
    pub stage: Stage<'a>,
}

/// Where a recovery stands, for whoever began it. A name of nobody stays at the first.
#[derive(Debug, Clone, Copy)]
pub enum Stage<'a> {
    /// Two people are to be telephoned, and this code read to them.
    Asked {
        /// Six digits.
        code: &'a str,
    },
    /// They have confirmed; the delay runs.
    Waiting {
        /// Until then.
        opens_at: Moment,
    },
    /// A new password can be set.
    Open(NewPassword<'a>),
    /// It is over, stopped, or was never begun here.
    Ended,
}

/// The form of the last stage.
#[derive(Debug, Clone, Copy)]
pub struct NewPassword<'a> {
    /// Posts the fields `password` and `password_again`.
    pub form: Form<'a>,
    /// Whose password it is.
    pub login: &'a str,
    /// What is asked of the password; say only what is held.
    pub rules: &'a [PasswordRule],
    /// What is wrong with the last attempt; empty on the first.
    pub problems: &'a [PasswordProblem],
}

/// The page on which a recovery is stopped by a link.
#[derive(Debug, Clone, Copy)]
pub struct RecoverStop<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Stops it; `None` once it is stopped.
    pub form: Option<Form<'a>>,
}

impl NewPassword<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field() == Some(field))
    }
}

page!(RecoverFamily, "recover_family.html");
page!(RecoverStop, "recover_stop.html");
