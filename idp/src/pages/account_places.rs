//! Looking for an organisation, or for somebody who works there, to decide what they see.

use super::access_words::{occupation, organisation_kind};
use super::account::Section;
use super::{Form, Frame, Texts, links, page};
use crate::staff::words::{OccupationCode, OrganisationKind};

/// The search.
#[derive(Debug, Clone, Copy)]
pub struct FindPlace<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Posts the field `q`: what people look for stands in no address.
    pub form: Form<'a>,
    /// What was typed.
    pub text: &'a str,
    /// What was found, if something was looked for.
    pub found: Option<&'a [PlaceLine<'a>]>,
    /// Whether there are more than are shown.
    pub more: bool,
    /// Whether what was typed is too long to be a name.
    pub too_long: bool,
}

/// An organisation.
#[derive(Debug, Clone, Copy)]
pub struct PlaceLine<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it is.
    pub kind: OrganisationKind,
    /// What it is part of.
    pub within: Option<&'a str>,
    /// Its number, in groups.
    pub number: &'a str,
    /// Its own page.
    pub url: &'a str,
}

/// What can be chosen at an organisation.
#[derive(Debug, Clone, Copy)]
pub struct AtPlace<'a> {
    /// What surrounds the page.
    pub frame: Frame<'a>,
    /// Why nobody was chosen.
    pub problem: Option<PlaceProblem>,
    /// The organisation.
    pub place: PlaceLine<'a>,
    /// The names of what is directly below it.
    pub parts: &'a [String],
    /// Whether there are more parts than are named.
    pub more_parts: bool,
    /// The occupations in which somebody works there.
    pub occupations: &'a [OccupationCode],
    /// Posts `of`, `as` (`everybody`, `person` or an occupation), `below` and `staff`.
    pub form: Form<'a>,
    /// What was chosen before.
    pub chosen: Option<&'a str>,
    /// Whether its parts were chosen, too.
    pub below: bool,
    /// What was typed before to name somebody.
    pub staff: &'a str,
}

/// Why nobody was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceProblem {
    /// Nothing was chosen.
    Whom,
    /// Nobody works there in that occupation.
    Occupation,
    /// Neither number nor name was typed.
    StaffMissing,
    /// Nobody there has that number or name.
    StaffUnknown,
    /// Several have that name.
    StaffSeveral,
    /// Too many looks.
    Wait {
        /// Until the next is taken.
        seconds: u64,
    },
}

impl PlaceLine<'_> {
    /// What it is, and what it is part of.
    fn what(&self, texts: &Texts) -> Result<String, askama::Error> {
        let kind = organisation_kind(texts, self.kind)?;
        match self.within {
            None => Ok(kind),
            Some(within) => Ok(kind + &texts.with("place-within", "organisation", within)?),
        }
    }
}

impl AtPlace<'_> {
    fn choices(&self, texts: &Texts) -> Result<Vec<(&'static str, String)>, askama::Error> {
        let mut all = vec![("everybody", texts.say("place-everybody")?)];
        for code in self.occupations {
            let word = occupation(texts, code.word())?;
            all.push((code.word(), texts.with("place-occupation", "occupation", word)?));
        }
        all.push(("person", texts.say("place-person")?));
        Ok(all)
    }

    fn parts_words(&self, texts: &Texts) -> Result<String, askama::Error> {
        let names = self.parts.join(&texts.say("detail-kind-separator")?);
        if self.more_parts {
            texts.with("place-parts-more", "parts", names)
        } else {
            Ok(names)
        }
    }

    fn has(&self, word: impl AsRef<str>) -> bool {
        self.chosen == Some(word.as_ref())
    }
}

impl PlaceProblem {
    fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self {
            Self::Whom => texts.say("place-problem-whom"),
            Self::Occupation => texts.say("place-problem-occupation"),
            Self::StaffMissing => texts.say("place-problem-staff-missing"),
            Self::StaffUnknown => texts.say("place-problem-staff-unknown"),
            Self::StaffSeveral => texts.say("place-problem-staff-several"),
            Self::Wait { seconds } => texts.with("password-wait", "wait", texts.wait(seconds)?),
        }
    }
}

page!(FindPlace, "account_place_find.html");
page!(AtPlace, "account_place_at.html");
