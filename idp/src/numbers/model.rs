//! Namespaces, blocks, assignments and the decisions over them. Pure.

use std::time::Duration;

use platform::clock::Instant;
use serde::Serialize;
use uuid::Uuid;

use super::number::{Code, Digits};
use crate::ids::{AssignmentId, BlockId, NamespaceId, OrganisationId, PersonId};

/// The shortest cooldown that a policy may have: 365 days. Nothing can undercut it (H1.3).
pub const COOLDOWN_FLOOR: Duration = Duration::from_hours(365 * 24);

/// What a number names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// An end user.
    Person,
    /// A member of an organisation's staff.
    Staff,
    /// An organisation: a service operator, or what belongs to one.
    Operator,
}

impl HolderKind {
    /// As the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Staff => "staff",
            Self::Operator => "operator",
        }
    }

    /// From what the database keeps.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Staff, Self::Operator]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

/// Whom a number is assigned to: by internal key, which is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Holder {
    /// What kind of holder; the namespace must be of the same.
    pub kind: HolderKind,
    /// Its internal key.
    pub id: Uuid,
}

impl Holder {
    /// An end user.
    pub fn person(id: PersonId) -> Self {
        Self {
            kind: HolderKind::Person,
            id: id.uuid(),
        }
    }

    /// Somebody as a member of staff.
    pub fn staff(id: PersonId) -> Self {
        Self {
            kind: HolderKind::Staff,
            id: id.uuid(),
        }
    }

    /// An organisation.
    pub fn organisation(id: OrganisationId) -> Self {
        Self {
            kind: HolderKind::Operator,
            id: id.uuid(),
        }
    }
}

platform::identifiers! {
    /// A service operator that holds blocks of numbers and assigns them.
    OperatorId,
}

/// A time that a number rests before it may get a new holder; never under [`COOLDOWN_FLOOR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Cooldown(Duration);

/// A cooldown under the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number rests for at least 365 days before it may be reissued")]
pub struct CooldownTooShort;

impl Cooldown {
    /// A cooldown, if it is not under the floor.
    pub fn new(duration: Duration) -> Result<Self, CooldownTooShort> {
        if duration < COOLDOWN_FLOOR {
            Err(CooldownTooShort)
        } else {
            Ok(Self(duration))
        }
    }

    /// Its length.
    pub fn duration(self) -> Duration {
        self.0
    }
}

/// Whether the numbers of a namespace may ever get a new holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reissue {
    /// No: a cancelled number becomes a tombstone.
    #[default]
    Never,
    /// Yes, after it has rested and when nothing that is alive names its old assignment.
    AfterCooldown(Cooldown),
}

/// A space of numbers in a realm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Namespace {
    /// Its key; the permutation depends on it.
    pub id: NamespaceId,
    /// What its numbers begin with; one namespace of the realm has it.
    pub code: Code,
    /// What administrators call it; one namespace of the realm has it.
    pub name: String,
    /// What its numbers name.
    pub holder_kind: HolderKind,
    /// Length of the body of its numbers.
    pub digits: Digits,
    /// Whether a holder may hold only one of its numbers at a time.
    pub sole: bool,
    /// Whether its numbers may get new holders.
    pub reissue: Reissue,
    /// How many of its numbers were issued.
    pub issued: u64,
}

/// Numbers issued in one call: `size` counters from `first_counter` on. The numbers are computed, not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its key.
    pub id: BlockId,
    /// The namespace of its numbers.
    pub namespace: NamespaceId,
    /// The first counter. It is never shown: who sees counters sees the order of issue.
    pub first_counter: u64,
    /// How many numbers it has.
    pub size: u64,
    /// The operator that assigns its numbers; nobody: the realm itself.
    pub issued_to: Option<OperatorId>,
    /// When it was issued.
    pub issued_at: Instant,
}

/// A number's place: what the database knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its counter there.
    pub counter: u64,
}

/// Where an assignment stands. Before the first there is no row: the number is *reserved* in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The number names its holder.
    Active,
    /// It still belongs to its holder and names nobody for now.
    Suspended,
    /// Its holder lost it; it does not rest yet, because what hangs on it is still being withdrawn.
    Cancelled,
    /// It rests.
    Cooling,
    /// It never comes back.
    Tombstone,
    /// The number has a later assignment.
    Superseded,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Active,
        Self::Suspended,
        Self::Cancelled,
        Self::Cooling,
        Self::Tombstone,
        Self::Superseded,
    ];

    /// As the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
            Self::Cooling => "cooling",
            Self::Tombstone => "tombstone",
            Self::Superseded => "superseded",
        }
    }

    /// From what the database keeps.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// Whether the number belongs to the holder of this assignment.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Active | Self::Suspended)
    }
}

/// A dated assignment of a number to a holder. Whatever belongs to the holder hangs on the holder's key or on `id`,
/// nothing on the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its key, never reused.
    pub id: AssignmentId,
    /// The number.
    pub place: Place,
    /// 1 for the number's first holder, and one more for each later.
    pub generation: u32,
    /// Where it stands.
    pub state: State,
    /// Whose number this is or was.
    pub holder: Holder,
    /// When it began.
    pub assigned_at: Instant,
    /// When `state` last changed.
    pub changed_at: Instant,
    /// When its holder lost it.
    pub cancelled_at: Option<Instant>,
    /// Until when it rests.
    pub cooling_until: Option<Instant>,
}

/// What one may ask of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Take it out of use for a while.
    Suspend,
    /// Put it back in use.
    Resume,
    /// Take it from its holder for good.
    Cancel,
    /// Begin the rest of a cancelled number; without a policy of reissue, bury it.
    Cool,
}

/// The assignment does not stand where this change is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an assignment that is {} cannot take {change:?}", from.as_str())]
pub struct IllegalChange {
    /// Where it stands.
    pub from: State,
    /// What was asked.
    pub change: Change,
}

/// What is known about that which still names an assignment: sessions, tokens, grants, links, retained log rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// So many name it.
    Counted(u64),
    /// Somebody who had to be asked did not answer.
    Unknown,
}

/// Why a number cannot get a new holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReissuable {
    /// Its last assignment does not rest.
    #[error("the number does not rest: it is {}", .0.as_str())]
    NotCooling(State),
    /// The namespace never reissues.
    #[error("numbers of this namespace are never reissued")]
    Never,
    /// It rests still.
    #[error("the number rests until {}", .0.to_rfc3339())]
    Resting(Instant),
    /// Something alive names the old assignment.
    #[error("{0} sessions, tokens, grants, links or log rows still name the old assignment")]
    Referenced(u64),
    /// Nobody can say whether something alive names the old assignment.
    #[error("it is not known whether something still names the old assignment")]
    Unknown,
}

/// A number that may get a new holder: only [`Assignment::reissuable`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reissuable {
    pub(super) old: AssignmentId,
    pub(super) place: Place,
    pub(super) generation: u32,
}

impl Assignment {
    /// This assignment after `change`.
    ///
    /// A suspended number can be cancelled without being resumed, and an active one without being suspended.
    pub fn after(&self, change: Change, policy: Reissue, now: Instant) -> Result<Self, IllegalChange> {
        // A clock that was set back does not shorten anything.
        let now = now.max(self.changed_at);
        let mut next = Self {
            changed_at: now,
            ..self.clone()
        };
        next.state = match (self.state, change) {
            (State::Active, Change::Suspend) => State::Suspended,
            (State::Suspended, Change::Resume) => State::Active,
            (State::Active | State::Suspended, Change::Cancel) => {
                next.cancelled_at = Some(now);
                State::Cancelled
            }
            (State::Cancelled, Change::Cool) => match policy {
                Reissue::Never => State::Tombstone,
                Reissue::AfterCooldown(cooldown) => {
                    next.cooling_until = Some(now.plus(cooldown.0));
                    State::Cooling
                }
            },
            (from, change) => return Err(IllegalChange { from, change }),
        };
        Ok(next)
    }

    /// Whether the number may get a new holder. The namespace's policy of today counts beside the one under which the
    /// rest began: a longer cooldown prolongs it, a shorter one does not shorten it.
    pub fn reissuable(
        &self,
        policy: Reissue,
        references: References,
        now: Instant,
    ) -> Result<Reissuable, NotReissuable> {
        let (State::Cooling, Some(until)) = (self.state, self.cooling_until) else {
            return Err(NotReissuable::NotCooling(self.state));
        };
        let Reissue::AfterCooldown(cooldown) = policy else {
            return Err(NotReissuable::Never);
        };
        let until = until.max(self.changed_at.plus(cooldown.0.max(COOLDOWN_FLOOR)));
        if now < until {
            return Err(NotReissuable::Resting(until));
        }
        match references {
            References::Counted(0) => Ok(Reissuable {
                old: self.id,
                place: self.place,
                generation: self.generation,
            }),
            References::Counted(count) => Err(NotReissuable::Referenced(count)),
            References::Unknown => Err(NotReissuable::Unknown),
        }
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// A namespace of people with ten digits.
    pub(in crate::numbers) fn namespace(id: u128) -> Namespace {
        Namespace {
            id: NamespaceId::from(Uuid::from_u128(id)),
            code: Code::PERSON,
            name: "person".to_owned(),
            holder_kind: HolderKind::Person,
            digits: Digits::DEFAULT,
            sole: true,
            reissue: Reissue::Never,
            issued: 0,
        }
    }

    /// An assignment in `state`, last changed at `changed_at`.
    pub(in crate::numbers) fn assignment(state: State, changed_at: Instant) -> Assignment {
        Assignment {
            id: AssignmentId::from(Uuid::from_u128(7)),
            place: Place {
                namespace: namespace(1).id,
                counter: 3,
            },
            generation: 4,
            state,
            holder: Holder {
                kind: HolderKind::Person,
                id: Uuid::from_u128(9),
            },
            assigned_at: Instant::from_micros(0),
            changed_at,
            cancelled_at: None,
            cooling_until: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::assignment;
    use super::*;

    const NOW: Instant = Instant::from_micros(1_000_000_000_000);
    const DAY: Duration = Duration::from_hours(24);

    fn yearly() -> Reissue {
        Reissue::AfterCooldown(Cooldown::new(COOLDOWN_FLOOR).unwrap())
    }

    fn cooling() -> Assignment {
        assignment(State::Cancelled, NOW)
            .after(Change::Cool, yearly(), NOW)
            .unwrap()
    }

    #[test]
    fn each_change_is_possible_from_its_states_and_from_no_other() {
        use Change::{Cancel, Cool, Resume, Suspend};
        let legal = [
            (State::Active, Suspend, State::Suspended),
            (State::Suspended, Resume, State::Active),
            (State::Active, Cancel, State::Cancelled),
            (State::Suspended, Cancel, State::Cancelled),
            (State::Cancelled, Cool, State::Cooling),
        ];
        for from in State::ALL {
            assert_eq!(State::parse(from.as_str()), Some(from));
            for change in [Suspend, Resume, Cancel, Cool] {
                let expected = legal
                    .iter()
                    .find(|one| (one.0, one.1) == (from, change))
                    .map(|one| one.2);
                let outcome = assignment(from, NOW).after(change, yearly(), NOW);
                match expected {
                    Some(to) => assert_eq!(outcome.unwrap().state, to),
                    None => assert_eq!(outcome, Err(IllegalChange { from, change })),
                }
            }
        }
    }

    #[test]
    fn without_a_policy_of_reissue_a_cancelled_number_is_buried() {
        assert_eq!(Reissue::default(), Reissue::Never);
        let buried = assignment(State::Cancelled, NOW)
            .after(Change::Cool, Reissue::Never, NOW)
            .unwrap();
        assert_eq!((buried.state, buried.cooling_until), (State::Tombstone, None));
        let late = NOW.plus(DAY * 36_500);
        let refused = buried.reissuable(yearly(), References::Counted(0), late);
        assert_eq!(refused, Err(NotReissuable::NotCooling(State::Tombstone)));
    }

    #[test]
    fn a_cooldown_under_a_year_cannot_be_written_down() {
        assert_eq!(
            Cooldown::new(COOLDOWN_FLOOR.saturating_sub(Duration::from_nanos(1))),
            Err(CooldownTooShort)
        );
        assert_eq!(Cooldown::new(Duration::ZERO), Err(CooldownTooShort));
        assert!(Cooldown::new(COOLDOWN_FLOOR).is_ok());
    }

    #[test]
    fn a_number_rests_to_the_microsecond() {
        let resting = cooling();
        let end = NOW.plus(COOLDOWN_FLOOR);
        let early = end.minus(Duration::from_micros(1));
        assert_eq!(
            resting.reissuable(yearly(), References::Counted(0), early),
            Err(NotReissuable::Resting(end))
        );
        assert!(resting.reissuable(yearly(), References::Counted(0), end).is_ok());
    }

    #[test]
    fn a_longer_cooldown_set_later_prolongs_the_rest_and_a_shorter_one_does_not_shorten_it() {
        let long = Reissue::AfterCooldown(Cooldown::new(COOLDOWN_FLOOR * 3).unwrap());
        let year = NOW.plus(COOLDOWN_FLOOR);
        assert_eq!(
            cooling().reissuable(long, References::Counted(0), year),
            Err(NotReissuable::Resting(NOW.plus(COOLDOWN_FLOOR * 3)))
        );
        let began_long = assignment(State::Cancelled, NOW)
            .after(Change::Cool, long, NOW)
            .unwrap();
        assert!(
            began_long
                .reissuable(yearly(), References::Counted(0), year)
                .is_err()
        );
        assert_eq!(
            cooling().reissuable(Reissue::Never, References::Counted(0), NOW.plus(DAY * 36_500)),
            Err(NotReissuable::Never)
        );
    }

    #[test]
    fn what_is_alive_or_unknown_keeps_a_rested_number_from_a_new_holder() {
        let late = NOW.plus(COOLDOWN_FLOOR * 2);
        let refused = |references| cooling().reissuable(yearly(), references, late).unwrap_err();
        assert_eq!(refused(References::Counted(1)), NotReissuable::Referenced(1));
        assert_eq!(refused(References::Unknown), NotReissuable::Unknown);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_shorten_the_rest() {
        let back = NOW.minus(DAY * 400);
        let resting = assignment(State::Cancelled, NOW)
            .after(Change::Cool, yearly(), back)
            .unwrap();
        assert_eq!(resting.cooling_until, Some(NOW.plus(COOLDOWN_FLOOR)));
    }
}
