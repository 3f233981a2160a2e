//! How far an occupation reaches at most, whatever a consent says (requirement H5.1: "staff by occupation and affiliation").
//! A consent to a whole organisation does not mean that its clerks read what its physicians do.

use super::words::{Action, Actions, Depth, Kind, Kinds};

/// The most that staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// With which kinds.
    pub kinds: Kinds,
    /// How deep.
    pub depth: Depth,
    /// What.
    pub actions: Actions,
}

impl Ceiling {
    /// Whether it leaves room for something.
    pub fn allows(&self, kind: Kind, depth: Depth, action: Action) -> bool {
        self.kinds.has(kind) && depth <= self.depth && self.actions.has(action)
    }
}

/// Occupations of medicine whose licence binds to secrecy by a law of its own.
const LICENSED: &[&str] = &[
    "physician",
    "dentist",
    "pharmacist",
    "public_health_nurse",
    "midwife",
    "nurse",
    "physical_therapist",
    "occupational_therapist",
    "speech_therapist",
    "dietitian",
];

/// What is no health data, and is needed to run a service.
const OFFICE: Kinds = Kinds::of(&[
    Kind::Identity,
    Kind::Billing,
    Kind::MedicalCosts,
    Kind::Points,
    Kind::Purchases,
    Kind::Schedule,
]);

/// What people are advised on.
const LIVING: Kinds = Kinds::of(&[
    Kind::Vitals,
    Kind::Meals,
    Kind::Exercise,
    Kind::DailyLife,
    Kind::Identity,
    Kind::Points,
    Kind::Posts,
    Kind::Reports,
    Kind::Location,
    Kind::Sensors,
    Kind::Schedule,
]);

/// What people who arrange care need beside that.
const CARE: Kinds = Kinds::of(&[Kind::Conditions, Kind::Prescriptions, Kind::Examinations]);

/// Whether an occupation is one of medicine, with a licence: those who may look in an emergency.
pub fn is_licensed(occupation: &str) -> bool {
    LICENSED.contains(&occupation)
}

/// The ceiling of an occupation. Those of medicine have none of their own; those who care or arrange care see everyday life
/// and what is needed beside it; those who train stay with everyday life; everybody else, known or not, with what
/// runs the office.
pub fn ceiling(occupation: Option<&str>) -> Ceiling {
    match occupation {
        Some(word) if is_licensed(word) => Ceiling {
            kinds: Kinds::ALL,
            depth: Depth::Everything,
            actions: Actions::ALL,
        },
        Some("care_worker" | "care_manager" | "social_worker") => Ceiling {
            kinds: LIVING.with(CARE),
            depth: Depth::Everything,
            actions: Actions::ALL.without(Actions::of(&[Action::Export])),
        },
        Some("trainer") => Ceiling {
            kinds: LIVING,
            depth: Depth::Everything,
            actions: Actions::ALL.without(Actions::of(&[Action::Export])),
        },
        _ => Ceiling {
            kinds: OFFICE,
            depth: Depth::Values,
            actions: Actions::ALL.without(Actions::of(&[Action::Export])),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_and_whoever_has_no_occupation_see_nothing_of_somebodys_health() {
        for occupation in [None, Some("clerk"), Some("wizard"), Some("Physician")] {
            let ceiling = ceiling(occupation);
            for kind in [
                Kind::Vitals,
                Kind::Conditions,
                Kind::Prescriptions,
                Kind::Location,
            ] {
                assert!(
                    !ceiling.allows(kind, Depth::Aggregate, Action::Read),
                    "{occupation:?}"
                );
            }
            assert!(ceiling.allows(Kind::Billing, Depth::Values, Action::Read));
        }
    }

    #[test]
    fn a_trainer_sees_how_somebody_lives_and_not_what_they_suffer_from() {
        let trainer = ceiling(Some("trainer"));
        assert!(trainer.allows(Kind::Exercise, Depth::Everything, Action::Read));
        assert!(!trainer.allows(Kind::Conditions, Depth::Aggregate, Action::Read));
        assert!(!trainer.allows(Kind::Exercise, Depth::Aggregate, Action::Export));
    }
}
