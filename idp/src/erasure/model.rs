//! What stays after an erasure.

/// Something that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

/// All of it.
pub const KEPT: &[Kept] = &[
    Kept {
        what: "access_log",
        why: "who used what when has to stay provable; what could identify the person is sealed under their key, which is \
              destroyed",
    },
    Kept {
        what: "access_log_searches",
        why: "what administrators searched for is part of their record, sealed under the realm's key",
    },
    Kept {
        what: "identifier_hashes",
        why: "a login name, address or telephone number is nobody else's before it has cooled down; only its keyed hash is \
              left",
    },
    Kept {
        what: "number",
        why: "a cancelled number is nobody else's before it has cooled down, or for good",
    },
    Kept {
        what: "ties",
        why: "that two internal keys were tied from one day to another, without any name",
    },
    Kept {
        what: "employment",
        why: "that an internal key worked somewhere, was there, and held, gave or withdrew which powers, from when to \
              when, without any name: employers have to keep it",
    },
    Kept {
        what: "consents",
        why: "that an internal key allowed another one something, from when to when: who looked by right has to be able to \
              show it; what the consents say is sealed under the person's key, which is destroyed",
    },
    Kept {
        what: "contracts",
        why: "that an internal key had which services with which operator, from when to when: operators have to account for \
              what they did",
    },
    Kept {
        what: "responses",
        why: "that an internal key did something for another one, when and for which organisation: organisations have to \
              account for what they did; what was found is sealed under the person's key, which is destroyed",
    },
    Kept {
        what: "appointments",
        why: "that an internal key was expected by another one, when and at which organisation: organisations have to account \
              for what they did; what was said about it is sealed under the person's key, which is destroyed",
    },
    Kept {
        what: "emergencies",
        why: "that an internal key looked at the data of another one without having been allowed to, and when; the reason is \
              sealed under the person's key, which is destroyed",
    },
    Kept {
        what: "security_events",
        why: "peers and services have to hear that the account is gone; sealed under the realm's key until they did",
    },
];
