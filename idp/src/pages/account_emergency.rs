//! Staff of medicine declare an emergency, to see what nobody allowed them (requirement H5.3).

use super::account::Section;
use super::{Form, Frame, Moment, Texts, links, page};

/// The page of emergencies.
#[derive(Debug, Clone, Copy)]
pub struct Emergency<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What was just done.
    pub done: Option<EmergencyNotice>,
    /// Why nothing was done.
    pub problem: Option<EmergencyProblem>,
    /// Whether the sign-in is too long ago to declare one without the password, field `current`.
    pub ask_password: bool,
    /// Where the reader works in an occupation of medicine.
    pub places: &'a [PlaceChoice<'a>],
    /// Declares one. Posts `person`, `place` and `reason`.
    pub declare: Form<'a>,
    /// Those that are not over.
    pub declared: &'a [DeclaredLine<'a>],
    /// Ends one. Posts `emergency`.
    pub end: Form<'a>,
}

/// An organisation to choose.
#[derive(Debug, Clone, Copy)]
pub struct PlaceChoice<'a> {
    /// Posted.
    pub value: &'a str,
    /// What it is called.
    pub name: &'a str,
}

/// An emergency that is not over.
#[derive(Debug, Clone, Copy)]
pub struct DeclaredLine<'a> {
    /// Posted back.
    pub id: &'a str,
    /// Whom it is about.
    pub name: &'a str,
    /// When it is over.
    pub until: Moment,
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyNotice {
    /// One was declared.
    Declared,
    /// One was ended.
    Ended,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyProblem {
    /// The reason says nothing.
    Reason,
    /// Nobody has this number, or nobody else.
    Person,
    /// The reader does not work there in an occupation of medicine.
    Occupation,
    /// Neither a contract nor the realm lets the organisation.
    Organisation,
    /// Too many were declared.
    TooMany,
    /// It is over already.
    Over,
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

impl EmergencyNotice {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Declared => texts.say("emergency-declared"),
            Self::Ended => texts.say("emergency-ended"),
        }
    }
}

impl EmergencyProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Reason => texts.say("emergency-no-reason"),
            Self::Person => texts.say("emergency-no-person"),
            Self::Occupation => texts.say("emergency-no-occupation"),
            Self::Organisation => texts.say("emergency-no-organisation"),
            Self::TooMany => texts.say("emergency-too-many"),
            Self::Over => texts.say("emergency-over"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(Emergency, "account_emergency.html");
