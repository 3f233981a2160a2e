//! What callers send about members of staff.

use garde::Validate;
use platform::clock::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

use super::StaffDesk;
use crate::admin::Refusal;
use crate::admin::endpoints::desk::Rules;
use crate::admin::endpoints::people::{language, printable, printable_option};
use crate::ids::OrganisationId;
use crate::people::{Details, NewPerson, Person, Prepared, Profile};
use crate::staff::act::Act;
use crate::staff::affiliations::{self as places, Place, licence_aad};
use crate::staff::term::Term;
use crate::staff::words::OccupationCode;

/// Somebody to be registered. Powers are delegated, by a call of their own.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStaff {
    /// What is typed at sign-in.
    #[garde(length(chars, min = 1, max = 128), custom(printable))]
    pub login: String,
    /// Full name.
    #[garde(length(chars, min = 1, max = 200), custom(printable))]
    name: String,
    /// E-mail address.
    #[garde(length(bytes, min = 3, max = 254), custom(printable_option))]
    email: Option<String>,
    /// Sex.
    #[garde(length(chars, min = 1, max = 40), custom(printable_option))]
    gender: Option<String>,
    /// Date of birth, `YYYY-MM-DD`.
    #[garde(length(bytes, min = 4, max = 10))]
    birthdate: Option<String>,
    /// BCP 47 tag of their language.
    #[garde(custom(language))]
    locale: Option<String>,
    /// As what they are called there.
    #[garde(length(chars, min = 1, max = 100), custom(printable_option))]
    title: Option<String>,
    /// From when (RFC 3339); absent: at once.
    #[garde(length(bytes, max = 40))]
    from: Option<String>,
    /// Until when (RFC 3339); absent: until it is ended.
    #[garde(length(bytes, max = 40))]
    until: Option<String>,
    /// As what.
    #[serde(default)]
    #[garde(length(max = 10), dive)]
    occupations: Vec<NewOccupation>,
}

/// An occupation to be added.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOccupation)]
pub(super) struct NewOccupation {
    /// What: `physician`, `nurse`, `clerk`, …
    #[garde(length(bytes, min = 1, max = 40))]
    code: String,
    /// The number of the licence.
    #[garde(length(chars, min = 1, max = 40), custom(printable_option))]
    licence: Option<String>,
    /// When the licence expires (RFC 3339).
    #[garde(length(bytes, max = 40))]
    licence_until: Option<String>,
}

pub(super) const STAFF_RULES: &str = "login and name are there; email, gender, birthdate, locale, title, from, until (RFC 3339) and occupations may be; \
     nothing else is, powers least of all.";
pub(super) const OCCUPATION_RULES: &str = "code is one of the occupations; licence is its number and licence_until a time (RFC 3339); nothing else is there.";

impl Rules for NewStaff {
    const RULES: &'static str = STAFF_RULES;
}

impl Rules for NewOccupation {
    const RULES: &'static str = OCCUPATION_RULES;
}

/// A time that may be there.
pub(super) fn time(text: Option<&str>, rules: &'static str) -> Result<Option<Instant>, Refusal> {
    text.map(|text| Instant::from_rfc3339(text).ok_or(Refusal::invalid("body.time", rules)))
        .transpose()
}

/// A term from two times; the first is now, if it is not said.
pub(super) fn term(
    (from, until): (Option<&str>, Option<&str>),
    now: Instant,
    rules: &'static str,
) -> Result<Term, Refusal> {
    Ok(Term {
        from: time(from, rules)?.unwrap_or(now),
        until: time(until, rules)?,
    })
}

impl NewOccupation {
    /// Seals the licence under the person's key.
    pub(super) fn seal(&self, act: &Act, person: &Person) -> Result<places::NewOccupation, Refusal> {
        let code =
            OccupationCode::parse(&self.code).ok_or(Refusal::invalid("occupation.code", OCCUPATION_RULES))?;
        let seal = |licence: &String| {
            person.key.seal(
                &act.entropy,
                &licence_aad(act, person.id, code),
                licence.as_bytes(),
            )
        };
        let sealed_licence = self.licence.as_ref().map(seal).transpose();
        Ok(places::NewOccupation {
            code,
            sealed_licence: sealed_licence.map_err(|error| Refusal::unavailable(&error))?,
            licence_until: time(self.licence_until.as_deref(), OCCUPATION_RULES)?,
        })
    }
}

/// Somebody whose rows are sealed and who is not written down yet.
pub(super) struct Sealed {
    pub person: Prepared,
    pub place: Place,
    pub occupations: Vec<places::NewOccupation>,
}

impl NewStaff {
    /// Seals what will be written of them.
    pub(super) fn seal(self, desk: &StaffDesk<'_>, organisation: OrganisationId) -> Result<Sealed, Refusal> {
        let term = term(
            (self.from.as_deref(), self.until.as_deref()),
            desk.act.now,
            STAFF_RULES,
        )?;
        let details = Details {
            gender: self.gender,
            birthdate: self.birthdate,
            ..Details::default()
        };
        details
            .check()
            .map_err(|_| Refusal::invalid("staff.details", STAFF_RULES))?;
        let new = NewPerson {
            profile: Profile {
                login: self.login,
                name: Some(self.name),
                email: self.email,
                email_verified: false,
                details,
            },
            locale: self.locale,
            powers: Vec::new(),
        };
        let person = desk.desk.hub.people.prepare(desk.desk.realm(), &new)?;
        let sealed = self
            .occupations
            .iter()
            .map(|one| one.seal(&desk.act, &person.person));
        let occupations = sealed.collect::<Result<_, _>>()?;
        Ok(Sealed {
            person,
            place: Place {
                organisation,
                title: self.title,
                term,
            },
            occupations,
        })
    }
}
