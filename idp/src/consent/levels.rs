//! The three security levels of the family notebook (家族連絡帳, case C3): one choice instead of many.
//!
//! | level | 日本語 | family (parent, spouse, child, sibling, guardian) | carer | friend |
//! |---|---|---|---|---|
//! | 1 open | みんなで見守る | everything of everyday life, with notes and places; illnesses, medicines, check-ups by value | everyday life by value, medicines by value | exercise and posts by day |
//! | 2 family | 家族で見守る | everyday life by value; illnesses, medicines, check-ups by day | everyday life by day | – |
//! | 3 quiet | そっと見守る | everyday life as averages, and the calendar | – | – |
//!
//! Family means people with a living tie of that word and nobody else. A level only allows: what somebody forbids in
//! another consent stays forbidden. No level lets anybody change or take away anything; in an emergency the rules for
//! emergencies hold, whatever the level. Where the white paper does not say what a level opens, the narrower reading is
//! taken.

use crate::access::{Action, Actions, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes, Rule};

/// A level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Family, carers and friends watch over.
    Open,
    /// Family and carers watch over.
    Family,
    /// Family sees that all is well.
    Quiet,
}

const FAMILY: [&str; 5] = ["parent", "spouse", "child", "sibling", "guardian"];

const LIFE: Kinds = Kinds::of(&[
    Kind::Vitals,
    Kind::Meals,
    Kind::Exercise,
    Kind::DailyLife,
    Kind::Sensors,
    Kind::Schedule,
    Kind::Posts,
    Kind::Location,
]);
const BODY: Kinds = Kinds::of(&[Kind::Conditions, Kind::Prescriptions, Kind::Examinations]);
/// What is left of everyday life at the quietest level: where somebody was, and what they wrote, is not.
const WELL: Kinds = Kinds::of(&[
    Kind::Vitals,
    Kind::Meals,
    Kind::Exercise,
    Kind::DailyLife,
    Kind::Sensors,
    Kind::Schedule,
]);

impl Level {
    /// From the most open one on.
    pub const ALL: [Self; 3] = [Self::Open, Self::Family, Self::Quiet];

    /// 1 to 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Family => 2,
            Self::Quiet => 3,
        }
    }

    /// The word in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "1",
            Self::Family => "2",
            Self::Quiet => "3",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }

    /// What it says.
    pub fn rules(self) -> Vec<Rule> {
        let family = |kinds, depth| FAMILY.map(|word| rule(word, kinds, depth));
        let mut rules = Vec::new();
        match self {
            Self::Open => {
                rules.extend(family(LIFE, Depth::Everything));
                rules.extend(family(BODY, Depth::Values));
                let medicines = Kinds::of(&[Kind::Prescriptions]);
                rules.push(rule(
                    "carer",
                    LIFE.without(Kinds::of(&[Kind::Posts, Kind::Location])),
                    Depth::Values,
                ));
                rules.push(rule("carer", medicines, Depth::Values));
                rules.push(rule(
                    "friend",
                    Kinds::of(&[Kind::Exercise, Kind::Posts]),
                    Depth::Daily,
                ));
            }
            Self::Family => {
                rules.extend(family(LIFE, Depth::Values));
                rules.extend(family(BODY, Depth::Daily));
                rules.push(rule("carer", WELL, Depth::Daily));
            }
            Self::Quiet => rules.extend(family(WELL, Depth::Aggregate)),
        }
        rules
    }

    /// The level whose rules these are.
    pub fn of(rules: &[Rule]) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.rules() == rules)
    }
}

fn rule(relation: &str, kinds: Kinds, depth: Depth) -> Rule {
    Rule {
        effect: Effect::Permit,
        grantee: Grantee::Relation(relation.to_owned()),
        kinds,
        actions: Actions::of(&[Action::Read, Action::Search]),
        purposes: Purposes::of(&[Purpose::Family]),
        depth,
        data: Period::ALWAYS,
        valid: Period::ALWAYS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether every rule of `narrow` is within one of `wide`.
    fn within(narrow: Level, wide: Level) -> bool {
        narrow.rules().iter().all(|rule| {
            rule.kinds.iter().all(|kind| {
                wide.rules().iter().any(|other| {
                    other.grantee == rule.grantee && other.kinds.has(kind) && other.depth >= rule.depth
                })
            })
        })
    }

    #[test]
    fn each_level_is_within_the_one_before_it() {
        assert!(within(Level::Family, Level::Open));
        assert!(within(Level::Quiet, Level::Family));
        assert!(!within(Level::Open, Level::Family));
        assert!(!within(Level::Family, Level::Quiet));
    }

    #[test]
    fn no_level_lets_anybody_but_people_with_a_tie_see_or_change_anything() {
        for level in Level::ALL {
            for rule in level.rules() {
                assert!(matches!(rule.grantee, Grantee::Relation(_)));
                assert_eq!(rule.actions, Actions::of(&[Action::Read, Action::Search]));
                assert_eq!(rule.purposes, Purposes::of(&[Purpose::Family]));
                assert!(
                    rule.kinds
                        .both(Kinds::of(&[Kind::Billing, Kind::MedicalCosts, Kind::Purchases]))
                        .is_empty()
                );
            }
            assert_eq!(Level::of(&level.rules()), Some(level));
        }
    }
}
