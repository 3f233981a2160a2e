//! The pages on which people make an account for themselves.

use super::set_password::{PasswordProblem, PasswordRule};
use super::{Form, Frame, Texts, links, page};

/// The page on which somebody says who they are and chooses a password.
#[derive(Debug, Clone, Copy)]
pub struct SignUp<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `login`, `name`, `password` and `password_again`.
    pub form: Form<'a>,
    /// By what an account is known here.
    pub by: SignUpBy,
    /// What was typed before, or the `login_hint` of the request; empty if neither.
    pub login: &'a str,
    /// The full name that was typed before.
    pub name: &'a str,
    /// The name of the relying party that the account is made for; `None` if the person came by themselves.
    pub client_name: Option<&'a str>,
    /// What is asked of the password; say only what is held.
    pub rules: &'a [PasswordRule],
    /// What is wrong with the last attempt; empty on the first.
    pub problems: &'a [SignUpProblem],
    /// Local address of the sign-in page for the same purpose.
    pub sign_in_url: &'a str,
}

/// By what an account is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpBy {
    /// An e-mail address.
    Address,
    /// An e-mail address, or a login name of one's own choice.
    AddressOrLogin,
    /// A login name of one's own choice.
    Login,
}

/// Why there is no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpProblem {
    /// What was typed is no e-mail address.
    Address,
    /// What was typed can be no login name.
    Login,
    /// No address can be shown to be anybody's here.
    Unconfirmable,
    /// The login name is somebody's.
    Taken,
    /// The full name cannot be one.
    Name,
    /// The password is not taken.
    Password(PasswordProblem),
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The form had been open for too long.
    Expired,
}

/// The page on which the code that was mailed is entered.
#[derive(Debug, Clone, Copy)]
pub struct SignUpCode<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `code`.
    pub form: Form<'a>,
    /// Where it was sent.
    pub address: &'a str,
    /// Local address of the page before.
    pub again_url: &'a str,
    /// What is wrong with the last attempt.
    pub problem: Option<SignUpCodeProblem>,
}

/// Why a code made no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpCodeProblem {
    /// It is not the one.
    Wrong,
    /// The address has become somebody's meanwhile, or was until too recently.
    Taken,
}

impl SignUp<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field() == Some(field))
    }
}

impl SignUpBy {
    fn label(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Address => texts.say("sign-up-address-label"),
            Self::AddressOrLogin => texts.say("sign-up-either-label"),
            Self::Login => texts.say("sign-up-login-label"),
        }
    }

    fn hint(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Address => texts.say("sign-up-address-hint"),
            Self::AddressOrLogin => texts.say("sign-up-either-hint"),
            Self::Login => texts.say("sign-up-login-hint"),
        }
    }
}

impl SignUpProblem {
    /// The id of the field to put right.
    fn field(self) -> Option<&'static str> {
        match self {
            Self::Address | Self::Login | Self::Unconfirmable | Self::Taken => Some("login"),
            Self::Name => Some("name"),
            Self::Password(problem) => problem.field(),
            Self::Wait { .. } | Self::Expired => None,
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Address => texts.say("sign-up-address-wrong"),
            Self::Login => texts.say("sign-up-login-wrong"),
            Self::Unconfirmable => texts.say("sign-up-unconfirmable"),
            Self::Taken => texts.say("sign-up-taken"),
            Self::Name => texts.say("sign-up-name-wrong"),
            Self::Password(problem) => problem.words(texts),
            Self::Wait { seconds } => texts.with("recover-wait", "wait", texts.wait(seconds)?),
            Self::Expired => texts.say("sign-in-expired-what"),
        }
    }
}

impl SignUpCodeProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Wrong => texts.say("sign-up-code-wrong"),
            Self::Taken => texts.say("sign-up-address-taken"),
        }
    }
}

page!(SignUp, "sign_up.html");
page!(SignUpCode, "sign_up_code.html");
