//! The second step of a sign-in: a code by an app or from the list of recovery codes, or a passkey.

use super::{Form, Frame, Texts, links, page};

/// The second step in each of its states.
#[derive(Debug, Clone, Copy)]
pub struct SecondFactor<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `code`.
    pub form: Form<'a>,
    /// Whether the person has codes by an app.
    pub app: bool,
    /// Whether the person has recovery codes left.
    pub recovery: bool,
    /// Posts the fields `ceremony` and `credential`, which a script fills in; for who has a passkey.
    pub passkey: Option<Form<'a>>,
    /// The person is signed in, and a service asks for more.
    pub more: bool,
    /// Local address at which the sign-in begins anew.
    pub again_url: &'a str,
    /// What went wrong with the last attempt.
    pub problem: Option<SecondFactorProblem>,
}

/// Why the last attempt was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorProblem {
    /// The code was left empty.
    Missing,
    /// It is not one of the person's, or was used before.
    Wrong,
    /// The passkey was not taken.
    Passkey,
    /// Too many wrong codes.
    Throttled {
        /// Until the next one is looked at.
        seconds: u64,
    },
}

impl SecondFactor<'_> {
    fn codes(&self) -> bool {
        self.app || self.recovery
    }

    fn wrong(&self) -> bool {
        matches!(
            self.problem,
            Some(SecondFactorProblem::Missing | SecondFactorProblem::Wrong)
        )
    }
}

impl SecondFactorProblem {
    fn title(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Missing => texts.say("sign-in-missing-title"),
            Self::Wrong => texts.say("second-factor-wrong-title"),
            Self::Passkey => texts.say("passkey-wrong-title"),
            Self::Throttled { .. } => texts.say("sign-in-throttled-title"),
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Missing => texts.say("second-factor-missing"),
            Self::Wrong => texts.say("second-factor-wrong-what"),
            Self::Passkey => texts.say("passkey-wrong-what"),
            Self::Throttled { seconds } => {
                texts.with("second-factor-throttled-what", "wait", texts.wait(seconds)?)
            }
        }
    }
}

page!(SecondFactor, "second_factor.html");
