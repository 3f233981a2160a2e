//! What a realm's administrators set. What they leave open is as the hub's configuration says.
//!
//! A realm can make sessions shorter than the hub's, never longer: how long the hub keeps its keys follows from its own
//! limits.

use std::ops::RangeInclusive;
use std::time::Duration;

use platform::config::{self, Language, SelfRegistration};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::sessions::Limits;

const IDLE_MINUTES: RangeInclusive<u64> = 1..=7 * 24 * 60;
const ABSOLUTE_HOURS: RangeInclusive<u64> = 1..=30 * 24;
const LINK_MINUTES: RangeInclusive<u64> = 5..=24 * 60;
/// At least an hour in which the person is told and can object, and a month at the most.
const DELAY_SECONDS: RangeInclusive<u64> = 3600..=30 * 24 * 3600;

/// What was set in a realm; kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = RealmSettings)]
pub struct Chosen {
    /// Whether people may make accounts for themselves: `off`, `with_address`, `anybody`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub self_registration: Option<SelfRegistration>,
    /// The language of pages and letters for who names none: `ja`, `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub language: Option<Language>,
    /// A session ends after this many minutes without use; never later than the hub's configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_idle_minutes: Option<u64>,
    /// A session ends after this many hours, used or not; never later than the hub's configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_absolute_hours: Option<u64>,
    /// Whether a link that is mailed is a way back into an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_by_mail: Option<bool>,
    /// Whether people whom somebody trusts are a way back into their account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_by_family: Option<bool>,
    /// How long a link to recover an account works, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_link_minutes: Option<u64>,
    /// How long the person is told and can object, in seconds, after two whom they trust have confirmed a recovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_delay_seconds: Option<u64>,
}

/// Settings that cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such setting, or it cannot have that value")]
pub struct InvalidSettings;

impl Chosen {
    /// With changes, as JSON merge patch (RFC 7396) has them: a null takes a setting back.
    pub fn merged(&self, changes: &Map<String, Value>) -> Result<Self, InvalidSettings> {
        let Ok(Value::Object(mut all)) = serde_json::to_value(self) else {
            return Err(InvalidSettings);
        };
        for (name, value) in changes {
            // A name that is none is an error even where nothing is set.
            let probe = Map::from_iter([(name.clone(), value.clone())]);
            serde_json::from_value::<Self>(Value::Object(probe)).map_err(|_| InvalidSettings)?;
            if value.is_null() {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        let merged: Self = serde_json::from_value(Value::Object(all)).map_err(|_| InvalidSettings)?;
        merged.check()?;
        Ok(merged)
    }

    fn check(&self) -> Result<(), InvalidSettings> {
        let bounds = [
            (self.session_idle_minutes, IDLE_MINUTES),
            (self.session_absolute_hours, ABSOLUTE_HOURS),
            (self.recovery_link_minutes, LINK_MINUTES),
            (self.recovery_delay_seconds, DELAY_SECONDS),
        ];
        let held = |(value, range): &(Option<u64>, RangeInclusive<u64>)| {
            value.is_none_or(|value| range.contains(&value))
        };
        if bounds.iter().all(held) {
            Ok(())
        } else {
            Err(InvalidSettings)
        }
    }
}

/// What holds in a realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RealmSettingsThatHold)]
pub struct RealmSettings {
    /// Whether people may make accounts for themselves.
    #[schema(value_type = String)]
    pub self_registration: SelfRegistration,
    /// The language of pages and letters for who names none.
    #[schema(value_type = String)]
    pub language: Language,
    /// A session ends after this many minutes without use.
    pub session_idle_minutes: u64,
    /// A session ends after this many hours, used or not.
    pub session_absolute_hours: u64,
    /// Whether a link that is mailed is a way back into an account.
    pub recovery_by_mail: bool,
    /// Whether people whom somebody trusts are a way back into their account.
    pub recovery_by_family: bool,
    /// How long a link to recover an account works, in minutes.
    pub recovery_link_minutes: u64,
    /// How long the person is told and can object, in seconds, after two whom they trust have confirmed a recovery.
    pub recovery_delay_seconds: u64,
    /// Whether the hub sends mail, without which no address can be shown to be anybody's.
    #[serde(skip)]
    #[schema(ignore)]
    mail: bool,
}

impl RealmSettings {
    /// What holds where nothing was set.
    pub fn of_hub(settings: &config::Settings) -> Self {
        let defaults = Self {
            self_registration: settings.accounts.self_registration,
            language: settings.accounts.language,
            session_idle_minutes: settings.session.idle_minutes,
            session_absolute_hours: settings.session.absolute_hours,
            recovery_by_mail: settings.recovery.by_mail,
            recovery_by_family: settings.recovery.by_family,
            recovery_link_minutes: settings.recovery.link_minutes,
            recovery_delay_seconds: settings.recovery.family_delay_seconds,
            mail: settings.smtp.url.is_some(),
        };
        defaults.with(&Chosen::default())
    }

    /// The same where something was.
    #[must_use]
    pub fn with(self, chosen: &Chosen) -> Self {
        let at_most = |most: u64, chosen: Option<u64>| chosen.map_or(most, |chosen| chosen.min(most));
        Self {
            self_registration: match chosen.self_registration.unwrap_or(self.self_registration) {
                SelfRegistration::WithAddress if !self.mail => SelfRegistration::Off,
                other => other,
            },
            language: chosen.language.unwrap_or(self.language),
            session_idle_minutes: at_most(self.session_idle_minutes, chosen.session_idle_minutes),
            session_absolute_hours: at_most(self.session_absolute_hours, chosen.session_absolute_hours),
            recovery_by_mail: self.mail && chosen.recovery_by_mail.unwrap_or(self.recovery_by_mail),
            recovery_by_family: chosen.recovery_by_family.unwrap_or(self.recovery_by_family),
            recovery_link_minutes: chosen.recovery_link_minutes.unwrap_or(self.recovery_link_minutes),
            recovery_delay_seconds: chosen
                .recovery_delay_seconds
                .unwrap_or(self.recovery_delay_seconds),
            mail: self.mail,
        }
    }

    /// How long sessions last.
    pub fn session(&self) -> Limits {
        Limits {
            idle: Duration::from_secs(self.session_idle_minutes.saturating_mul(60)),
            absolute: Duration::from_secs(self.session_absolute_hours.saturating_mul(3600)),
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::config::SecretUrl;
    use serde_json::json;

    use super::*;

    fn chosen(settings: Value) -> Chosen {
        serde_json::from_value(settings).unwrap()
    }

    fn mailing() -> config::Settings {
        let mut settings = config::Settings::default();
        settings.smtp.url = Some(SecretUrl::new("smtp://127.0.0.1:9".to_owned()));
        settings
    }

    #[test]
    fn what_a_realm_leaves_open_is_as_the_hub_says_and_nobody_makes_accounts_by_themselves() {
        let mut settings = config::Settings::default();
        let hub = RealmSettings::of_hub(&settings);
        assert_eq!(hub.self_registration, SelfRegistration::Off);
        assert_eq!(hub.with(&Chosen::default()), hub);
        let open = hub.with(&chosen(json!({"self_registration": "anybody", "language": "en"})));
        assert_eq!(
            (open.self_registration, open.language),
            (SelfRegistration::Anybody, Language::En)
        );
        settings.accounts.self_registration = SelfRegistration::Anybody;
        let hub = RealmSettings::of_hub(&settings);
        let off = hub.with(&chosen(json!({"self_registration": "off"})));
        assert_eq!(off.self_registration, SelfRegistration::Off);
    }

    #[test]
    fn a_realm_makes_sessions_shorter_and_never_longer_than_the_hub() {
        let hub = RealmSettings::of_hub(&config::Settings::default());
        let short = hub.with(&chosen(
            json!({"session_idle_minutes": 5, "session_absolute_hours": 1}),
        ));
        assert_eq!(short.session().idle, Duration::from_mins(5));
        assert_eq!(short.session().absolute, Duration::from_hours(1));
        let long = hub.with(&chosen(
            json!({"session_idle_minutes": 9000, "session_absolute_hours": 700}),
        ));
        assert_eq!(
            (long.session_idle_minutes, long.session_absolute_hours),
            (hub.session_idle_minutes, hub.session_absolute_hours)
        );
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_takes_back_what_is_null() {
        let changes = |value: Value| value.as_object().unwrap().clone();
        let set = Chosen::default();
        let set = set
            .merged(&changes(
                json!({"self_registration": "off", "recovery_by_mail": false}),
            ))
            .unwrap();
        assert_eq!(set.merged(&Map::new()), Ok(set.clone()));
        let back = set.merged(&changes(json!({"self_registration": null}))).unwrap();
        assert_eq!(back, chosen(json!({"recovery_by_mail": false})));
        for wrong in [
            json!({"self_registration": 1}),
            json!({"self_registration": "yes"}),
            json!({"other": 1}),
            json!({"other": null}),
            json!({"language": "fr"}),
            json!({"session_idle_minutes": 0}),
            json!({"session_absolute_hours": 721}),
            json!({"session_idle_minutes": -1}),
            json!({"recovery_link_minutes": 4}),
            json!({"recovery_delay_seconds": 60}),
            json!({"mail": true}),
        ] {
            assert_eq!(
                set.merged(&changes(wrong.clone())),
                Err(InvalidSettings),
                "{wrong}"
            );
        }
    }

    #[test]
    fn where_no_mail_is_sent_nobody_can_show_an_address_or_come_back_by_one() {
        let wanted = chosen(json!({"self_registration": "with_address", "recovery_by_mail": true}));
        let mute = RealmSettings::of_hub(&config::Settings::default()).with(&wanted);
        assert_eq!(mute.self_registration, SelfRegistration::Off);
        assert!(!mute.recovery_by_mail && mute.recovery_by_family);
        let with = RealmSettings::of_hub(&mailing()).with(&wanted);
        assert_eq!(with.self_registration, SelfRegistration::WithAddress);
        assert!(with.recovery_by_mail);
        let without = RealmSettings::of_hub(&mailing()).with(&chosen(json!({"recovery_by_mail": false})));
        assert!(!without.recovery_by_mail);
    }
}
