//! The page of the people whom somebody trusts, and of those who trust them.

use super::account::Section;
use super::{Form, Frame, Texts, links, page};

/// The page of trust.
#[derive(Debug, Clone, Copy)]
pub struct TrustedPeople<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What was just done.
    pub done: Option<TrustNotice>,
    /// What is wrong with the last attempt.
    pub problem: Option<TrustProblem>,
    /// Whether the sign-in is too long ago to change anything without the password, field `current`.
    pub ask_password: bool,
    /// A recovery of the reader's own account that can be stopped.
    pub stop: Option<Form<'a>>,
    /// People who wait for the reader's help. Posts the fields `recovery` and `code`.
    pub asked: &'a [AskedLine<'a>],
    /// Confirms for one of them.
    pub help: Form<'a>,
    /// People who accepted the reader's trust.
    pub trusted: &'a [PersonLine<'a>],
    /// Ends it. Posts the field `person`.
    pub remove: Form<'a>,
    /// Names somebody. Posts the field `login`.
    pub name: Form<'a>,
    /// People who would like to trust the reader.
    pub invited: &'a [PersonLine<'a>],
    /// Accepts. Posts the field `person`.
    pub accept: Form<'a>,
    /// People whose trust the reader has accepted.
    pub trusting: &'a [PersonLine<'a>],
    /// Declines, or ends it. Posts the field `person`.
    pub decline: Form<'a>,
}

/// Somebody.
#[derive(Debug, Clone, Copy)]
pub struct PersonLine<'a> {
    /// Posted back.
    pub id: &'a str,
    /// What they are called.
    pub name: &'a str,
}

/// Somebody who waits for the reader's help.
#[derive(Debug, Clone, Copy)]
pub struct AskedLine<'a> {
    /// Posted back.
    pub recovery: &'a str,
    /// Who seems to ask.
    pub name: &'a str,
    /// Whether the reader has confirmed it.
    pub confirmed: bool,
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustNotice {
    /// Somebody was named, if there is such a person.
    Named,
    /// Trust was accepted.
    Accepted,
    /// Trust was ended, or declined.
    Ended,
    /// A recovery was confirmed.
    Confirmed,
    /// A recovery of the reader's own was stopped.
    Stopped,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustProblem {
    /// Nobody can have this login name.
    Login,
    /// The password is not right.
    Password,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The sign-in is too long ago, and there is no password to ask for.
    SignInAgain,
    /// The code is not the one that was read.
    Code,
    /// There is nothing to confirm any more.
    Nothing,
    /// Whoever confirms is whoever asks.
    Own,
    /// Too much to do.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

impl TrustNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Named => texts.say("trust-named"),
            Self::Accepted => texts.say("trust-accepted"),
            Self::Ended => texts.say("trust-ended"),
            Self::Confirmed => texts.say("trust-confirmed"),
            Self::Stopped => texts.say("stop-done"),
        }
    }
}

impl TrustProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Login => texts.say("trust-login-wrong"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Code => texts.say("trust-code-wrong"),
            Self::Nothing => texts.say("trust-nothing"),
            Self::Own => texts.say("trust-own"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(TrustedPeople, "account_trusted.html");
