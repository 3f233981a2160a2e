//! What a realm's administrators set. What they leave open is as the hub's configuration says.

use platform::config::{self, SelfRegistration};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What was set in a realm; kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chosen {
    /// Whether people may make accounts for themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_registration: Option<SelfRegistration>,
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
        serde_json::from_value(Value::Object(all)).map_err(|_| InvalidSettings)
    }
}

/// What holds in a realm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RealmSettings {
    /// Whether people may make accounts for themselves.
    pub self_registration: SelfRegistration,
    /// Whether the hub sends mail, without which no address can be shown to be anybody's.
    #[serde(skip)]
    mail: bool,
}

impl RealmSettings {
    /// What holds where nothing was set.
    pub fn of_hub(settings: &config::Settings) -> Self {
        let defaults = Self {
            self_registration: settings.accounts.self_registration,
            mail: settings.smtp.url.is_some(),
        };
        defaults.with(&Chosen::default())
    }

    /// The same where something was.
    #[must_use]
    pub fn with(self, chosen: &Chosen) -> Self {
        Self {
            self_registration: match chosen.self_registration.unwrap_or(self.self_registration) {
                SelfRegistration::WithAddress if !self.mail => SelfRegistration::Off,
                other => other,
            },
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::config::SecretUrl;

    use super::*;

    fn chosen(word: &str) -> Chosen {
        serde_json::from_value(serde_json::json!({"self_registration": word})).unwrap()
    }

    #[test]
    fn what_a_realm_leaves_open_is_as_the_hub_says_and_nothing_is_open_by_itself() {
        let mut settings = config::Settings::default();
        let hub = RealmSettings::of_hub(&settings);
        assert_eq!(hub.self_registration, SelfRegistration::Off);
        assert_eq!(hub.with(&Chosen::default()), hub);
        assert_eq!(
            hub.with(&chosen("anybody")).self_registration,
            SelfRegistration::Anybody
        );
        settings.accounts.self_registration = SelfRegistration::Anybody;
        let hub = RealmSettings::of_hub(&settings);
        assert_eq!(hub.with(&chosen("off")).self_registration, SelfRegistration::Off);
        for wrong in [
            r#"{"self_registration": "yes"}"#,
            r#"{"self_registraton": "off"}"#,
        ] {
            assert!(serde_json::from_str::<Chosen>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_takes_back_what_is_null() {
        let changes = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let set = Chosen::default();
        let set = set.merged(&changes(r#"{"self_registration": "off"}"#)).unwrap();
        assert_eq!(set, chosen("off"));
        assert_eq!(set.merged(&changes("{}")), Ok(set.clone()));
        let back = set.merged(&changes(r#"{"self_registration": null}"#)).unwrap();
        assert_eq!(back, Chosen::default());
        for wrong in [
            r#"{"self_registration": 1}"#,
            r#"{"other": 1}"#,
            r#"{"other": null}"#,
        ] {
            assert_eq!(set.merged(&changes(wrong)), Err(InvalidSettings), "{wrong}");
        }
    }

    #[test]
    fn where_no_mail_is_sent_nobody_can_show_that_an_address_is_theirs() {
        let mut settings = config::Settings::default();
        let off = RealmSettings::of_hub(&settings).with(&chosen("with_address"));
        assert_eq!(off.self_registration, SelfRegistration::Off);
        settings.smtp.url = Some(SecretUrl::new("smtp://127.0.0.1:9".to_owned()));
        let on = RealmSettings::of_hub(&settings).with(&chosen("with_address"));
        assert_eq!(on.self_registration, SelfRegistration::WithAddress);
    }
}
