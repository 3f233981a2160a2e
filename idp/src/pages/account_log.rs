//! What was done with what is one's own: the access log as the person reads it.

use super::access_words::kind;
use super::account::Section;
use super::{Frame, Kind, Moment, Texts, links, page};

/// A page of one person's rows of the access log.
#[derive(Debug, Clone, Copy)]
pub struct AccountLog<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// The rows, newest first.
    pub log: &'a [LogEntry<'a>],
    /// Local address of the rows before these, if there are any.
    pub older: Option<&'a str>,
    /// Whether these are the newest.
    pub newest: bool,
}

/// One row of the access log, as the person reads it.
#[derive(Debug, Clone, Copy)]
pub struct LogEntry<'a> {
    /// When.
    pub at: Moment,
    /// What.
    pub action: LogAction<'a>,
    /// Who did it.
    pub by: LogActor<'a>,
    /// Network address it came from.
    pub address: Option<&'a str>,
    /// It was tried and refused.
    pub refused: bool,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogActor<'a> {
    /// The reader.
    Reader,
    /// A service or another person, by name.
    Named(&'a str),
    /// The hub by itself, or whoever runs it.
    Hub,
}

/// What a row of the access log says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogAction<'a> {
    /// The person allowed or forbade something with their records.
    AccessAllowed,
    /// They took that back.
    AccessWithdrawn,
    /// Somebody who decides for them, or a service of theirs, looked at it.
    AccessRead,
    /// Somebody's look at a kind of their records was decided on.
    RecordsSeen(Kind),
    /// A service asked who may see them.
    AccessSearched,
    /// Somebody declared an emergency about them.
    EmergencyDeclared,
    /// Staff wrote down what they did for the person.
    ResponseWritten,
    /// Staff looked at what was done for the person.
    ResponsesRead,
    /// Sign-in, by whatever was shown.
    SignIn,
    /// The password was right, and another step follows.
    FirstStep,
    /// A second step.
    SecondStep,
    /// A factor was added.
    FactorAdded,
    /// A factor was removed.
    FactorRemoved,
    /// A factor got another name.
    FactorRenamed,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// All factors were removed by an administrator.
    FactorsReset,
    /// The list of factors was read.
    FactorsRead,
    /// Sign-in at a service by the session here.
    SingleSignOn,
    /// Sign-out.
    SignOut,
    /// A session was ended from the account page or by an administrator.
    SessionEnded,
    /// A service was told that a session has ended.
    ServiceTold,
    /// A service asked for an answer on another device.
    AnswerAsked,
    /// The answer was no.
    AnswerRefused,
    /// A service was told of the answer.
    AnswerTold,
    /// A grant was given.
    ConsentGiven,
    /// A grant was withdrawn.
    ConsentWithdrawn,
    /// A service received tokens.
    TokenIssued,
    /// A service renewed its tokens.
    TokenRefreshed,
    /// A service gave its tokens back, or they were revoked.
    TokenRevoked,
    /// A service asked what a key is worth.
    TokenChecked,
    /// A service read the profile.
    ProfileRead,
    /// The profile was changed.
    ProfileChanged,
    /// Details of the person were changed.
    DetailsChanged,
    /// Details of the person were read.
    DetailsRead,
    /// The person was found by a search.
    Searched,
    /// Somebody became family, or is no more.
    TieChanged,
    /// A guardian was set or removed.
    GuardianChanged,
    /// All that is kept about the person was exported.
    Exported,
    /// How the person may be reached was changed.
    ContactChanged,
    /// A message was written to the person.
    MessageWritten,
    /// A code was sent to the telephone.
    TelephoneAsked,
    /// A telephone number was confirmed.
    TelephoneConfirmed,
    /// Appointments were looked at.
    AppointmentsRead,
    /// One was made, moved or cancelled.
    AppointmentChanged,
    /// A calendar program read them.
    CalendarRead,
    /// The calendar was turned on or off.
    CalendarChanged,
    /// The password was set or changed.
    PasswordSet,
    /// The present password was asked for, to make sure that it is the person.
    PasswordChecked,
    /// An address was given, to be confirmed.
    EmailAsked,
    /// An address was confirmed.
    EmailConfirmed,
    /// Somebody asked for a way back into the account.
    RecoveryBegun,
    /// The account was recovered.
    RecoveryDone,
    /// Somebody asked the trusted people for a way back into the account.
    FamilyAsked,
    /// A trusted person confirmed that.
    FamilyConfirmed,
    /// It was stopped.
    FamilyCancelled,
    /// It was carried out.
    FamilyDone,
    /// The list of trusted people was changed.
    TrustedChanged,
    /// A mail was sent.
    MailSent,
    /// The account was created.
    AccountCreated,
    /// A page of the account was opened.
    AccountOpened,
    /// The log itself was read.
    LogRead,
    /// Any other action, by its name in the log.
    Other(&'a str),
}

impl LogEntry<'_> {
    fn what(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self.action {
            LogAction::SignIn => texts.say("log-sign-in"),
            LogAction::FirstStep => texts.say("log-first-step"),
            LogAction::SecondStep => texts.say("log-second-step"),
            LogAction::FactorAdded => texts.say("log-factor-added"),
            LogAction::FactorRemoved => texts.say("log-factor-removed"),
            LogAction::FactorRenamed => texts.say("log-factor-renamed"),
            LogAction::RecoveryCodesMade => texts.say("log-recovery-codes"),
            LogAction::FactorsReset => texts.say("log-factors-reset"),
            LogAction::FactorsRead => texts.say("log-factors-read"),
            LogAction::SingleSignOn => texts.say("log-single-sign-on"),
            LogAction::SignOut => texts.say("log-sign-out"),
            LogAction::SessionEnded => texts.say("log-session-ended"),
            LogAction::ServiceTold => texts.say("log-service-told"),
            LogAction::AnswerAsked => texts.say("log-answer-asked"),
            LogAction::AnswerRefused => texts.say("log-answer-refused"),
            LogAction::AnswerTold => texts.say("log-answer-told"),
            LogAction::ConsentGiven => texts.say("log-consent-given"),
            LogAction::ConsentWithdrawn => texts.say("log-consent-withdrawn"),
            LogAction::AccessAllowed => texts.say("log-access-allowed"),
            LogAction::AccessRead => texts.say("log-access-read"),
            LogAction::AccessWithdrawn => texts.say("log-access-withdrawn"),
            LogAction::RecordsSeen(seen) => texts.with("log-records-seen", "kind", kind(texts, seen)?),
            LogAction::AccessSearched => texts.say("log-access-searched"),
            LogAction::EmergencyDeclared => texts.say("log-emergency"),
            LogAction::ResponseWritten => texts.say("log-response-written"),
            LogAction::ResponsesRead => texts.say("log-responses-read"),
            LogAction::TokenIssued => texts.say("log-token-issued"),
            LogAction::TokenRefreshed => texts.say("log-token-refreshed"),
            LogAction::TokenRevoked => texts.say("log-token-revoked"),
            LogAction::TokenChecked => texts.say("log-token-checked"),
            LogAction::ProfileRead => texts.say("log-profile-read"),
            LogAction::ProfileChanged => texts.say("log-profile-changed"),
            LogAction::DetailsChanged => texts.say("log-details-changed"),
            LogAction::DetailsRead => texts.say("log-details-read"),
            LogAction::Searched => texts.say("log-searched"),
            LogAction::TieChanged => texts.say("log-tie-changed"),
            LogAction::GuardianChanged => texts.say("log-guardian-changed"),
            LogAction::Exported => texts.say("log-exported"),
            LogAction::ContactChanged => texts.say("log-contact-changed"),
            LogAction::MessageWritten => texts.say("log-message-written"),
            LogAction::TelephoneAsked => texts.say("log-telephone-asked"),
            LogAction::TelephoneConfirmed => texts.say("log-telephone-confirmed"),
            LogAction::AppointmentsRead => texts.say("log-appointments-read"),
            LogAction::AppointmentChanged => texts.say("log-appointment-changed"),
            LogAction::CalendarRead => texts.say("log-calendar-read"),
            LogAction::CalendarChanged => texts.say("log-calendar-changed"),
            LogAction::PasswordSet => texts.say("log-password-set"),
            LogAction::PasswordChecked => texts.say("log-password-checked"),
            LogAction::EmailAsked => texts.say("log-email-asked"),
            LogAction::EmailConfirmed => texts.say("log-email-confirmed"),
            LogAction::RecoveryBegun => texts.say("log-recovery-begun"),
            LogAction::RecoveryDone => texts.say("log-recovery-done"),
            LogAction::FamilyAsked => texts.say("log-family-asked"),
            LogAction::FamilyConfirmed => texts.say("log-family-confirmed"),
            LogAction::FamilyCancelled => texts.say("log-family-cancelled"),
            LogAction::FamilyDone => texts.say("log-family-done"),
            LogAction::TrustedChanged => texts.say("log-trusted-changed"),
            LogAction::MailSent => texts.say("log-mail-sent"),
            LogAction::AccountCreated => texts.say("log-account-created"),
            LogAction::AccountOpened => texts.say("log-account-opened"),
            LogAction::LogRead => texts.say("log-log-read"),
            LogAction::Other(name) => texts.with("log-other", "name", name),
        }
    }
}

impl LogActor<'_> {
    fn words(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Reader => texts.say("account-log-self"),
            Self::Named(name) => Ok((*name).to_owned()),
            Self::Hub => texts.say("account-log-hub"),
        }
    }
}

page!(AccountLog, "account_log.html");
