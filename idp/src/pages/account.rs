//! The account home: who one is, where one is signed in, who is connected, what was done lately.

use super::consent::{ScopeLine, scope_lines};
use super::{Form, Frame, Moment, Texts, links, page, user_agent};

/// The account home of one person.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Who is signed in.
    pub person: PersonDetails<'a>,
    /// Said once at the top after something was done.
    pub notice: Option<AccountNotice>,
    /// Ends this session. Posts the field `decision`, always `sign-out`.
    pub sign_out: Form<'a>,
    /// Live sessions, the present one first.
    pub sessions: &'a [SessionDetails<'a>],
    /// Ends one other session. Posts its id as the field `session`.
    pub end_session: Form<'a>,
    /// Relying parties with a grant.
    pub applications: &'a [Application<'a>],
    /// Withdraws the grant of one relying party. Posts its id as the field `client_id`.
    pub withdraw: Form<'a>,
    /// The newest rows of the access log about this person, newest first.
    pub log: &'a [LogEntry<'a>],
}

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub struct PersonDetails<'a> {
    /// The full name, if one is known.
    pub name: Option<&'a str>,
    /// The login name.
    pub login: &'a str,
    /// The e-mail address, if one is known.
    pub email: Option<&'a str>,
    /// The number as it is stored, without separators; shown in groups of four.
    pub number: Option<&'a str>,
}

/// Something that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountNotice {
    /// Another session was ended.
    SessionEnded,
    /// A relying party's grant was withdrawn.
    AccessWithdrawn,
    /// The password was changed.
    PasswordChanged,
}

/// A live session.
#[derive(Debug, Clone, Copy)]
pub struct SessionDetails<'a> {
    /// Posted back to end it; not the session's secret.
    pub id: &'a str,
    /// The one in which the page is read.
    pub current: bool,
    /// `User-Agent` of the sign-in as the browser sent it; shown as "Chrome, Windows", never as it is.
    pub user_agent: Option<&'a str>,
    /// Network address of the last use.
    pub address: Option<&'a str>,
    /// The sign-in.
    pub started_at: Moment,
    /// The last use.
    pub last_used_at: Moment,
}

/// A relying party with a grant.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// Posted back to withdraw.
    pub client_id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Host of its redirect URI.
    pub host: Option<&'a str>,
    /// The scopes granted, in the standard's names.
    pub scopes: &'a [&'a str],
    /// When the grant was given.
    pub granted_at: Moment,
}

/// One row of the access log, as the person reads it.
#[derive(Debug, Clone, Copy)]
pub struct LogEntry<'a> {
    /// When.
    pub at: Moment,
    /// What.
    pub action: LogAction<'a>,
    /// The service or the person who did it; `None` if the reader did.
    pub by: Option<&'a str>,
    /// Network address it came from.
    pub address: Option<&'a str>,
    /// It was tried and refused.
    pub refused: bool,
}

/// What a row of the access log says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogAction<'a> {
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
    /// A service read the profile.
    ProfileRead,
    /// The profile was changed.
    ProfileChanged,
    /// The password was set or changed.
    PasswordSet,
    /// The account was created.
    AccountCreated,
    /// The log itself was read.
    LogRead,
    /// Any other action, by its name in the log.
    Other(&'a str),
}

impl Account<'_> {
    fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
    }
}

impl PersonDetails<'_> {
    fn greeting_name(&self) -> &str {
        self.name.unwrap_or(self.login)
    }

    /// A long number is read out loud in groups of four. One that holds anything but letters and digits was given its
    /// separators by whoever issued it.
    fn grouped_number(&self) -> Option<String> {
        self.number.map(|number| {
            if !number.chars().all(|character| character.is_ascii_alphanumeric()) {
                return number.to_owned();
            }
            let mut grouped = String::with_capacity(number.len() + number.len() / 4);
            for (position, character) in number.chars().enumerate() {
                if position > 0 && position % 4 == 0 {
                    grouped.push(' ');
                }
                grouped.push(character);
            }
            grouped
        })
    }
}

impl SessionDetails<'_> {
    fn device(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self.user_agent.and_then(user_agent::describe) {
            Some(device) => Ok(device.to_string()),
            None => texts.say("account-device-unknown"),
        }
    }
}

impl<'a> Application<'a> {
    fn scope_lines(&self, texts: &Texts) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
        scope_lines(texts, self.scopes)
    }
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
            LogAction::ConsentGiven => texts.say("log-consent-given"),
            LogAction::ConsentWithdrawn => texts.say("log-consent-withdrawn"),
            LogAction::TokenIssued => texts.say("log-token-issued"),
            LogAction::TokenRefreshed => texts.say("log-token-refreshed"),
            LogAction::TokenRevoked => texts.say("log-token-revoked"),
            LogAction::ProfileRead => texts.say("log-profile-read"),
            LogAction::ProfileChanged => texts.say("log-profile-changed"),
            LogAction::PasswordSet => texts.say("log-password-set"),
            LogAction::AccountCreated => texts.say("log-account-created"),
            LogAction::LogRead => texts.say("log-log-read"),
            LogAction::Other(name) => texts.with("log-other", "name", name),
        }
    }
}

page!(Account, "account.html");
