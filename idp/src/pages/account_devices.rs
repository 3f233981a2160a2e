//! Where one is signed in.

use super::account::Section;
use super::{Form, Frame, Moment, Texts, links, page, user_agent};

/// The live sessions of one person.
#[derive(Debug, Clone, Copy)]
pub struct Devices<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// A session was just ended.
    pub ended: bool,
    /// Ends this session. Posts the field `decision`, always `sign-out`.
    pub sign_out: Form<'a>,
    /// Live sessions, the present one first.
    pub sessions: &'a [SessionDetails<'a>],
    /// Ends one other session. Posts its id as the field `session`.
    pub end_session: Form<'a>,
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

impl Devices<'_> {
    fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.current)
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

page!(Devices, "account_devices.html");
