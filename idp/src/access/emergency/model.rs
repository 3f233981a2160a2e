//! Who may declare an emergency. Pure.

use std::time::Duration;

use crate::access::{Standing, is_licensed};
use crate::ids::{OrganisationId, PersonId};

/// How long an emergency lasts at most.
pub const LIFE: Duration = Duration::from_hours(4);
/// How many one person declares in a day at most.
pub const MOST_A_DAY: i64 = 20;

/// Why no emergency was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDeclared {
    /// The reason is too short to say anything, or too long.
    #[error("a reason has 10 to 500 characters")]
    Reason,
    /// The declarer does not work there in an occupation of medicine.
    #[error("only staff of medicine declare an emergency")]
    Occupation,
    /// Neither a contract nor the realm lets that organisation.
    #[error("this organisation may not declare emergencies about this person")]
    Organisation,
    /// It would be about themselves.
    #[error("nobody declares an emergency about themselves")]
    Themselves,
    /// The declarer declared too many.
    #[error("too many emergencies were declared")]
    TooMany,
}

/// A reason, as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Takes a reason that says something.
    pub fn new(text: &str) -> Result<Self, NotDeclared> {
        let text = text.trim();
        let fits = (10..=500).contains(&text.chars().count());
        let printable = !text
            .chars()
            .any(|one| one.is_control() && one != '\n' && one != '\r');
        if fits && printable {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotDeclared::Reason)
        }
    }

    /// What was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The standing in which `declarer` may declare an emergency about `subject` at `organisation`; `allowed` are the
/// organisations with a contract with the subject, and those that the realm allows.
pub fn may_declare<'s>(
    (declarer, subject): (PersonId, PersonId),
    organisation: OrganisationId,
    standings: &'s [Standing],
    allowed: &[OrganisationId],
) -> Result<&'s Standing, NotDeclared> {
    if declarer == subject {
        return Err(NotDeclared::Themselves);
    }
    let mut there = standings.iter().filter(|one| one.organisation == organisation);
    let standing = there
        .find(|one| one.occupation.as_deref().is_some_and(is_licensed))
        .ok_or(NotDeclared::Occupation)?;
    if standing.above.iter().any(|above| allowed.contains(above)) {
        Ok(standing)
    } else {
        Err(NotDeclared::Organisation)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn organisation(number: u128) -> OrganisationId {
        Uuid::from_u128(number).into()
    }

    fn person(number: u128) -> PersonId {
        Uuid::from_u128(number).into()
    }

    fn at(place: u128, occupation: Option<&str>) -> Standing {
        Standing {
            organisation: organisation(place),
            above: vec![organisation(place), organisation(9)],
            occupation: occupation.map(str::to_owned),
        }
    }

    #[test]
    fn only_staff_of_medicine_declare_where_their_organisation_may() {
        let about = (person(1), person(2));
        let nurse = [at(1, Some("clerk")), at(1, Some("nurse"))];
        for allowed in [organisation(1), organisation(9)] {
            assert_eq!(
                may_declare(about, organisation(1), &nurse, &[allowed]),
                Ok(&nurse[1])
            );
        }
        let refused = |standings: &[Standing], allowed: &[OrganisationId]| {
            may_declare(about, organisation(1), standings, allowed).map(drop)
        };
        assert_eq!(refused(&nurse, &[]), Err(NotDeclared::Organisation));
        assert_eq!(
            refused(&nurse, &[organisation(2)]),
            Err(NotDeclared::Organisation)
        );
        for other in [
            at(1, Some("clerk")),
            at(1, Some("trainer")),
            at(1, None),
            at(2, Some("nurse")),
        ] {
            assert_eq!(
                refused(&[other], &[organisation(9)]),
                Err(NotDeclared::Occupation)
            );
        }
        let own = may_declare(
            (person(1), person(1)),
            organisation(1),
            &nurse,
            &[organisation(1)],
        );
        assert_eq!(own.map(drop), Err(NotDeclared::Themselves));
    }

    #[test]
    fn a_reason_says_something() {
        assert!(Reason::new("unconscious after a fall").is_ok());
        assert!(Reason::new("意識がなく、薬を確認したい").is_ok());
        for text in ["", "          ", "no", "urgent\u{0}urgent", &"x".repeat(501)] {
            assert_eq!(Reason::new(text), Err(NotDeclared::Reason), "{text}");
        }
    }
}
