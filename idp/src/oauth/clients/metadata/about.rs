//! What a client tells people about itself (RFC 7591 §2, §2.2): shown as text and as links, never loaded.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::InvalidMetadata;
use super::uris::is_web_page;

/// Most translations in all.
const TRANSLATIONS: usize = 20;
/// Longest language tag that is taken (RFC 5646 §4.4.1 asks for 35 at least).
const TAG_BYTES: usize = 35;

/// Whose it is, and where to read about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo. It is kept and given back, and never loaded: a picture from elsewhere would tell its owner who signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    /// The identity of its software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of its software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// The same in other languages.
    #[serde(flatten)]
    #[schema(ignore)]
    pub translations: Translations,
}

/// Members with a language, under their full name (`client_name#ja`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Translations(BTreeMap<String, String>);

impl Translations {
    /// Members that may come once more for each language.
    pub const MEMBERS: [&str; 5] = ["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

    /// The languages and texts of a member.
    fn of<'t>(&'t self, member: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.iter().filter_map(move |(name, text)| {
            let (one, tag) = name.split_once('#')?;
            (one == member).then_some((tag, text.as_str()))
        })
    }

    /// The text of a member for readers of a language, by the first part of its tags: the plain tag (`ja`), then one with a
    /// region (`ja-JP`), then one in another script (`ja-Hira`), which is a reading rather than a name (OpenID Connect Core
    /// 1.0 §5.2).
    fn best<'t>(&'t self, member: &'t str, language: &str) -> Option<&'t str> {
        let rank = |tag: &str| {
            let mut parts = tag.split('-');
            let primary = parts.next().unwrap_or_default();
            let script = |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
            primary.eq_ignore_ascii_case(language).then(|| {
                let rest: Vec<&str> = parts.collect();
                (rest.iter().any(|part| script(part)), rest.len())
            })
        };
        self.of(member)
            .filter_map(|(tag, text)| Some((rank(tag)?, text)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, text)| text)
    }
}

impl<'de> Deserialize<'de> for Translations {
    /// From all members that nothing else has taken: those with a language are kept, whatever their values are, so that
    /// the check sees them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rest = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let kept = rest.into_iter().filter_map(|(name, value)| {
            let (member, _) = name.split_once('#')?;
            let text = value.as_str()?.to_owned();
            Self::MEMBERS.contains(&member).then_some((name, text))
        });
        Ok(Self(kept.collect()))
    }
}

impl About {
    /// The name in a language or, where there is none, the one for everybody, or any. An empty one is none.
    pub fn name_in(&self, language: &str) -> Option<&str> {
        let any = || self.translations.of("client_name").next().map(|(_, text)| text);
        self.translations
            .best("client_name", language)
            .or(self.client_name.as_deref())
            .or_else(any)
    }

    /// The home page in a language, or the one for everybody.
    pub fn home_in(&self, language: &str) -> Option<&str> {
        let translated = self.translations.best("client_uri", language);
        translated.or(self.client_uri.as_deref())
    }

    /// The privacy policy in a language, or the one for everybody.
    pub fn policy_in(&self, language: &str) -> Option<&str> {
        let translated = self.translations.best("policy_uri", language);
        translated.or(self.policy_uri.as_deref())
    }

    /// The terms of service in a language, or those for everybody.
    pub fn terms_in(&self, language: &str) -> Option<&str> {
        let translated = self.translations.best("tos_uri", language);
        translated.or(self.tos_uri.as_deref())
    }

    /// Takes away what is the same as nothing.
    pub(super) fn tidy(&mut self) {
        self.client_name = self.client_name.take().filter(|name| !name.trim().is_empty());
        self.translations.0.retain(|_, text| !text.trim().is_empty());
    }

    pub(super) fn check(&self, secure: bool) -> Result<(), InvalidMetadata> {
        let translated = &self.translations.0;
        if translated.len() > TRANSLATIONS {
            return Err(InvalidMetadata::Other(
                "at most 20 members with a language are taken",
            ));
        }
        let of = |member: &'static str| {
            let named = move |name: &&String| name.split_once('#').is_some_and(|(one, _)| one == member);
            translated
                .iter()
                .filter(move |(name, _)| named(name))
                .map(|(_, text)| text)
        };
        if !translated
            .keys()
            .all(|name| name.split_once('#').is_some_and(|(_, tag)| is_tag(tag)))
        {
            return Err(InvalidMetadata::Other("a language is a tag such as ja or en-GB"));
        }
        if !self
            .client_name
            .iter()
            .chain(of("client_name"))
            .all(|name| is_name(name))
        {
            return Err(InvalidMetadata::Other(
                "client_name has at most 100 characters, none of them a control character",
            ));
        }
        let links = [&self.client_uri, &self.logo_uri, &self.policy_uri, &self.tos_uri]
            .into_iter()
            .flatten();
        let links = links
            .chain(of("client_uri"))
            .chain(of("logo_uri"))
            .chain(of("policy_uri"))
            .chain(of("tos_uri"));
        for uri in links {
            if !is_web_page(uri, secure) {
                return Err(InvalidMetadata::Other("links about a client start with https://"));
            }
        }
        let contacts = self.contacts.as_deref().unwrap_or_default();
        if contacts.len() > 10 || contacts.iter().any(|contact| contact.len() > 254) {
            return Err(InvalidMetadata::Other("at most 10 contacts are taken"));
        }
        let software = [&self.software_id, &self.software_version].into_iter().flatten();
        if software.into_iter().any(|text| text.chars().count() > 200) {
            return Err(InvalidMetadata::Other(
                "software_id and software_version have at most 200 characters",
            ));
        }
        Ok(())
    }

    /// Whether it says the same about who it is, and about what becomes of people's data.
    pub(super) fn is_same_party(&self, other: &Self) -> bool {
        let told = |about: &Self| {
            let names = ["client_name#", "policy_uri#", "tos_uri#"];
            let translated = about.translations.0.iter();
            let translated = translated.filter(|(name, _)| names.iter().any(|one| name.starts_with(one)));
            translated
                .map(|(name, text)| (name.clone(), text.clone()))
                .collect::<Vec<_>>()
        };
        self.client_name == other.client_name
            && self.policy_uri == other.policy_uri
            && self.tos_uri == other.tos_uri
            && told(self) == told(other)
    }
}

fn is_name(name: &str) -> bool {
    name.chars().count() <= 100 && !name.chars().any(char::is_control)
}

fn is_tag(tag: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !tag.is_empty() && tag.len() <= TAG_BYTES && tag.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn about(value: Value) -> About {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_reader_gets_what_is_in_their_language_before_what_is_for_everybody() {
        let clinic = about(json!({
            "client_name": "Clinic", "client_name#ja-Hira-JP": "しんりょうじょ", "client_name#JA-jp": "診療所",
            "policy_uri": "https://rp.example/policy", "policy_uri#ja": "https://rp.example/kimari",
            "tos_uri#en": "https://rp.example/terms",
        }));
        assert_eq!(clinic.name_in("ja"), Some("診療所"));
        assert_eq!(clinic.name_in("en"), Some("Clinic"));
        assert_eq!(clinic.policy_in("ja"), Some("https://rp.example/kimari"));
        assert_eq!(clinic.policy_in("en"), Some("https://rp.example/policy"));
        assert_eq!(clinic.terms_in("en"), Some("https://rp.example/terms"));
        assert_eq!(clinic.terms_in("ja"), None);
        let plain = about(json!({"client_name#ja": "歯科", "client_name#ja-JP": "歯医者"}));
        assert_eq!(plain.name_in("ja"), Some("歯科"));
        assert_eq!(plain.name_in("en"), Some("歯科"), "better than a number");
        assert_eq!(About::default().name_in("ja"), None);
        let other = about(json!({"client_name": "Clinic", "client_name#jam": "x", "client_name_x#ja": "y"}));
        assert_eq!(other.name_in("ja"), Some("Clinic"));
    }
}
