//! What is sent and read of a person's fields: one list for making, changing and reading.

#![expect(
    clippy::option_option,
    reason = "RFC 7396 tells a member that is null from one that is not there"
)]

use garde::Validate;
use jiff::tz::TimeZone;
use platform::clock::Instant;
use serde::{Deserialize, Deserializer, Serialize};
use unic_langid::LanguageIdentifier;
use utoipa::ToSchema;

use crate::admin::Refusal;
use crate::admin::endpoints::desk::Rules;
use crate::people::{Details, Field, Patch, Profile};

macro_rules! members {
    ($($(#[$doc:meta])* $member:ident: $field:ident),+ $(,)?) => {
        /// What is known about a person besides their name and address.
        #[derive(Debug, Serialize, ToSchema)]
        pub(super) struct FieldsView {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                $member: Option<String>,
            )+
            /// Whether the person has shown that the telephone number is theirs.
            telephone_verified: bool,
        }

        impl FieldsView {
            pub(super) fn of(profile: &Profile) -> Self {
                Self {
                    $($member: Field::$field.read(profile),)+
                    telephone_verified: profile.details.phone_number_verified,
                }
            }
        }

        /// A person to be made.
        #[derive(Debug, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(as = NewPerson)]
        pub(super) struct Body {
            /// What is typed at sign-in.
            #[garde(length(chars, min = 1, max = 128), custom(printable))]
            login: String,
            /// E-mail address.
            #[garde(length(bytes, min = 3, max = 254), custom(printable_option))]
            email: Option<String>,
            /// Full name; without it, it is made of its parts.
            #[garde(length(chars, min = 1, max = 200), custom(printable_option))]
            name: Option<String>,
            /// BCP 47 tag of their language.
            #[garde(custom(language))]
            locale: Option<String>,
            $(
                $(#[$doc])*
                #[garde(skip)]
                $member: Option<String>,
            )+
        }

        impl Body {
            fn patch(&mut self) -> Patch {
                let mut patch = Patch::new();
                $(
                    if let Some(text) = self.$member.take() {
                        patch.insert(Field::$field, Some(text));
                    }
                )+
                patch
            }
        }

        /// What is to be changed (RFC 7396): a member that is null is taken away, one that is not there stays.
        #[derive(Debug, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(as = PersonChange)]
        pub(super) struct Change {
            /// What is typed at sign-in. The caller must hold every power that the person holds.
            #[serde(default, deserialize_with = "given")]
            #[garde(skip)]
            #[schema(value_type = Option<String>)]
            login: Option<Option<String>>,
            /// E-mail address; it is not confirmed. The caller must hold every power that the person holds.
            #[serde(default, deserialize_with = "given")]
            #[garde(skip)]
            #[schema(value_type = Option<String>)]
            email: Option<Option<String>>,
            /// Full name; without it, it follows its parts.
            #[serde(default, deserialize_with = "given")]
            #[garde(skip)]
            #[schema(value_type = Option<String>)]
            name: Option<Option<String>>,
            $(
                $(#[$doc])*
                #[serde(default, deserialize_with = "given")]
                #[garde(skip)]
                #[schema(value_type = Option<String>)]
                $member: Option<Option<String>>,
            )+
        }

        impl Change {
            /// The members that are there.
            pub(super) fn patch(self) -> Patch {
                let members = [
                    (Field::Login, self.login),
                    (Field::Email, self.email),
                    (Field::Name, self.name),
                    $((Field::$field, self.$member),)+
                ];
                members.into_iter().filter_map(|(field, value)| Some((field, value?))).collect()
            }
        }
    };
}

members! {
    /// Surname.
    family_name: FamilyName,
    /// First name.
    given_name: GivenName,
    /// Reading of the surname, in katakana; hiragana and half-width kana are kept as such.
    family_name_kana: FamilyNameKana,
    /// Reading of the first name, in katakana.
    given_name_kana: GivenNameKana,
    /// What friends call them.
    nickname: Nickname,
    /// `male`, `female`, `other`, or in their own words.
    sex: Sex,
    /// Date of birth, `YYYY-MM-DD`.
    birthdate: Birthdate,
    /// Country, ISO 3166-1 alpha-2; absent: Japan.
    country: Country,
    /// Postcode; a Japanese one has seven digits.
    postal_code: PostalCode,
    /// Prefecture: of Japan, one of the 47 by its Japanese name.
    prefecture: Prefecture,
    /// City, ward, town or village.
    city: City,
    /// Street, house and flat.
    street: Street,
    /// Telephone number, as written in Japan or with `+`; kept as E.164.
    telephone: Telephone,
    /// Fax number, likewise.
    fax: Fax,
}

/// A member that is there, be it null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Rules for Body {
    const RULES: &'static str = "login is there, with 1 to 128 characters; email, name (1 to 200 characters), locale (a \
                                 language tag) and the fields of a person may be; nothing else is, and no control \
                                 characters are.";
}

impl Rules for Change {
    const RULES: &'static str = "Each member is a field of a person, and a text or null.";
}

impl Body {
    /// The profile that it describes, and the language.
    pub(super) fn profile(mut self, now: Instant) -> Result<(Profile, Option<String>), Refusal> {
        let patch = self.patch();
        let plain = Profile {
            login: self.login,
            name: self.name.clone(),
            email: self.email,
            email_verified: false,
            details: Details::default(),
        };
        let today = jiff::Timestamp::from_microsecond(now.as_micros()).unwrap_or_default();
        let today = today.to_zoned(TimeZone::UTC).date();
        let mut profile = crate::people::apply(&plain, &patch, today)?;
        if self.name.is_some() {
            profile.name = self.name;
        }
        Ok((profile, self.locale))
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands the context as it is"
)]
pub(in crate::admin::endpoints) fn printable(text: &str, (): &()) -> garde::Result {
    if text.chars().any(char::is_control) {
        Err(garde::Error::new("control character"))
    } else {
        Ok(())
    }
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands field and context as they are"
)]
pub(in crate::admin::endpoints) fn printable_option(text: &Option<String>, context: &()) -> garde::Result {
    text.as_deref().map_or(Ok(()), |text| printable(text, context))
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands field and context as they are"
)]
pub(in crate::admin::endpoints) fn language(tag: &Option<String>, (): &()) -> garde::Result {
    let well_formed = tag
        .as_ref()
        .is_none_or(|tag| tag.len() <= 35 && tag.parse::<LanguageIdentifier>().is_ok());
    if well_formed {
        Ok(())
    } else {
        Err(garde::Error::new("language tag"))
    }
}
