//! What else a person may have told about themselves, in the names of OpenID Connect Core 1.0 §5.1, and which scope
//! gives which claim (§5.4).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::store::Person;

/// Every claim about a person that is given here, with the scope that it goes with.
pub const CLAIMS: &[(&str, &str)] = &[
    ("name", "profile"),
    ("family_name", "profile"),
    ("given_name", "profile"),
    ("name#ja-Kana-JP", "profile"),
    ("family_name#ja-Kana-JP", "profile"),
    ("given_name#ja-Kana-JP", "profile"),
    ("middle_name", "profile"),
    ("nickname", "profile"),
    ("preferred_username", "profile"),
    ("profile", "profile"),
    ("picture", "profile"),
    ("website", "profile"),
    ("gender", "profile"),
    ("birthdate", "profile"),
    ("zoneinfo", "profile"),
    ("locale", "profile"),
    ("updated_at", "profile"),
    ("email", "email"),
    ("email_verified", "email"),
    ("address", "address"),
    ("phone_number", "phone"),
    ("phone_number_verified", "phone"),
];

/// Details beyond the name and the e-mail address. Kept sealed, as the rest of the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Details {
    /// Surname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Reading of the surname, in katakana: `family_name#ja-Kana-JP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name_kana: Option<String>,
    /// Reading of the first name, in katakana: `given_name#ja-Kana-JP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name_kana: Option<String>,
    /// Middle names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// What friends call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// A page about them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// A picture of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// A page of theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// In their own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// `YYYY-MM-DD`, `0000-MM-DD` without the year, or `YYYY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// Time zone, as `Asia/Tokyo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// Telephone number (E.164).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the person has shown that the number is theirs.
    pub phone_number_verified: bool,
    /// Fax number (E.164).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fax_number: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A postal address (OpenID Connect Core 1.0 §5.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    /// As on an envelope, with line breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street, house and flat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// Prefecture or state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// Details that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDetails {
    /// Empty, too long, or with control characters.
    #[error("a detail has 1 to 500 characters, none of them a control character")]
    Text,
    /// Not a link.
    #[error("profile, picture and website are links that start with https://")]
    Link,
    /// Not a birthday.
    #[error("birthdate is YYYY-MM-DD, 0000-MM-DD or YYYY")]
    Birthdate,
    /// Not a telephone number.
    #[error("phone_number and fax_number are + and 4 to 15 digits")]
    Telephone,
}

impl Details {
    /// The reading of the full name.
    pub fn reading(&self) -> Option<String> {
        let parts = [&self.family_name_kana, &self.given_name_kana];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// Whether everything has the form that its claim has.
    pub fn check(&self) -> Result<(), InvalidDetails> {
        let address = self.address.clone().unwrap_or_default();
        let texts = [
            &self.family_name,
            &self.given_name,
            &self.family_name_kana,
            &self.given_name_kana,
            &self.middle_name,
            &self.nickname,
            &self.gender,
            &self.zoneinfo,
            &address.street_address,
            &address.locality,
            &address.region,
            &address.postal_code,
            &address.country,
        ];
        let is_control = |character: char| character.is_control() && character != '\n';
        let is_text = |text: &String| (1..=500).contains(&text.chars().count()) && !text.contains(is_control);
        let fits = |text: &String| is_text(text) && !text.contains('\n');
        if !texts.into_iter().flatten().all(fits) || !address.formatted.iter().all(is_text) {
            return Err(InvalidDetails::Text);
        }
        let addresses = [&self.profile, &self.picture, &self.website];
        let leads = |link: &String| {
            link.len() <= 2000 && link.starts_with("https://") && url::Url::parse(link).is_ok()
        };
        if !addresses.into_iter().flatten().all(leads) {
            return Err(InvalidDetails::Link);
        }
        if !self.birthdate.as_deref().is_none_or(is_birthdate) {
            return Err(InvalidDetails::Birthdate);
        }
        let numbers = [&self.phone_number, &self.fax_number];
        if !numbers.into_iter().flatten().all(|number| is_telephone(number)) {
            return Err(InvalidDetails::Telephone);
        }
        Ok(())
    }
}

fn is_birthdate(text: &str) -> bool {
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        [year] => digits(year, 4),
        [year, month, day] => {
            digits(year, 4)
                && digits(month, 2)
                && digits(day, 2)
                && ("01"..="12").contains(&month)
                && ("01"..="31").contains(&day)
        }
        _ => false,
    }
}

fn is_telephone(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|rest| (4..=15).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Person {
    /// A standard claim about them, if they have it.
    pub fn claim(&self, name: &str) -> Option<Value> {
        let (profile, details) = (&self.profile, &self.profile.details);
        let text = |text: &Option<String>| text.clone().map(Value::String);
        match name {
            "name" => text(&profile.name),
            "family_name" => text(&details.family_name),
            "given_name" => text(&details.given_name),
            "name#ja-Kana-JP" => details.reading().map(Value::String),
            "family_name#ja-Kana-JP" => text(&details.family_name_kana),
            "given_name#ja-Kana-JP" => text(&details.given_name_kana),
            "middle_name" => text(&details.middle_name),
            "nickname" => text(&details.nickname),
            "preferred_username" => Some(json!(profile.login)),
            "profile" => text(&details.profile),
            "picture" => text(&details.picture),
            "website" => text(&details.website),
            "gender" => text(&details.gender),
            "birthdate" => text(&details.birthdate),
            "zoneinfo" => text(&details.zoneinfo),
            "locale" => text(&self.locale),
            "updated_at" => Some(json!(self.updated_at / 1_000_000)),
            "email" => text(&profile.email),
            "email_verified" => profile.email.as_ref().map(|_| json!(profile.email_verified)),
            "address" => details.address.as_ref().map(|address| json!(address)),
            "phone_number" => text(&details.phone_number),
            "phone_number_verified" => details
                .phone_number
                .as_ref()
                .map(|_| json!(details.phone_number_verified)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Details)) -> Result<(), InvalidDetails> {
        let mut details = Details::default();
        change(&mut details);
        details.check()
    }

    #[test]
    fn details_have_the_form_that_their_claims_have() {
        let some = |text: &str| Some(text.to_owned());
        for good in ["1950-04-29", "0000-12-31", "1950"] {
            assert_eq!(with(|details| details.birthdate = some(good)), Ok(()), "{good}");
        }
        for bad in [
            "1950-13-01",
            "1950-01-32",
            "50-01-01",
            "1950-1-1",
            "29.4.1950",
            "",
        ] {
            assert_eq!(
                with(|details| details.birthdate = some(bad)),
                Err(InvalidDetails::Birthdate),
                "{bad}"
            );
        }
        for bad in ["0312345678", "+81 3 1234", "+", "+123", "+1234567890123456"] {
            assert_eq!(
                with(|details| details.phone_number = some(bad)),
                Err(InvalidDetails::Telephone),
                "{bad}"
            );
        }
        assert_eq!(
            with(|details| details.phone_number = some("+81312345678")),
            Ok(())
        );
        for bad in ["http://example.jp/", "javascript:alert(1)", "https://"] {
            assert_eq!(
                with(|details| details.picture = some(bad)),
                Err(InvalidDetails::Link),
                "{bad}"
            );
        }
        let long = "あ".repeat(501);
        for bad in ["", "two\nlines", "a\u{7}b", long.as_str()] {
            assert_eq!(
                with(|details| details.nickname = some(bad)),
                Err(InvalidDetails::Text),
                "{bad}"
            );
        }
        let envelope = Address {
            formatted: some("東京都港区芝公園4-2-8\n東京"),
            ..Address::default()
        };
        assert_eq!(with(|details| details.address = Some(envelope)), Ok(()));
    }

    #[test]
    fn a_detail_that_no_claim_has_is_not_read() {
        assert!(serde_json::from_str::<Details>(r#"{"given_name": "花子"}"#).is_ok());
        assert!(serde_json::from_str::<Details>(r#"{"blood_type": "A"}"#).is_err());
    }
}
