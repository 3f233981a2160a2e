//! The page of the code with which a person lets themselves be asked by services (OpenID Connect CIBA 1.0 section 7.1).

use super::{Form, Frame, Texts, links, page};

/// "A code for requests."
#[derive(Debug, Clone, Copy)]
pub struct BackchannelCode<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the fields `code`, `code_again`, `current` and `decision`, which is `set` or `remove`.
    pub form: Form<'a>,
    /// Whether there is a code.
    pub has_code: bool,
    /// Whether the sign-in is too long ago to change anything without the password, field `current`.
    pub ask_password: bool,
    /// What is wrong with the last attempt.
    pub problem: Option<BackchannelCodeProblem>,
    /// It was just changed.
    pub done: bool,
    /// Local address of the requests.
    pub back_url: &'a str,
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackchannelCodeProblem {
    /// Too short, too long, or of other signs than letters and digits.
    Shape,
    /// One that everybody tries first.
    Guessable,
    /// The two entries differ.
    Mismatch,
    /// The password is not right.
    Password,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The sign-in is too long ago, and there is no password to ask for.
    SignInAgain,
    /// Too much to do.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

impl BackchannelCode<'_> {
    fn wrong(&self, field: &str) -> bool {
        self.problem.and_then(BackchannelCodeProblem::field) == Some(field)
    }
}

impl BackchannelCodeProblem {
    fn field(self) -> Option<&'static str> {
        match self {
            Self::Shape | Self::Guessable => Some("code"),
            Self::Mismatch => Some("code_again"),
            Self::Password => Some("current"),
            Self::Wait { .. } | Self::SignInAgain | Self::Busy { .. } => None,
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Shape => texts.say("requests-code-shape"),
            Self::Guessable => texts.say("requests-code-guessable"),
            Self::Mismatch => texts.say("requests-code-mismatch"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(BackchannelCode, "backchannel_code.html");
