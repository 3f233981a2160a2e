//! What a session is, and when it is over.

use std::time::Duration;

use platform::clock::Instant;

use crate::credentials::PasswordHash;
use crate::ids::{FactorId, PersonId, SessionId};

/// What was shown for a session that begins: all of it must still be the person's at that moment.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A password, which was verified.
    Password(PasswordHash),
    /// A factor that is enough by itself.
    Factor(FactorId),
    /// Both.
    PasswordAndFactor(PasswordHash, FactorId),
}

impl From<&PasswordHash> for Shown {
    fn from(verified: &PasswordHash) -> Self {
        Self::Password(verified.clone())
    }
}

/// A session as its owner's browser carries it through a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `sid`; not the secret in the cookie.
    pub sid: SessionId,
    /// Who is signed in.
    pub person: PersonId,
    /// When they last proved who they are (`auth_time`).
    pub authenticated_at: Instant,
    /// How (`amr`, RFC 8176), separated by spaces.
    pub amr: String,
    /// Last use, exact to a minute.
    pub last_seen_at: Instant,
    /// The absolute limit.
    pub expires_at: Instant,
    /// Signed out, by whomever.
    pub ended: bool,
}

/// A session as it is listed to its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// `User-Agent` at sign-in.
    pub user_agent: Option<String>,
    /// Address at sign-in.
    pub address: Option<String>,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Without use.
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
}

impl Session {
    /// Whether the session carries at `now`.
    pub fn is_live(&self, limits: Limits, now: Instant) -> bool {
        !self.ended && now < self.expires_at && now < self.last_seen_at.plus(limits.idle)
    }

    /// Whether a use at `now` is worth writing down: once a minute, or a tenth of a shorter idle limit.
    pub fn wants_touch(&self, limits: Limits, now: Instant) -> bool {
        now.since(self.last_seen_at) >= Duration::from_mins(1).min(limits.idle / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::entropy::Entropy;

    #[test]
    fn a_session_is_over_at_its_idle_limit_its_absolute_limit_or_its_end() {
        let start = Instant::from_micros(0);
        let limits = Limits {
            idle: Duration::from_mins(10),
            absolute: Duration::from_hours(1),
        };
        let entropy = Entropy::seeded(1);
        let session = Session {
            sid: SessionId::new(&entropy, start).unwrap(),
            person: PersonId::new(&entropy, start).unwrap(),
            authenticated_at: start,
            amr: "pwd".to_owned(),
            last_seen_at: start,
            expires_at: start.plus(limits.absolute),
            ended: false,
        };
        let at = |seconds| start.plus(Duration::from_secs(seconds));
        assert!(session.is_live(limits, at(599)));
        assert!(!session.is_live(limits, at(600)));
        let used = Session {
            last_seen_at: at(3500),
            ..session.clone()
        };
        assert!(used.is_live(limits, at(3599)));
        assert!(!used.is_live(limits, at(3600)));
        assert!(
            !Session {
                ended: true,
                ..session
            }
            .is_live(limits, at(1))
        );
    }
}
