//! What staff do for somebody: appointments, what was done, and the calendar of them.

use super::account::Section;
use super::{Form, Frame, Moment, RenderError, Texts, links, page};
use crate::staff::words::EncounterKind;

/// The page of appointments and of what was done.
#[derive(Debug, Clone, Copy)]
pub struct Care<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Why nothing was done.
    pub problem: Option<CareProblem>,
    /// What the reader has before them, in the order of time.
    pub coming: &'a [AppointmentLine<'a>],
    /// Where the reader is expected, as staff.
    pub expected: &'a [AppointmentLine<'a>],
    /// What was done for the reader, the latest first.
    pub done: &'a [DoneLine<'a>],
    /// Local address of what was done before, if there is more.
    pub older: Option<&'a str>,
    /// Whether what is shown of it is the latest.
    pub newest: bool,
    /// The calendar.
    pub calendar: CalendarState<'a>,
    /// Whether the sign-in is too long ago to turn it on without the password, field `current`.
    pub ask_password: bool,
    /// Turns it on, or gives it another address.
    pub turn_on: Form<'a>,
    /// Turns it off.
    pub turn_off: Form<'a>,
}

/// A time of an appointment.
#[derive(Debug, Clone, Copy)]
pub struct AppointmentLine<'a> {
    /// From when.
    pub at: Moment,
    /// How long, in minutes.
    pub minutes: u64,
    /// How they meet.
    pub kind: EncounterKind,
    /// Where.
    pub place: &'a str,
    /// Who the other one is.
    pub who: Option<&'a str>,
    /// What is said about it.
    pub note: Option<&'a str>,
    /// Whether it was cancelled.
    pub cancelled: bool,
}

/// Something that was done, in one version.
#[derive(Debug, Clone, Copy)]
pub struct DoneLine<'a> {
    /// When.
    pub at: Moment,
    /// How they met.
    pub kind: EncounterKind,
    /// Where.
    pub place: &'a str,
    /// By whom.
    pub who: Option<&'a str>,
    /// What was done and found.
    pub note: Option<&'a str>,
    /// When it was written anew and why, if it was.
    pub corrected: Option<(Moment, &'a str)>,
    /// Whether a later version stands.
    pub replaced: bool,
}

/// How it stands with the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarState<'a> {
    /// It is off.
    Off,
    /// It was just turned off.
    JustOff,
    /// It is on.
    On,
    /// It was just turned on: its address, which is shown this once.
    JustOn(&'a str),
}

impl CalendarState<'_> {
    fn is_on(&self) -> bool {
        matches!(self, Self::On | Self::JustOn(_))
    }
}

/// Why the calendar was not turned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CareProblem {
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

impl CareProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

impl AppointmentLine<'_> {
    fn what(&self, texts: &Texts) -> Result<String, askama::Error> {
        words(self.kind, texts)
    }

    fn length(&self, texts: &Texts) -> Result<String, askama::Error> {
        texts.with("care-minutes", "minutes", self.minutes.to_string())
    }
}

impl DoneLine<'_> {
    fn what(&self, texts: &Texts) -> Result<String, askama::Error> {
        words(self.kind, texts)
    }
}

fn words(kind: EncounterKind, texts: &Texts) -> Result<String, askama::Error> {
    match kind {
        EncounterKind::Visit => texts.say("encounter-visit"),
        EncounterKind::Telephone => texts.say("encounter-telephone"),
        EncounterKind::Video => texts.say("encounter-video"),
        EncounterKind::Message => texts.say("encounter-message"),
        EncounterKind::Reception => texts.say("encounter-reception"),
        EncounterKind::Guidance => texts.say("encounter-guidance"),
        EncounterKind::Care => texts.say("encounter-care"),
        EncounterKind::Emergency => texts.say("encounter-emergency"),
        EncounterKind::Referral => texts.say("encounter-referral"),
        EncounterKind::Other => texts.say("encounter-other"),
    }
}

/// What an appointment is called in a calendar.
pub fn calendar_summary(texts: &Texts, kind: EncounterKind, place: &str) -> Result<String, RenderError> {
    let what = words(kind, texts)?;
    Ok(if place.is_empty() {
        what
    } else {
        format!("{what} ({place})")
    })
}

/// What the calendar itself is called.
pub fn calendar_name(texts: &Texts, realm: &str) -> Result<String, RenderError> {
    Ok(texts.with("care-calendar-name", "realm", realm)?)
}

page!(Care, "account_care.html");
