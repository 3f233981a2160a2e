//! What a person can be found by, and what is asked.

use crate::people::fields::Field;
use crate::people::folding::{searched, searched_reading};
use crate::people::model::{IdentifierKind, Profile, normalise};
use crate::people::telephone::Telephone;

/// Characters of a beginning that is indexed; what is longer is found by its first ones.
pub(super) const PREFIX: usize = 12;

/// What is looked for; all that is given must fit. Names and readings by their beginning.
#[derive(Debug, Clone, Default)]
pub struct Criteria {
    /// Beginning of the name, or of the first name.
    pub name: Option<String>,
    /// Beginning of the reading of either, in any kana.
    pub kana: Option<String>,
    /// Login name.
    pub login: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone or fax number.
    pub telephone: Option<String>,
    /// Date of birth.
    pub birthdate: Option<String>,
}

/// What a hash is of: the context keeps equal texts of different fields apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token {
    pub context: &'static str,
    pub text: String,
}

const NAME: &str = "search.name";
const KANA: &str = "search.kana";
const LOGIN: &str = "search.login";
const EMAIL: &str = "search.email";
const TELEPHONE: &str = "search.telephone";
const BIRTHDATE: &str = "search.birthdate";

/// Whether a change of a field changes what a person is found by.
pub(in crate::people) fn is_searched(field: Field) -> bool {
    matches!(
        field,
        Field::Login
            | Field::Name
            | Field::FamilyName
            | Field::GivenName
            | Field::FamilyNameKana
            | Field::GivenNameKana
            | Field::Birthdate
            | Field::Telephone
            | Field::Fax
            | Field::Email
    )
}

/// All that a person is found by, each once.
pub(super) fn of(profile: &Profile) -> Vec<Token> {
    let details = &profile.details;
    let mut tokens = Vec::new();
    let joined = |parts: [&Option<String>; 2]| {
        parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<String>()
    };
    let name = profile.name.clone().unwrap_or_default();
    let parts = joined([&details.family_name, &details.given_name]);
    let given = details.given_name.clone().unwrap_or_default();
    for text in [name, parts, given] {
        tokens.extend(beginnings(NAME, &searched(&text)));
    }
    let reading = joined([&details.family_name_kana, &details.given_name_kana]);
    let given = details.given_name_kana.clone().unwrap_or_default();
    for text in [reading, given] {
        tokens.extend(beginnings(KANA, &searched_reading(&text)));
    }
    let whole = |context, text: Option<String>| text.map(|text| Token { context, text });
    tokens.extend(whole(
        LOGIN,
        normalise(IdentifierKind::Login, &profile.login).ok(),
    ));
    let email = profile.email.as_deref();
    tokens.extend(whole(
        EMAIL,
        email.and_then(|email| normalise(IdentifierKind::Email, email).ok()),
    ));
    tokens.extend(whole(TELEPHONE, details.phone_number.clone()));
    tokens.extend(whole(TELEPHONE, details.fax_number.clone()));
    tokens.extend(whole(BIRTHDATE, details.birthdate.clone()));
    tokens.sort();
    tokens.dedup();
    tokens
}

fn beginnings(context: &'static str, text: &str) -> Vec<Token> {
    let mut beginning = String::new();
    let characters = text.chars().take(PREFIX);
    characters
        .map(|character| {
            beginning.push(character);
            Token {
                context,
                text: beginning.clone(),
            }
        })
        .collect()
}

impl Criteria {
    /// Whether nothing was given.
    pub(super) fn is_empty(&self) -> bool {
        let all = [
            &self.name,
            &self.kana,
            &self.login,
            &self.email,
            &self.telephone,
            &self.birthdate,
        ];
        all.into_iter().all(Option::is_none)
    }

    /// What has to be found; `None` if something that was given can be nobody's, or nothing was given.
    pub(super) fn tokens(&self) -> Option<Vec<Token>> {
        let start = |context, text: String| {
            let text: String = text.chars().take(PREFIX).collect();
            (!text.is_empty()).then_some(Token { context, text })
        };
        let mut tokens = Vec::new();
        if let Some(name) = &self.name {
            tokens.push(start(NAME, searched(name))?);
        }
        if let Some(kana) = &self.kana {
            tokens.push(start(KANA, searched_reading(kana))?);
        }
        let mut whole = |context, text: Option<String>| text.map(|text| tokens.push(Token { context, text }));
        if let Some(login) = &self.login {
            whole(LOGIN, normalise(IdentifierKind::Login, login).ok())?;
        }
        if let Some(email) = &self.email {
            whole(EMAIL, normalise(IdentifierKind::Email, email).ok())?;
        }
        if let Some(telephone) = &self.telephone {
            whole(
                TELEPHONE,
                Telephone::parse(telephone).map(|number| number.as_str().to_owned()),
            )?;
        }
        if let Some(birthdate) = &self.birthdate {
            whole(BIRTHDATE, Some(birthdate.clone()))?;
        }
        (!tokens.is_empty()).then_some(tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hanako() -> Profile {
        let mut profile = Profile {
            login: "hanako".to_owned(),
            name: Some("山田 花子".to_owned()),
            email: Some("Hanako@example.jp".to_owned()),
            ..Profile::default()
        };
        let details = &mut profile.details;
        details.family_name = Some("山田".to_owned());
        details.given_name = Some("花子".to_owned());
        details.family_name_kana = Some("ヤマダ".to_owned());
        details.given_name_kana = Some("ハナコ".to_owned());
        details.phone_number = Some("+819012345678".to_owned());
        profile
    }

    fn finds(criteria: &Criteria) -> bool {
        let held = of(&hanako());
        criteria
            .tokens()
            .is_some_and(|asked| asked.iter().all(|token| held.contains(token)))
    }

    #[test]
    fn somebody_is_found_by_beginnings_in_any_kana_and_width_and_by_what_is_whole() {
        let some = |text: &str| Some(text.to_owned());
        for name in ["山", "山田", "山田花", "山田　花子", "花子", "花"] {
            assert!(
                finds(&Criteria {
                    name: some(name),
                    ..Criteria::default()
                }),
                "{name}"
            );
        }
        for kana in ["やま", "ﾔﾏﾀﾞ", "ヤマダハ", "はなこ", "やまだ はなこ"] {
            assert!(
                finds(&Criteria {
                    kana: some(kana),
                    ..Criteria::default()
                }),
                "{kana}"
            );
        }
        assert!(finds(&Criteria {
            email: some("hanako＠example.jp"),
            ..Criteria::default()
        }));
        assert!(finds(&Criteria {
            telephone: some("090-1234-5678"),
            name: some("山"),
            ..Criteria::default()
        }));
    }

    #[test]
    fn what_stands_in_the_middle_in_another_field_or_in_part_does_not_find() {
        let some = |text: &str| Some(text.to_owned());
        for name in ["田", "子", "ヤマダ", "山田花子花"] {
            assert!(
                !finds(&Criteria {
                    name: some(name),
                    ..Criteria::default()
                }),
                "{name}"
            );
        }
        for criteria in [
            Criteria {
                email: some("hanako@example"),
                ..Criteria::default()
            },
            Criteria {
                email: some("not an address"),
                ..Criteria::default()
            },
            Criteria {
                telephone: some("090-1234"),
                ..Criteria::default()
            },
            Criteria {
                name: some("山田"),
                kana: some("サトウ"),
                ..Criteria::default()
            },
            Criteria {
                name: some(" "),
                ..Criteria::default()
            },
            Criteria::default(),
        ] {
            assert!(!finds(&criteria), "{criteria:?}");
        }
    }

    #[test]
    fn a_long_name_has_no_more_than_its_first_characters() {
        let mut profile = hanako();
        profile.name = Some("寿".repeat(200));
        let names = of(&profile).into_iter().filter(|token| token.context == NAME);
        assert!(names.count() <= 3 * PREFIX);
    }
}
