//! The fields of a profile (requirement H2.1), each with its name, its rule, and its place: one list for pages, the API,
//! the history and families, so that nothing can be changed in one of them only.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::folding::{fold_width, is_katakana, katakana};
use super::model::{IdentifierKind, Profile, normalise};
use super::prefectures::PREFECTURES;
use super::telephone::Telephone;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A field of a profile.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $variant),+
        }

        impl Field {
            /// All of them, in the order in which pages show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the database, in forms and in the API.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The stable id of the refusal of a value.
            pub const fn problem(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("person.", $name)),+
                }
            }

            /// The field of this name.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// What is typed at sign-in.
    Login = "login",
    /// Full name.
    Name = "name",
    /// Surname.
    FamilyName = "family_name",
    /// First name.
    GivenName = "given_name",
    /// Reading of the surname, in katakana.
    FamilyNameKana = "family_name_kana",
    /// Reading of the first name, in katakana.
    GivenNameKana = "given_name_kana",
    /// What friends call them.
    Nickname = "nickname",
    /// `male`, `female`, `other`, or in their own words.
    Sex = "sex",
    /// `YYYY-MM-DD`.
    Birthdate = "birthdate",
    /// Country, ISO 3166-1 alpha-2; absent: Japan.
    Country = "country",
    /// Postcode.
    PostalCode = "postal_code",
    /// Prefecture.
    Prefecture = "prefecture",
    /// City, ward, town or village.
    City = "city",
    /// Street, house and flat.
    Street = "street",
    /// Telephone number.
    Telephone = "telephone",
    /// `true` once the person has shown that the telephone number is theirs.
    TelephoneVerified = "telephone_verified",
    /// Fax number.
    Fax = "fax",
    /// E-mail address.
    Email = "email",
    /// `true` once the person has shown that the address is theirs.
    EmailVerified = "email_verified",
}

/// A value that its field cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} has another form", .0.name())]
pub struct InvalidField(pub Field);

/// What is to be changed: each field with its new value, or none any more.
pub type Patch = BTreeMap<Field, Option<String>>;

impl Field {
    /// What a value must be, in words.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Login => "A login name has 1 to 128 characters, none of them a space.",
            Self::Name => "A name has at most 200 characters.",
            Self::FamilyName | Self::GivenName | Self::Nickname => "A name has at most 100 characters.",
            Self::FamilyNameKana | Self::GivenNameKana => "A reading is kana, at most 100 characters.",
            Self::Sex => "Sex is male, female, other, or at most 40 characters of the person's own.",
            Self::Birthdate => "A date of birth is YYYY-MM-DD, and not in the future.",
            Self::Country => "A country is two letters of ISO 3166-1.",
            Self::PostalCode => "A Japanese postcode has seven digits.",
            Self::Prefecture => "A Japanese address has one of the 47 prefectures, by its Japanese name.",
            Self::City => "A city has at most 100 characters.",
            Self::Street => "Street and house have at most 200 characters.",
            Self::Telephone | Self::Fax => {
                "A telephone number is one of Japan, or + with country code and number."
            }
            Self::Email => "An e-mail address is one.",
            Self::TelephoneVerified | Self::EmailVerified => "This is shown, not set.",
        }
    }

    /// What people and administrators set directly. That a telephone number or an address is somebody's is only ever shown.
    pub fn is_settable(self) -> bool {
        !matches!(self, Self::TelephoneVerified | Self::EmailVerified)
    }

    /// What a person, or who may do so for them, sets on a page. What they sign in with and are reached by is changed by
    /// showing that it is theirs.
    pub fn is_personal(self) -> bool {
        self.is_settable() && !matches!(self, Self::Login | Self::Email | Self::Name)
    }

    /// The value in a profile.
    pub fn read(self, profile: &Profile) -> Option<String> {
        let details = &profile.details;
        let address = details.address.as_ref();
        let yes = |set: bool| set.then(|| "true".to_owned());
        match self {
            Self::Login => Some(profile.login.clone()),
            Self::Name => profile.name.clone(),
            Self::FamilyName => details.family_name.clone(),
            Self::GivenName => details.given_name.clone(),
            Self::FamilyNameKana => details.family_name_kana.clone(),
            Self::GivenNameKana => details.given_name_kana.clone(),
            Self::Nickname => details.nickname.clone(),
            Self::Sex => details.gender.clone(),
            Self::Birthdate => details.birthdate.clone(),
            Self::Country => address?.country.clone(),
            Self::PostalCode => address?.postal_code.clone(),
            Self::Prefecture => address?.region.clone(),
            Self::City => address?.locality.clone(),
            Self::Street => address?.street_address.clone(),
            Self::Telephone => details.phone_number.clone(),
            Self::TelephoneVerified => yes(details.phone_number_verified),
            Self::Fax => details.fax_number.clone(),
            Self::Email => profile.email.clone(),
            Self::EmailVerified => yes(profile.email_verified),
        }
    }

    fn write(self, profile: &mut Profile, value: Option<String>) {
        let details = &mut profile.details;
        match self {
            Self::Login => profile.login = value.unwrap_or_default(),
            Self::Name => profile.name = value,
            Self::FamilyName => details.family_name = value,
            Self::GivenName => details.given_name = value,
            Self::FamilyNameKana => details.family_name_kana = value,
            Self::GivenNameKana => details.given_name_kana = value,
            Self::Nickname => details.nickname = value,
            Self::Sex => details.gender = value,
            Self::Birthdate => details.birthdate = value,
            Self::Country | Self::PostalCode | Self::Prefecture | Self::City | Self::Street => {
                let address = details.address.get_or_insert_default();
                // What stood on the envelope before is not their address any more.
                address.formatted = None;
                match self {
                    Self::Country => address.country = value,
                    Self::PostalCode => address.postal_code = value,
                    Self::Prefecture => address.region = value,
                    Self::City => address.locality = value,
                    _ => address.street_address = value,
                }
            }
            Self::Telephone => {
                details.phone_number = value;
                details.phone_number_verified = false;
            }
            Self::TelephoneVerified => details.phone_number_verified = value.is_some(),
            Self::Fax => details.fax_number = value,
            Self::Email => {
                profile.email = value;
                profile.email_verified = false;
            }
            Self::EmailVerified => profile.email_verified = value.is_some(),
        }
    }

    /// The form in which a value is kept; `None` for an empty one.
    fn clean(self, text: &str, today: Date) -> Result<Option<String>, InvalidField> {
        let invalid = InvalidField(self);
        let text = fold_width(text);
        if text.is_empty() {
            return Ok(None);
        }
        let bounded = |text: String, most: usize| {
            let fits = text.chars().count() <= most && !text.chars().any(char::is_control);
            if fits { Ok(Some(text)) } else { Err(invalid) }
        };
        match self {
            Self::Login => normalise(IdentifierKind::Login, &text)
                .map(Some)
                .map_err(|_| invalid),
            Self::Email => normalise(IdentifierKind::Email, &text)
                .map(Some)
                .map_err(|_| invalid),
            Self::Name | Self::Street => bounded(text, 200),
            Self::FamilyName | Self::GivenName | Self::Nickname | Self::Prefecture | Self::City => {
                bounded(text, 100)
            }
            Self::FamilyNameKana | Self::GivenNameKana => {
                let reading = katakana(&text);
                if is_katakana(&reading) {
                    bounded(reading, 100)
                } else {
                    Err(invalid)
                }
            }
            Self::Sex => bounded(text, 40),
            Self::Birthdate => birthdate(&text, today).map(Some).ok_or(invalid),
            Self::Country => {
                let country = text.to_ascii_uppercase();
                let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
                if is_code { Ok(Some(country)) } else { Err(invalid) }
            }
            Self::PostalCode => bounded(text, 16),
            Self::Telephone | Self::Fax => {
                let number = Telephone::parse(&text).ok_or(invalid)?;
                Ok(Some(number.as_str().to_owned()))
            }
            Self::TelephoneVerified | Self::EmailVerified => Err(invalid),
        }
    }
}

/// A day in the calendar that is over or today, and on which somebody alive can have been born.
fn birthdate(text: &str, today: Date) -> Option<String> {
    let date: Date = text.replace(['/', '.'], "-").parse().ok()?;
    (date.year() >= 1880 && date <= today).then(|| date.to_string())
}

/// The profile after a change, if every value fits its field, and all of them each other. What a value is not given for
/// stays as it is, even if it would not be taken today.
pub fn apply(before: &Profile, patch: &Patch, today: Date) -> Result<Profile, InvalidField> {
    let mut after = before.clone();
    for (field, value) in patch {
        if !field.is_settable() {
            return Err(InvalidField(*field));
        }
        let value = match value {
            Some(text) => field.clean(text, today)?,
            None => None,
        };
        if value.is_none() && *field == Field::Login {
            return Err(InvalidField(Field::Login));
        }
        // The same address again does not have to be shown again.
        if field.read(before) != value {
            field.write(&mut after, value);
        }
    }
    compose_name(before, &mut after, patch);
    check_address(&mut after, patch)?;
    Ok(after)
}

/// The full name follows its parts, unless it is given itself.
fn compose_name(before: &Profile, after: &mut Profile, patch: &Patch) {
    let parts = [Field::FamilyName, Field::GivenName];
    let changed = parts
        .into_iter()
        .any(|part| part.read(before) != part.read(after));
    if patch.contains_key(&Field::Name) || !changed {
        return;
    }
    let names: Vec<String> = parts.into_iter().filter_map(|part| part.read(after)).collect();
    if !names.is_empty() {
        after.name = Some(names.join(" "));
    }
}

/// A Japanese address has a Japanese postcode and one of the 47 prefectures.
fn check_address(after: &mut Profile, patch: &Patch) -> Result<(), InvalidField> {
    let touched =
        |field: Field| patch.get(&field).is_some_and(Option::is_some) || patch.contains_key(&Field::Country);
    let Some(address) = after.details.address.as_mut() else {
        return Ok(());
    };
    if address.country.as_deref().is_none_or(|country| country == "JP") {
        if touched(Field::PostalCode)
            && let Some(code) = &address.postal_code
        {
            let code = japanese_postal_code(code).ok_or(InvalidField(Field::PostalCode))?;
            address.postal_code = Some(code);
        }
        if touched(Field::Prefecture)
            && let Some(region) = &address.region
            && !PREFECTURES.contains(&region.as_str())
        {
            return Err(InvalidField(Field::Prefecture));
        }
    }
    if *address == super::details::Address::default() {
        after.details.address = None;
    }
    Ok(())
}

/// Seven digits, kept as `105-0011`.
fn japanese_postal_code(text: &str) -> Option<String> {
    let digits: String = text
        .trim_start_matches('〒')
        .chars()
        .filter(|character| !matches!(character, ' ' | '-' | '‐' | '−' | '–' | 'ー'))
        .collect();
    let fits = digits.len() == 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.split_at(3))
        .map(|(area, rest)| format!("{area}-{rest}"))
}

/// The fields in which two profiles differ.
pub fn differences(before: &Profile, after: &Profile) -> Vec<(Field, Option<String>, Option<String>)> {
    let changed = Field::ALL
        .iter()
        .map(|field| (*field, field.read(before), field.read(after)));
    changed.filter(|(_, before, after)| before != after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 26);

    fn patch(fields: &[(Field, &str)]) -> Patch {
        fields
            .iter()
            .map(|(field, text)| (*field, Some((*text).to_owned())))
            .collect()
    }

    fn one(field: Field, text: &str) -> Result<Option<String>, InvalidField> {
        let after = apply(&Profile::default(), &patch(&[(field, text)]), TODAY)?;
        Ok(field.read(&after))
    }

    #[test]
    fn every_field_is_kept_in_one_form_however_it_was_typed() {
        for (field, typed, kept) in [
            (Field::FamilyName, "　髙﨑 ", "髙﨑"),
            (Field::FamilyNameKana, "たかさき", "タカサキ"),
            (Field::GivenNameKana, "ﾊﾅｺ", "ハナコ"),
            (Field::Birthdate, "1950/04/29", "1950-04-29"),
            (Field::PostalCode, "〒１０５−００１１", "105-0011"),
            (Field::PostalCode, "1050011", "105-0011"),
            (Field::Prefecture, "東京都", "東京都"),
            (Field::Street, "芝公園４ー２ー８", "芝公園4ー2ー8"),
            (Field::Telephone, "０９０-1234-5678", "+819012345678"),
            (Field::Fax, "03(1234)5678", "+81312345678"),
            (Field::Country, "jp", "JP"),
            (Field::Email, "Hanako＠Example.jp", "hanako@example.jp"),
        ] {
            assert_eq!(one(field, typed), Ok(Some(kept.to_owned())), "{typed}");
        }
    }

    #[test]
    fn what_a_field_cannot_have_is_refused_by_its_name() {
        let long = "あ".repeat(201);
        for (field, typed) in [
            (Field::FamilyNameKana, "山田"),
            (Field::Birthdate, "2026-11-27"),
            (Field::Birthdate, "1950-02-29"),
            (Field::Birthdate, "1879-12-31"),
            (Field::Birthdate, "昭和25年4月29日"),
            (Field::PostalCode, "105-001"),
            (Field::PostalCode, "1050011a"),
            (Field::Prefecture, "江戸"),
            (Field::Telephone, "090-1234"),
            (Field::Email, "hanako"),
            (Field::Country, "JPN"),
            (Field::Street, long.as_str()),
            (Field::Name, "a\u{7}b"),
            (Field::EmailVerified, "true"),
            (Field::TelephoneVerified, "true"),
            (Field::Login, "　"),
        ] {
            assert_eq!(one(field, typed), Err(InvalidField(field)), "{typed}");
        }
    }

    #[test]
    fn an_address_elsewhere_has_the_postcode_of_elsewhere() {
        let abroad = patch(&[
            (Field::Country, "DE"),
            (Field::PostalCode, "10117"),
            (Field::Prefecture, "Berlin"),
        ]);
        let after = apply(&Profile::default(), &abroad, TODAY).unwrap();
        assert_eq!(Field::PostalCode.read(&after).as_deref(), Some("10117"));
        let back = patch(&[(Field::Country, "JP")]);
        assert_eq!(apply(&after, &back, TODAY), Err(InvalidField(Field::PostalCode)));
    }

    #[test]
    fn the_full_name_follows_its_parts_and_a_new_address_is_not_shown_to_be_theirs() {
        let mut before = Profile {
            email: Some("h@example.jp".to_owned()),
            email_verified: true,
            name: Some("H".to_owned()),
            ..Profile::default()
        };
        before.details.family_name = Some("山田".to_owned());
        before.details.given_name = Some("花子".to_owned());
        let after = apply(&before, &patch(&[(Field::FamilyName, "佐藤")]), TODAY).unwrap();
        assert_eq!(after.name.as_deref(), Some("佐藤 花子"));
        let same = apply(
            &before,
            &patch(&[(Field::Email, "H@example.jp"), (Field::FamilyName, "山田")]),
            TODAY,
        );
        assert_eq!(same.unwrap(), before, "nothing changed");
        let other = apply(&before, &patch(&[(Field::Email, "other@example.jp")]), TODAY).unwrap();
        assert!(!other.email_verified);
        let changed: Vec<Field> = differences(&before, &other)
            .into_iter()
            .map(|(field, ..)| field)
            .collect();
        assert_eq!(changed, [Field::Email, Field::EmailVerified]);
        let gone = apply(&before, &Patch::from([(Field::Email, None)]), TODAY).unwrap();
        assert_eq!((gone.email, gone.email_verified), (None, false));
    }
}
