//! The form of a person's details: their own, or those of somebody who permitted the reader to keep them.

use super::account::Section;
use super::{Form, Frame, Texts, links, page};
use crate::people::{Field, PREFECTURES};

/// The form.
#[derive(Debug, Clone, Copy)]
pub struct DetailsForm<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Whose details they are, if not the reader's.
    pub of: Option<&'a str>,
    /// Posts each field by its name and, if [`Self::ask_password`], `current`.
    pub change: Form<'a>,
    /// The fields with what stands in them.
    pub fields: &'a [FieldLine<'a>],
    /// Whether the sign-in is too long ago to change anything without the password.
    pub ask_password: bool,
    /// What is wrong with the last attempt.
    pub problem: Option<DetailsProblem>,
    /// Local address of the page before.
    pub back: &'a str,
}

/// A field of the form.
#[derive(Debug, Clone, Copy)]
pub struct FieldLine<'a> {
    /// Which.
    pub field: Field,
    /// What stands in it.
    pub value: &'a str,
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailsProblem {
    /// A field cannot be like this.
    Field(Field),
    /// The date of birth of a ward.
    Ward,
    /// Somebody else changed them in between.
    Raced,
    /// The password is not right.
    Password,
    /// Too many attempts.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
    /// The sign-in is too long ago, and there is no password to ask for.
    SignInAgain,
    /// Too much to do.
    Busy {
        /// After which trying again makes sense.
        seconds: u64,
    },
}

/// What a field is called.
pub(super) fn label(field: Field, texts: &Texts) -> Result<String, askama::Error> {
    match field {
        Field::Login => texts.say("field-login"),
        Field::Name => texts.say("field-name"),
        Field::FamilyName => texts.say("field-family-name"),
        Field::GivenName => texts.say("field-given-name"),
        Field::FamilyNameKana => texts.say("field-family-name-kana"),
        Field::GivenNameKana => texts.say("field-given-name-kana"),
        Field::Nickname => texts.say("field-nickname"),
        Field::Sex => texts.say("field-sex"),
        Field::Birthdate => texts.say("field-birthdate"),
        Field::Country => texts.say("field-country"),
        Field::PostalCode => texts.say("field-postal-code"),
        Field::Prefecture => texts.say("field-prefecture"),
        Field::City => texts.say("field-city"),
        Field::Street => texts.say("field-street"),
        Field::Telephone => texts.say("field-telephone"),
        Field::TelephoneVerified => texts.say("field-telephone-verified"),
        Field::Fax => texts.say("field-fax"),
        Field::Email => texts.say("field-email"),
        Field::EmailVerified => texts.say("field-email-verified"),
    }
}

/// A value in words.
pub(super) fn value_words(field: Field, value: &str, texts: &Texts) -> Result<String, askama::Error> {
    match (field, value) {
        (Field::Sex, "male") => texts.say("sex-male"),
        (Field::Sex, "female") => texts.say("sex-female"),
        (Field::Sex, "other") => texts.say("sex-other"),
        (Field::EmailVerified | Field::TelephoneVerified, _) => texts.say("value-yes"),
        (_, other) => Ok(other.to_owned()),
    }
}

impl FieldLine<'_> {
    fn name(&self) -> &'static str {
        self.field.name()
    }

    fn label(&self, texts: &Texts) -> Result<String, askama::Error> {
        label(self.field, texts)
    }

    fn hint(&self, texts: &Texts) -> Result<Option<String>, askama::Error> {
        Ok(match self.field {
            Field::FamilyNameKana | Field::GivenNameKana => Some(texts.say("field-kana-hint")?),
            Field::Birthdate => Some(texts.say("field-birthdate-hint")?),
            Field::Country => Some(texts.say("field-country-hint")?),
            Field::PostalCode => Some(texts.say("field-postal-code-hint")?),
            Field::Telephone => Some(texts.say("field-telephone-hint")?),
            _ => None,
        })
    }

    /// How browsers fill it in by themselves (HTML, autofill field names).
    fn autocomplete(&self) -> &'static str {
        match self.field {
            Field::FamilyName => "family-name",
            Field::GivenName => "given-name",
            Field::Nickname => "nickname",
            Field::Birthdate => "bday",
            Field::Country => "country",
            Field::PostalCode => "postal-code",
            Field::Prefecture => "address-level1",
            Field::Sex => "sex",
            Field::City => "address-level2",
            Field::Street => "street-address",
            Field::Telephone => "tel",
            _ => "off",
        }
    }

    fn input_mode(&self) -> &'static str {
        match self.field {
            Field::Telephone | Field::Fax => "tel",
            Field::PostalCode | Field::Birthdate => "numeric",
            _ => "text",
        }
    }

    /// What there is to choose from: value and words. None: it is typed.
    fn choices(&self, texts: &Texts) -> Result<Vec<(String, String)>, askama::Error> {
        let mut choices = match self.field {
            Field::Prefecture => {
                let names = PREFECTURES
                    .iter()
                    .map(|name| ((*name).to_owned(), (*name).to_owned()));
                let empty = std::iter::once((String::new(), String::new()));
                empty.chain(names).collect()
            }
            Field::Sex => vec![
                (String::new(), texts.say("sex-unsaid")?),
                ("male".to_owned(), texts.say("sex-male")?),
                ("female".to_owned(), texts.say("sex-female")?),
                ("other".to_owned(), texts.say("sex-other")?),
            ],
            _ => return Ok(Vec::new()),
        };
        // What was kept in other words stays possible.
        if choices.iter().all(|(value, _)| value != self.value) {
            choices.push((self.value.to_owned(), self.value.to_owned()));
        }
        Ok(choices)
    }

    fn chosen(&self, value: &str) -> bool {
        self.value == value
    }
}

impl DetailsForm<'_> {
    fn wrong(&self, line: &FieldLine<'_>) -> bool {
        match self.problem {
            Some(DetailsProblem::Field(field)) => field == line.field,
            Some(DetailsProblem::Ward) => line.field == Field::Birthdate,
            _ => false,
        }
    }

    fn title(&self, texts: &Texts) -> Result<String, askama::Error> {
        match self.of {
            Some(name) => texts.with("details-title-of", "name", name),
            None => texts.say("details-title"),
        }
    }
}

impl DetailsProblem {
    fn field(self) -> Option<&'static str> {
        match self {
            Self::Field(field) => Some(field.name()),
            Self::Ward => Some(Field::Birthdate.name()),
            Self::Password => Some("current"),
            _ => None,
        }
    }

    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Field(field) => texts.with("details-problem-field", "field", label(field, texts)?),
            Self::Ward => texts.say("details-problem-ward"),
            Self::Raced => texts.say("details-problem-raced"),
            Self::Password => texts.say("password-current-wrong"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
            Self::SignInAgain => texts.say("account-sign-in-again"),
            Self::Busy { seconds } => texts.with("sign-in-busy-what", "wait", texts.wait(seconds)?),
        }
    }
}

page!(DetailsForm, "account_details.html");
