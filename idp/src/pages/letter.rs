//! The letters that the hub sends: a subject, a text, and the same as HTML without anything from elsewhere.
//!
//! What people call themselves stands in letters to others, so a name may be neither long nor an address that a mail
//! program would make a link of.

use askama::Template;

use super::{Moment, RenderError, Texts};
use crate::notices::Notice;

/// Characters of a name that a letter shows.
const NAME: usize = 60;

/// A letter to one person.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The name of the realm, which signs.
    pub realm_name: &'a str,
    /// What the reader is called, if that is known.
    pub to: Option<&'a str>,
    /// The reader's account page.
    pub account_url: &'a str,
    /// When what it tells of happened.
    pub at: Moment,
    /// What it says.
    pub content: Content<'a>,
}

/// What a letter says.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// Something happened.
    Notice {
        /// What.
        notice: &'a Notice,
        /// What can be done about it, if there is more than the account page.
        link: Option<&'a str>,
    },
    /// A code that shows that an address is the reader's.
    ConfirmAddress {
        /// The code.
        code: &'a str,
        /// How long it works.
        minutes: u64,
    },
    /// A code that shows that an address is that of whoever wants an account.
    SignUp {
        /// The code.
        code: &'a str,
        /// How long it works.
        minutes: u64,
    },
    /// Somebody wants an account with an address that has one.
    SignUpKnown {
        /// The page of sign-in.
        url: &'a str,
    },
    /// What an organisation writes to those who want to hear of it.
    Message {
        /// The subject.
        subject: &'a str,
        /// The text.
        text: &'a str,
    },
    /// An appointment of the reader's was made or changed.
    Appointment {
        /// How.
        change: AppointmentChange,
        /// Where it is.
        place: &'a str,
        /// The page on which it stands.
        url: &'a str,
    },
    /// A link by which the reader sets a new password.
    Recovery {
        /// The link.
        url: &'a str,
        /// How long it works.
        minutes: u64,
    },
}

/// What became of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentChange {
    /// It was made.
    Made,
    /// A time of it moved, or somebody else is expected.
    Moved,
    /// It was cancelled, as a whole or in part.
    Cancelled,
}

impl AppointmentChange {
    /// It names no place: where somebody goes tells of their health, and a subject is read by more than them.
    fn subject(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Made => texts.say("letter-appointment-made"),
            Self::Moved => texts.say("letter-appointment-moved"),
            Self::Cancelled => texts.say("letter-appointment-cancelled"),
        }
    }
}

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject: one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The text as HTML.
    pub html: String,
}

/// What the templates show.
struct Sheet<'a> {
    letter: &'a Letter<'a>,
    realm: String,
    greeting: String,
    subject: String,
    what: String,
    code: Option<&'a str>,
    link: Option<&'a str>,
    closing: Option<String>,
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Plain<'a> {
    s: &'a Sheet<'a>,
    t: &'a Texts,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Marked<'a> {
    s: &'a Sheet<'a>,
    t: &'a Texts,
}

impl Content<'_> {
    /// A stable name, for rows of the log and of the outbox.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Notice { notice, .. } => notice.name(),
            Self::ConfirmAddress { .. } => "confirm-address",
            Self::Message { .. } => "message",
            Self::Recovery { .. } => "recovery",
            Self::SignUp { .. } => "sign-up",
            Self::SignUpKnown { .. } => "sign-up-known",
            Self::Appointment { .. } => "appointment",
        }
    }
}

impl Letter<'_> {
    /// Writes it in the language of `texts`.
    pub fn write(&self, texts: &Texts) -> Result<Written, RenderError> {
        let sheet = self.sheet(texts)?;
        let text = Plain { s: &sheet, t: texts }.render()?;
        let html = Marked { s: &sheet, t: texts }.render()?;
        // A mail's lines end with CR LF (RFC 5322 §2.3), and none of ours is written by whoever is named in it.
        let crlf = |text: String| {
            text.lines()
                .fold(String::new(), |lines, line| lines + line.trim_end() + "\r\n")
        };
        Ok(Written {
            subject: sheet.subject,
            text: crlf(text),
            html: crlf(html),
        })
    }

    fn sheet<'s>(&'s self, texts: &Texts) -> Result<Sheet<'s>, askama::Error> {
        let realm = quiet(self.realm_name);
        let sheet = Sheet {
            letter: self,
            greeting: match self.to {
                Some(name) => texts.with("letter-greeting", "name", quiet(name))?,
                None => texts.with("letter-greeting-nobody", "realm", &realm)?,
            },
            subject: String::new(),
            what: String::new(),
            code: None,
            link: None,
            closing: None,
            realm,
        };
        Ok(match self.content {
            Content::Notice { notice, link } => Sheet {
                subject: line(notice, texts)?,
                what: meaning(notice, texts)?,
                link: Some(link.unwrap_or(self.account_url)),
                closing: Some(texts.say("letter-not-you")?),
                ..sheet
            },
            Content::ConfirmAddress { code, minutes } => Sheet {
                subject: texts.with("letter-confirm-subject", "realm", &sheet.realm)?,
                what: texts.count("letter-confirm-what", "minutes", minutes)?,
                code: Some(code),
                closing: Some(texts.say("letter-confirm-not-you")?),
                ..sheet
            },
            Content::SignUp { code, minutes } => Sheet {
                subject: texts.with("letter-confirm-subject", "realm", &sheet.realm)?,
                what: texts.count("letter-sign-up-what", "minutes", minutes)?,
                code: Some(code),
                closing: Some(texts.say("letter-sign-up-not-you")?),
                ..sheet
            },
            Content::SignUpKnown { url } => Sheet {
                subject: texts.with("letter-sign-up-known-subject", "realm", &sheet.realm)?,
                what: texts.say("letter-sign-up-known-what")?,
                link: Some(url),
                closing: Some(texts.say("letter-sign-up-known-not-you")?),
                ..sheet
            },
            Content::Message { subject, text } => Sheet {
                subject: subject.to_owned(),
                what: text.to_owned(),
                link: Some(self.account_url),
                closing: Some(texts.say("letter-message-stop")?),
                ..sheet
            },
            Content::Appointment { change, place, url } => Sheet {
                subject: change.subject(texts)?,
                what: texts.with("letter-appointment-what", "place", quiet(place))?,
                link: Some(url),
                closing: Some(texts.say("letter-message-stop")?),
                ..sheet
            },
            Content::Recovery { url, minutes } => Sheet {
                subject: texts.with("letter-recovery-subject", "realm", &sheet.realm)?,
                what: texts.count("letter-recovery-what", "minutes", minutes)?,
                link: Some(url),
                closing: Some(texts.say("letter-recovery-not-you")?),
                ..sheet
            },
        })
    }
}

/// A notice in one line: the subject of its letter, and what stands on the account page.
pub(super) fn line(notice: &Notice, texts: &Texts) -> Result<String, askama::Error> {
    match notice {
        Notice::PasswordChanged => texts.say("notice-password-changed"),
        Notice::NewDevice { .. } => texts.say("notice-new-device"),
        Notice::FactorAdded { name } => texts.with("notice-factor-added", "name", quiet(name)),
        Notice::FactorRemoved { name } => texts.with("notice-factor-removed", "name", quiet(name)),
        Notice::FactorsReset => texts.say("notice-factors-reset"),
        Notice::RecoveryCodesMade => texts.say("notice-recovery-codes-made"),
        Notice::RecoveryCodeUsed => texts.say("notice-recovery-code-used"),
        Notice::EmailConfirmed => texts.say("notice-email-confirmed"),
        Notice::EmailReplaced => texts.say("notice-email-replaced"),
        Notice::TelephoneConfirmed => texts.say("notice-telephone-confirmed"),
        Notice::CalendarOn => texts.say("notice-calendar-on"),
        Notice::ProfileChanged => texts.say("notice-profile-changed"),
        Notice::RecoveryBegun => texts.say("notice-recovery-begun"),
        Notice::RecoveryDone => texts.say("notice-recovery-done"),
        Notice::FamilyAsked => texts.say("notice-family-asked"),
        Notice::FamilyConfirmed => texts.say("notice-family-confirmed"),
        Notice::FamilyCancelled => texts.say("notice-family-cancelled"),
        Notice::FamilyDone => texts.say("notice-family-done"),
        Notice::TrustedNamed { name } => texts.with("notice-trusted-named", "name", quiet(name)),
        Notice::TrustedAccepted { name } => texts.with("notice-trusted-accepted", "name", quiet(name)),
        Notice::TrustedRemoved { name } => texts.with("notice-trusted-removed", "name", quiet(name)),
        Notice::TrustInvited { name } => texts.with("notice-trust-invited", "name", quiet(name)),
        Notice::TieInvited { name } => texts.with("notice-tie-invited", "name", quiet(name)),
        Notice::TieAccepted { name } => texts.with("notice-tie-accepted", "name", quiet(name)),
        Notice::TieBegun { name } => texts.with("notice-tie-begun", "name", quiet(name)),
        Notice::TieEnded { name } => texts.with("notice-tie-ended", "name", quiet(name)),
        Notice::GuardianSet { name } => texts.with("notice-guardian-set", "name", quiet(name)),
        Notice::GuardianOf { name } => texts.with("notice-guardian-of", "name", quiet(name)),
        Notice::EmergencyDeclared { name } => texts.with("notice-emergency", "name", quiet(name)),
        Notice::EmergencyAt { name } => texts.with("notice-emergency-at", "name", quiet(name)),
        Notice::ConsentByService { name } => texts.with("notice-consent-by-service", "name", quiet(name)),
        Notice::WithdrawnByService { name } => texts.with("notice-withdrawn-by-service", "name", quiet(name)),
        Notice::HelpAsked { name } => texts.with("notice-help-asked", "name", quiet(name)),
    }
}

/// What a notice means and asks for.
fn meaning(notice: &Notice, texts: &Texts) -> Result<String, askama::Error> {
    match notice {
        Notice::PasswordChanged => texts.say("notice-password-changed-what"),
        Notice::NewDevice { device, address } => {
            let unknown = texts.say("account-unknown")?;
            let said = |text: &Option<String>| text.as_deref().map_or_else(|| unknown.clone(), quiet);
            let device = texts.with("notice-new-device-what", "device", said(device))?;
            let from = texts.with(
                "notice-new-device-from",
                "address",
                address.as_deref().unwrap_or(&unknown),
            )?;
            Ok(format!("{device}\n{from}"))
        }
        Notice::FactorAdded { .. } => texts.say("notice-factor-added-what"),
        Notice::FactorRemoved { .. } => texts.say("notice-factor-removed-what"),
        Notice::FactorsReset => texts.say("notice-factors-reset-what"),
        Notice::RecoveryCodesMade => texts.say("notice-recovery-codes-made-what"),
        Notice::RecoveryCodeUsed => texts.say("notice-recovery-code-used-what"),
        Notice::EmailConfirmed => texts.say("notice-email-confirmed-what"),
        Notice::EmailReplaced => texts.say("notice-email-replaced-what"),
        Notice::TelephoneConfirmed => texts.say("notice-telephone-confirmed-what"),
        Notice::CalendarOn => texts.say("notice-calendar-on-what"),
        Notice::ProfileChanged => texts.say("notice-profile-changed-what"),
        Notice::RecoveryBegun => texts.say("notice-recovery-begun-what"),
        Notice::RecoveryDone => texts.say("notice-recovery-done-what"),
        Notice::FamilyAsked => texts.say("notice-family-asked-what"),
        Notice::FamilyConfirmed => texts.say("notice-family-confirmed-what"),
        Notice::FamilyCancelled => texts.say("notice-family-cancelled-what"),
        Notice::FamilyDone => texts.say("notice-family-done-what"),
        Notice::TrustedNamed { .. } | Notice::TrustedAccepted { .. } | Notice::TrustedRemoved { .. } => {
            texts.say("notice-trusted-what")
        }
        Notice::TrustInvited { .. } => texts.say("notice-trust-invited-what"),
        Notice::TieInvited { .. } => texts.say("notice-tie-invited-what"),
        Notice::TieAccepted { .. } | Notice::TieBegun { .. } | Notice::TieEnded { .. } => {
            texts.say("notice-tie-what")
        }
        Notice::GuardianSet { .. } | Notice::GuardianOf { .. } => texts.say("notice-guardian-what"),
        Notice::EmergencyDeclared { .. } => texts.say("notice-emergency-what"),
        Notice::EmergencyAt { .. } => texts.say("notice-emergency-at-what"),
        Notice::ConsentByService { .. } | Notice::WithdrawnByService { .. } => {
            texts.say("notice-consent-by-service-what")
        }
        Notice::HelpAsked { .. } => texts.say("notice-help-asked-what"),
    }
}

/// A name that is no more than one: one line, not long, and nothing that a mail program makes a link of.
pub(super) fn quiet(name: &str) -> String {
    let mut said = String::new();
    let mut characters = name.chars().take(NAME).peekable();
    while let Some(character) = characters.next() {
        let ends = characters.peek().is_none_or(|next| next.is_whitespace());
        said.push(match character {
            character if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => ' ',
            '\u{61C}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}' => {
                continue;
            }
            '/' | '\\' | ':' | '@' | '<' | '>' | '[' | ']' | '{' | '}' => ' ',
            '.' if !ends => ' ',
            other => other,
        });
    }
    said.trim().to_owned()
}

#[cfg(test)]
mod tests;
