//! What people read when something does not work: a title, what happened, what to do, and the ids to quote.

use super::{Frame, Link, Texts, page};

/// The error page.
#[derive(Debug, Clone, Copy)]
pub struct ErrorPage<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// What happened.
    pub kind: ErrorKind,
    /// The stable id of the error, for example `token.code.replayed`.
    pub error_id: Option<&'a str>,
    /// The id under which the request stands in the logs.
    pub request_id: Option<&'a str>,
    /// The relying party to return to, only when it is verified.
    pub back: Option<Link<'a>>,
}

/// What happened, as far as a person should know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No such page.
    NotFound,
    /// The person may not do this.
    Forbidden,
    /// The request could not be understood, or its fields were missing or doubled.
    BadRequest,
    /// The relying party is unknown or its redirect URI is not one it registered: nobody is sent anywhere.
    UntrustedService,
    /// The sign-in took too long, or its page was used twice.
    SessionExpired,
    /// The one-time link was used, or its time is over.
    LinkExpired,
    /// More requests or attempts than allowed.
    TooManyRequests {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The hub has more to do than it can right now, or the log or the database is away.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
    /// A defect of ours.
    Internal,
}

impl ErrorPage<'_> {
    fn return_to(&self) -> Option<(&str, &str)> {
        self.back.and_then(Link::safe)
    }
}

impl ErrorKind {
    /// The HTTP status code that fits (RFC 9110 section 15, RFC 6585 section 4).
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Forbidden => 403,
            Self::BadRequest | Self::UntrustedService | Self::SessionExpired => 400,
            Self::LinkExpired => 410,
            Self::TooManyRequests { .. } => 429,
            Self::Busy { .. } => 503,
            Self::Internal => 500,
        }
    }

    fn title(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::NotFound => texts.say("error-not-found-title"),
            Self::Forbidden => texts.say("error-forbidden-title"),
            Self::BadRequest => texts.say("error-bad-request-title"),
            Self::UntrustedService => texts.say("error-untrusted-title"),
            Self::SessionExpired => texts.say("error-expired-title"),
            Self::LinkExpired => texts.say("error-link-title"),
            Self::TooManyRequests { .. } => texts.say("error-too-many-title"),
            Self::Busy { .. } => texts.say("error-busy-title"),
            Self::Internal => texts.say("error-internal-title"),
        }
    }

    fn what_happened(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::NotFound => texts.say("error-not-found-what"),
            Self::Forbidden => texts.say("error-forbidden-what"),
            Self::BadRequest => texts.say("error-bad-request-what"),
            Self::UntrustedService => texts.say("error-untrusted-what"),
            Self::SessionExpired => texts.say("error-expired-what"),
            Self::LinkExpired => texts.say("error-link-what"),
            Self::TooManyRequests { .. } => texts.say("error-too-many-what"),
            Self::Busy { .. } => texts.say("error-busy-what"),
            Self::Internal => texts.say("error-internal-what"),
        }
    }

    fn what_to_do(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::NotFound => texts.say("error-not-found-do"),
            Self::Forbidden => texts.say("error-forbidden-do"),
            Self::BadRequest => texts.say("error-bad-request-do"),
            Self::UntrustedService => texts.say("error-untrusted-do"),
            Self::SessionExpired => texts.say("error-expired-do"),
            Self::LinkExpired => texts.say("error-link-do"),
            Self::TooManyRequests { seconds } | Self::Busy { seconds } => {
                texts.with("error-wait-do", "wait", texts.wait(seconds)?)
            }
            Self::Internal => texts.say("error-internal-do"),
        }
    }
}

page!(ErrorPage, "error.html");
