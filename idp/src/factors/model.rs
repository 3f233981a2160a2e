//! Factors, and what they are worth.

use platform::clock::Instant;
use zeroize::Zeroizing;

use crate::credentials::{Level, method, with_methods};
use crate::ids::FactorId;

/// What is known about where a passkey's private key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Nothing.
    Unknown,
    /// It is copied between devices.
    Software,
    /// In hardware: an attestation that the realm trusts says so.
    Hardware,
}

/// A kind of factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Codes by an app.
    Totp,
    /// A passkey.
    Passkey(Keeping),
    /// A list of recovery codes.
    Recovery,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Totp,
        Self::Passkey(Keeping::Unknown),
        Self::Passkey(Keeping::Software),
        Self::Passkey(Keeping::Hardware),
        Self::Recovery,
    ];

    /// The word in the database and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey(Keeping::Unknown) => "passkey",
            Self::Passkey(Keeping::Software) => "passkey.software",
            Self::Passkey(Keeping::Hardware) => "passkey.hardware",
            Self::Recovery => "recovery",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a sign-in has been shown by it (RFC 8176). The holder of a passkey was verified on their device.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Totp | Self::Recovery => &[method::ONE_TIME],
            Self::Passkey(Keeping::Unknown) => &[method::KEY, method::PRESENCE, method::SEVERAL],
            Self::Passkey(Keeping::Software) => &[method::SOFTWARE_KEY, method::PRESENCE, method::SEVERAL],
            Self::Passkey(Keeping::Hardware) => &[method::HARDWARE_KEY, method::PRESENCE, method::SEVERAL],
        }
    }

    /// Whether it is a passkey.
    pub const fn is_passkey(self) -> bool {
        matches!(self, Self::Passkey(_))
    }
}

/// A factor of somebody.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Its key.
    pub id: FactorId,
    /// What it is.
    pub kind: Kind,
    /// What the person calls it.
    pub name: String,
    /// The last step of a code that was used; how many times a passkey was used.
    pub counter: i64,
    /// Since when it is theirs.
    pub created_at: Instant,
    /// When it was used last.
    pub used_at: Option<Instant>,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

/// The most that somebody with these factors can show on top of what a sign-in by `amr` has.
pub fn reachable(amr: &str, kinds: &[Kind]) -> Level {
    kinds
        .iter()
        .map(|kind| Level::of_methods(&with_methods(amr, kind.methods())))
        .max()
        .unwrap_or(Level::Single)
        .max(Level::of_methods(amr))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_its_word_and_other_words_are_no_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("sms"), None);
    }

    #[test]
    fn a_code_reaches_two_factors_and_a_passkey_resists_phishing() {
        let passkey = Kind::Passkey(Keeping::Unknown);
        assert_eq!(reachable("pwd", &[]), Level::Single);
        assert_eq!(reachable("pwd", &[Kind::Totp]), Level::Multi);
        assert_eq!(reachable("pwd", &[Kind::Totp, passkey]), Level::PhishingResistant);
        assert_eq!(reachable("pop user mfa", &[]), Level::PhishingResistant);
        assert_eq!(
            reachable("pwd", &[Kind::Passkey(Keeping::Hardware)]),
            Level::PhishingResistantHardware
        );
    }
}
