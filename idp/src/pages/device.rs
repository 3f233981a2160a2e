//! The pages of the device flow: the code, the question, and that it is answered (RFC 8628 section 3.3).

use super::consent::{Papers, ScopeLine, scope_lines};
use super::{Form, Frame, Texts, links, page};

/// "Type the code that your device shows."
#[derive(Debug, Clone, Copy)]
pub struct DeviceCode<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `user_code`.
    pub form: Form<'a>,
    /// What was typed before, or came with the address; empty if neither.
    pub typed: &'a str,
    /// What was wrong with it.
    pub problem: Option<DeviceProblem>,
}

/// Why a code leads no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceProblem {
    /// There is no such code, or no more.
    Unknown,
    /// Too many wrong codes.
    Throttled {
        /// Until the next one is taken.
        seconds: u64,
    },
    /// The form had been open for too long; it was replaced by a fresh one.
    Expired,
}

impl DeviceProblem {
    fn title(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Unknown => texts.say("device-unknown-title"),
            Self::Throttled { .. } => texts.say("sign-in-throttled-title"),
            Self::Expired => texts.say("sign-in-expired-title"),
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Unknown => texts.say("device-unknown-what"),
            Self::Throttled { seconds } => texts.with("device-throttled-what", "wait", texts.wait(seconds)?),
            Self::Expired => texts.say("sign-in-expired-what"),
        }
    }
}

/// "Is this your device?"
#[derive(Debug, Clone, Copy)]
pub struct DeviceConfirm<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `decision`, either `allow` or `deny`.
    pub form: Form<'a>,
    /// What the service on the device is called.
    pub client_name: &'a str,
    /// It registered by itself and nobody here has looked at it.
    pub self_registered: bool,
    /// The code, to be compared.
    pub code: &'a str,
    /// What can be read about it.
    pub papers: Papers<'a>,
    /// From where the device asked.
    pub address: &'a str,
    /// What it would receive, in the standard's names.
    pub scopes: &'a [&'a str],
    /// The person's name, or their login name where there is none.
    pub signed_in_as: &'a str,
}

impl<'a> DeviceConfirm<'a> {
    fn scope_lines(&self, texts: &Texts) -> Result<Vec<ScopeLine<'a>>, askama::Error> {
        scope_lines(texts, self.scopes)
    }
}

/// "Your device goes on by itself."
#[derive(Debug, Clone, Copy)]
pub struct DeviceAnswered<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Whether the person said yes.
    pub allowed: bool,
    /// What the service on the device is called.
    pub client_name: &'a str,
    /// Local address of the account page.
    pub account_url: &'a str,
}

page!(DeviceCode, "device_code.html");
page!(DeviceConfirm, "device_confirm.html");
page!(DeviceAnswered, "device_answered.html");
