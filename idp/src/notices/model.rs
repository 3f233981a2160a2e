//! What people are told.

use serde::{Deserialize, Serialize};

/// Something about a person's account that they must hear of. What it says in either language stands in
/// `pages::letter`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Notice {
    /// The password was set or changed.
    PasswordChanged,
    /// Somebody signed in on a device that was not seen before.
    NewDevice {
        /// What it calls itself, such as "Chrome, Windows".
        device: Option<String>,
        /// The address that it came from.
        address: Option<String>,
    },
    /// A passkey, an authenticator app or the like was added.
    FactorAdded {
        /// What the person calls it.
        name: String,
    },
    /// One was taken away.
    FactorRemoved {
        /// What the person called it.
        name: String,
    },
    /// All of them were taken away, by an administrator.
    FactorsReset,
    /// New recovery codes were made; earlier ones are void.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An address was confirmed and is now the person's.
    EmailConfirmed,
    /// Another address took the place of the one that this goes to.
    EmailReplaced,
    /// A telephone number was confirmed and is now the person's.
    TelephoneConfirmed,
    /// An address was made at which a calendar program reads the person's appointments.
    CalendarOn,
    /// Somebody other than the person changed what is kept about them.
    ProfileChanged,
    /// Somebody asked for a way back into the account.
    RecoveryBegun,
    /// The account was recovered: it has a new password.
    RecoveryDone,
    /// Somebody asked the people whom the person trusts to let them in.
    FamilyAsked,
    /// Two of them did: after the delay the account gets new credentials.
    FamilyConfirmed,
    /// That was stopped.
    FamilyCancelled,
    /// It was carried out: new password, all second factors gone.
    FamilyDone,
    /// The person named somebody whom they trust.
    TrustedNamed {
        /// Who.
        name: String,
    },
    /// Somebody agreed to be trusted.
    TrustedAccepted {
        /// Who.
        name: String,
    },
    /// Somebody is not among the trusted any more.
    TrustedRemoved {
        /// Who.
        name: String,
    },
    /// Somebody would like the reader to be one of those whom they trust.
    TrustInvited {
        /// Who asks.
        name: String,
    },
    /// Somebody invited the reader to be their family.
    TieInvited {
        /// Who.
        name: String,
    },
    /// Somebody accepted the reader's invitation.
    TieAccepted {
        /// Who.
        name: String,
    },
    /// The reader is now somebody's family.
    TieBegun {
        /// Who.
        name: String,
    },
    /// A tie with somebody has ended.
    TieEnded {
        /// Who.
        name: String,
    },
    /// The reader has a guardian by law.
    GuardianSet {
        /// Who.
        name: String,
    },
    /// The reader is a guardian by law.
    GuardianOf {
        /// Who.
        name: String,
    },
    /// Somebody declared an emergency, to see the reader's records.
    EmergencyDeclared {
        /// Where and who.
        name: String,
    },
    /// Somebody did so in an organisation that the reader administers.
    EmergencyAt {
        /// Where and who.
        name: String,
    },
    /// A service that the reader uses gave or changed one of their consents for them.
    ConsentByService {
        /// Which.
        name: String,
    },
    /// It withdrew one.
    WithdrawnByService {
        /// Which.
        name: String,
    },
    /// Somebody who trusts the reader seems to need them, to get back into their account.
    HelpAsked {
        /// Who asks.
        name: String,
    },
}

impl Notice {
    /// A stable name, for rows of the log and of the outbox.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PasswordChanged => "password-changed",
            Self::NewDevice { .. } => "new-device",
            Self::FactorAdded { .. } => "factor-added",
            Self::FactorRemoved { .. } => "factor-removed",
            Self::FactorsReset => "factors-reset",
            Self::RecoveryCodesMade => "recovery-codes-made",
            Self::RecoveryCodeUsed => "recovery-code-used",
            Self::EmailConfirmed => "email-confirmed",
            Self::EmailReplaced => "email-replaced",
            Self::TelephoneConfirmed => "telephone-confirmed",
            Self::CalendarOn => "calendar-on",
            Self::ProfileChanged => "profile-changed",
            Self::RecoveryBegun => "recovery-begun",
            Self::RecoveryDone => "recovery-done",
            Self::FamilyAsked => "family-asked",
            Self::FamilyConfirmed => "family-confirmed",
            Self::FamilyCancelled => "family-cancelled",
            Self::FamilyDone => "family-done",
            Self::TrustedNamed { .. } => "trusted-named",
            Self::TrustedAccepted { .. } => "trusted-accepted",
            Self::TrustedRemoved { .. } => "trusted-removed",
            Self::TrustInvited { .. } => "trust-invited",
            Self::TieInvited { .. } => "tie-invited",
            Self::TieAccepted { .. } => "tie-accepted",
            Self::TieBegun { .. } => "tie-begun",
            Self::TieEnded { .. } => "tie-ended",
            Self::GuardianSet { .. } => "guardian-set",
            Self::GuardianOf { .. } => "guardian-of",
            Self::EmergencyDeclared { .. } => "emergency-declared",
            Self::EmergencyAt { .. } => "emergency-at",
            Self::ConsentByService { .. } => "consent-by-service",
            Self::WithdrawnByService { .. } => "withdrawn-by-service",
            Self::HelpAsked { .. } => "help-asked",
        }
    }
}
