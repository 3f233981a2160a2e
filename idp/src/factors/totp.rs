//! One-time codes by an app (RFC 6238): what every app on the market computes, SHA-1, six digits, thirty seconds.

use std::fmt::Write as _;

use platform::clock::Instant;
use platform::entropy::{Entropy, EntropyFailed};
use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

/// Length of a secret in bytes (RFC 4226 §4 R6: 160 bits).
const SECRET: usize = 20;
/// Digits of a code.
pub(super) const DIGITS: usize = 6;
/// Steps before and after the present one of which codes are taken (RFC 6238 §5.2: at most one).
const DRIFT: u16 = 1;

/// What an app is set up with. It does not print.
pub struct Enrolment(Zeroizing<Vec<u8>>);

impl Enrolment {
    /// A fresh secret.
    pub fn generate(entropy: &Entropy) -> Result<Self, EntropyFailed> {
        Ok(Self(Zeroizing::new(entropy.array::<SECRET>()?.to_vec())))
    }

    /// One that was kept.
    pub(super) fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// One that a specification gives.
    #[cfg(test)]
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// What the app shows at `now`.
    #[cfg(test)]
    pub(super) fn code_at(&self, now: Instant) -> String {
        let seconds = u64::try_from(now.as_seconds()).unwrap();
        self.totp("", "").generate(seconds).to_string()
    }

    /// To be sealed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The step of `code` around `now`; `None` if it is a code of no step there.
    pub fn step_of(&self, code: &str, now: Instant) -> Option<i64> {
        let now = u64::try_from(now.as_seconds()).ok()?;
        let step = self.totp("", "").check(code, now)?;
        i64::try_from(step).ok()
    }

    /// The secret in base32, in groups of four, for who types it.
    pub fn text(&self) -> String {
        let text = self.totp("", "").secret().to_base32();
        let letters: Vec<char> = text.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }

    /// The address that apps read, for `account` at `issuer`.
    pub fn address(&self, issuer: &str, account: &str) -> Option<String> {
        self.totp(issuer, account).to_url().ok()
    }

    fn totp(&self, issuer: &str, account: &str) -> Totp {
        // A colon parts issuer and account in the address.
        let plain = |text: &str| text.replace(':', " ");
        Builder::new()
            .with_skew(DRIFT)
            .with_secret(self.0.as_slice())
            .with_issuer(Some(plain(issuer)))
            .with_account_name(plain(account))
            .build_noncompliant()
    }
}

/// A square picture of a text for a camera: its width in modules, and the dark ones as the path of an SVG.
pub fn picture(text: &str) -> Option<(i32, String)> {
    // A screen does not get dirty: fewer modules are worth more than the repair of broken ones.
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Some((code.size(), path))
}
