//! Ties, what they allow, and who ends them. Pure.

use platform::clock::Instant;

use super::majority::majority;
use crate::ids::{PersonId, TieId};

/// What the other is to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Mother or father.
    Parent,
    /// Guardian.
    Guardian,
    /// Husband, wife or partner.
    Spouse,
    /// Daughter or son.
    Child,
    /// Sister or brother.
    Sibling,
    /// Other kin.
    Relative,
    /// Who cares for them.
    Carer,
    /// Friend.
    Friend,
}

/// What the other may do for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Change what is kept about them.
    UpdateProfile,
    /// Be told of alerts about them.
    Alerts,
    /// Help them back into their account.
    Recovery,
}

/// A set of powers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Powers(u8);

/// The law that a tie rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Guardianship or parental authority over a minor: until majority.
    Minor,
    /// Guardianship of an adult (成年後見): until an administrator ends it.
    Adult,
}

/// Who wants to end a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The person whose data it is about.
    Person,
    /// The other.
    Other,
    /// An administrator.
    Administrator,
}

/// A tie from a person to another.
#[derive(Debug, Clone)]
pub struct Tie {
    /// Which.
    pub id: TieId,
    /// Whose data it is about.
    pub person: PersonId,
    /// Who may do something.
    pub other: PersonId,
    /// What the other is to the person.
    pub relation: Relation,
    /// What the other may do.
    pub powers: Powers,
    /// The law it rests on; `None` if on the consent of both.
    pub basis: Option<Basis>,
    /// From when.
    pub from_at: Instant,
    /// Until when, if that is set.
    pub until_at: Option<Instant>,
}

impl Relation {
    /// All of them, in the order in which pages show them.
    pub const ALL: [Self; 8] = [
        Self::Parent,
        Self::Child,
        Self::Spouse,
        Self::Sibling,
        Self::Relative,
        Self::Carer,
        Self::Friend,
        Self::Guardian,
    ];

    /// Those that people give each other; guardians are set by an administrator.
    pub fn by_consent() -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(|relation| *relation != Self::Guardian)
    }

    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Guardian => "guardian",
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Sibling => "sibling",
            Self::Relative => "relative",
            Self::Carer => "carer",
            Self::Friend => "friend",
        }
    }

    /// The relation of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relation| relation.as_str() == word)
    }
}

impl Power {
    /// All of them, in the order in which pages show them.
    pub const ALL: [Self; 3] = [Self::UpdateProfile, Self::Alerts, Self::Recovery];

    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpdateProfile => "update_profile",
            Self::Alerts => "alerts",
            Self::Recovery => "recovery",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::UpdateProfile => 1,
            Self::Alerts => 2,
            Self::Recovery => 4,
        }
    }
}

impl Powers {
    /// Those.
    pub fn of(powers: impl IntoIterator<Item = Power>) -> Self {
        Self(powers.into_iter().fold(0, |bits, power| bits | power.bit()))
    }

    /// Whether it is among them.
    pub fn has(self, power: Power) -> bool {
        self.0 & power.bit() != 0
    }

    /// They, one by one.
    pub fn iter(self) -> impl Iterator<Item = Power> {
        Power::ALL.into_iter().filter(move |power| self.has(*power))
    }

    /// Words with spaces between them, as the database has them.
    pub fn words(self) -> String {
        self.iter().map(Power::as_str).collect::<Vec<_>>().join(" ")
    }

    /// From those words; an unknown one gives no power.
    pub fn parse(words: &str) -> Self {
        let known = words
            .split(' ')
            .filter_map(|word| Power::ALL.into_iter().find(|power| power.as_str() == word));
        Self::of(known)
    }
}

impl Basis {
    /// The word in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Adult => "adult",
        }
    }

    /// The basis of that word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "minor" => Some(Self::Minor),
            "adult" => Some(Self::Adult),
            _ => None,
        }
    }
}

impl Tie {
    /// Whether it holds now, given when the person was born. A guardian of a minor whose date of birth nobody told stays
    /// one: the law does not end it for that.
    pub fn is_live(&self, now: Instant, birthdate: Option<&str>) -> bool {
        let begun = self.from_at <= now;
        let over = self.until_at.is_some_and(|until| until <= now);
        let of_age = self.basis == Some(Basis::Minor)
            && birthdate
                .and_then(majority)
                .is_some_and(|majority| majority <= now);
        begun && !over && !of_age
    }

    /// Whether it lets the other decide in the person's place: guardians by law do, and nobody of the family else.
    pub fn decides(&self) -> bool {
        self.relation == Relation::Guardian && self.basis.is_some()
    }

    /// Whether somebody may end it. What rests on consent ends when either of both no longer wants it, and nobody else
    /// decides that; what rests on law ends by who has to keep the law.
    pub fn may_be_ended_by(&self, who: Who) -> bool {
        match self.basis {
            None => matches!(who, Who::Person | Who::Other),
            Some(_) => who == Who::Administrator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tie(basis: Option<Basis>) -> Tie {
        Tie {
            id: TieId::from(uuid::Uuid::nil()),
            person: PersonId::from(uuid::Uuid::from_u128(1)),
            other: PersonId::from(uuid::Uuid::from_u128(2)),
            relation: Relation::Guardian,
            powers: Powers::default(),
            basis,
            from_at: Instant::from_micros(0),
            until_at: None,
        }
    }

    #[test]
    fn a_guardian_of_a_minor_is_none_from_the_moment_of_majority_and_one_of_an_adult_stays() {
        let birthday = majority("2008-11-26").unwrap();
        let before = Instant::from_micros(birthday.as_micros() - 1);
        let (minor, adult) = (tie(Some(Basis::Minor)), tie(Some(Basis::Adult)));
        let born = Some("2008-11-26");
        assert!(minor.is_live(before, born) && !minor.is_live(birthday, born));
        assert!(adult.is_live(birthday, born) && tie(None).is_live(birthday, born));
        assert!(minor.is_live(birthday, None) && minor.is_live(birthday, Some("0000-11-26")));
    }

    #[test]
    fn only_guardians_by_law_decide_in_somebodys_place() {
        for relation in Relation::ALL {
            for (basis, law) in [
                (None, false),
                (Some(Basis::Minor), true),
                (Some(Basis::Adult), true),
            ] {
                let tie = Tie {
                    relation,
                    powers: Powers::of(Power::ALL),
                    ..tie(basis)
                };
                assert_eq!(tie.decides(), law && relation == Relation::Guardian);
            }
        }
    }

    #[test]
    fn a_tie_begins_and_ends_when_it_says() {
        let at = Instant::from_micros;
        let bounded = Tie {
            from_at: at(10),
            until_at: Some(at(20)),
            ..tie(None)
        };
        let live: Vec<i64> = (0..30).filter(|now| bounded.is_live(at(*now), None)).collect();
        assert_eq!(live, (10..20).collect::<Vec<_>>());
    }

    #[test]
    fn who_may_end_what_is_a_table_without_exceptions() {
        for (basis, who, may) in [
            (None, Who::Person, true),
            (None, Who::Other, true),
            (None, Who::Administrator, false),
            (Some(Basis::Minor), Who::Person, false),
            (Some(Basis::Minor), Who::Other, false),
            (Some(Basis::Minor), Who::Administrator, true),
            (Some(Basis::Adult), Who::Person, false),
            (Some(Basis::Adult), Who::Other, false),
            (Some(Basis::Adult), Who::Administrator, true),
        ] {
            assert_eq!(tie(basis).may_be_ended_by(who), may, "{basis:?} {who:?}");
        }
    }

    #[test]
    fn words_are_read_back_and_unknown_ones_give_nothing() {
        for relation in Relation::ALL {
            assert_eq!(Relation::parse(relation.as_str()), Some(relation));
        }
        let all = Powers::of(Power::ALL);
        assert_eq!(Powers::parse(&all.words()), all);
        assert_eq!(
            Powers::parse("update_profile everything"),
            Powers::of([Power::UpdateProfile])
        );
        assert!(Relation::by_consent().all(|relation| relation != Relation::Guardian));
    }
}
