//! The sign-in page: login name and password.

use super::{Form, Frame, Texts, links, page};

/// The sign-in page in each of its states.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `login` and `password`.
    pub form: Form<'a>,
    /// Posts the fields `ceremony` and `credential`, which a script fills in; for who has a passkey. `None` where no
    /// browser has passkeys, as on an address that is no name.
    pub passkey: Option<Form<'a>>,
    /// What was typed before, or the `login_hint` of the request; empty if neither.
    pub login: &'a str,
    /// The name of the relying party that asked for the sign-in; `None` if the person came by themselves.
    pub client_name: Option<&'a str>,
    /// The person has a session and must prove again that it is they (`prompt=login`, `max_age`).
    pub again: bool,
    /// Local address of the page on which people make an account for themselves, where they may.
    pub sign_up_url: Option<&'a str>,
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
    /// The passkey was not taken.
    Passkey,
    /// The form had been open for too long; it was replaced by a fresh one.
    Expired,
}

impl SignIn<'_> {
    /// Whether the browser offers passkeys by itself. Not at once again after one was not taken.
    fn autofills(&self) -> bool {
        self.problem != Some(SignInProblem::Passkey)
    }

    fn wrong(&self, field: &str) -> bool {
        match self.problem {
            // Either may be wrong, and the page does not say which.
            Some(SignInProblem::WrongCredentials) => true,
            Some(problem) => problem.field() == Some(field),
            None => false,
        }
    }
}

impl SignInProblem {
    /// The id of the one field to put right.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::LoginMissing => Some("login"),
            Self::PasswordMissing => Some("password"),
            Self::WrongCredentials
            | Self::Throttled { .. }
            | Self::Busy { .. }
            | Self::Passkey
            | Self::Expired => None,
        }
    }

    fn title(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::WrongCredentials => texts.say("sign-in-wrong-title"),
            Self::LoginMissing | Self::PasswordMissing => texts.say("sign-in-missing-title"),
            Self::Throttled { .. } => texts.say("sign-in-throttled-title"),
            Self::Busy { .. } => texts.say("sign-in-busy-title"),
            Self::Passkey => texts.say("passkey-wrong-title"),
            Self::Expired => texts.say("sign-in-expired-title"),
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::WrongCredentials => texts.say("sign-in-wrong-what"),
            Self::LoginMissing => texts.say("sign-in-login-missing"),
            Self::PasswordMissing => texts.say("sign-in-password-missing"),
            Self::Throttled { seconds } => texts.with("sign-in-throttled-what", "wait", texts.wait(seconds)?),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
            Self::Passkey => texts.say("passkey-wrong-what"),
            Self::Expired => texts.say("sign-in-expired-what"),
        }
    }
}

page!(SignIn, "sign_in.html");
