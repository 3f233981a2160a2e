//! The sign-in page: login name and password.

use super::{Form, Frame, page};

/// The sign-in page in each of its states.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `login` and `password`.
    pub form: Form<'a>,
    /// What was typed before, or the `login_hint` of the request; empty if neither.
    pub login: &'a str,
    /// The name of the relying party that asked for the sign-in; `None` if the person came by themselves.
    pub client_name: Option<&'a str>,
    /// The person has a session and must prove again that it is they (`prompt=login`, `max_age`).
    pub again: bool,
    /// What went wrong with the last attempt.
    pub problem: Option<SignInProblem>,
}

/// Why the last attempt did not sign anybody in. Never tells whether the login name exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// Login name and password do not belong together.
    WrongCredentials,
    /// The login name was left empty.
    LoginMissing,
    /// The password was left empty.
    PasswordMissing,
    /// Too many failures for this account or address.
    Throttled {
        /// Until the next attempt is taken.
        seconds: u64,
    },
    /// The queue of password checks is full.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
    /// The form had been open for too long; it was replaced by a fresh one.
    Expired,
}

impl SignIn<'_> {
    fn login_wrong(&self) -> bool {
        matches!(self.problem, Some(SignInProblem::WrongCredentials | SignInProblem::LoginMissing))
    }

    fn password_wrong(&self) -> bool {
        matches!(self.problem, Some(SignInProblem::WrongCredentials | SignInProblem::PasswordMissing))
    }
}

page!(SignIn, "sign_in.html");
