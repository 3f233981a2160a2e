//! The states of a recovery, and what may follow what.

use platform::clock::Instant;

use crate::ids::RecoveryId;
use crate::realms::Realm;

/// How many of the people whom somebody trusts must confirm.
pub const NEEDED: i64 = 2;

/// Where a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Begun: nobody or one has confirmed.
    Asked,
    /// Two have: the delay runs.
    Waiting,
    /// The delay is over: new credentials can be set.
    Open,
    /// They were.
    Done,
    /// It was stopped.
    Cancelled,
    /// Its time is over.
    Over,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The first of them confirms.
    First,
    /// Another one confirms: there are two.
    Second,
    /// The delay is over.
    DelayPassed,
    /// New credentials are set.
    Finished,
    /// The person, or somebody in their name, stops it.
    Cancelled,
    /// Nobody did anything for too long.
    TimeUp,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Asked,
        Self::Waiting,
        Self::Open,
        Self::Done,
        Self::Cancelled,
        Self::Over,
    ];

    /// The word in the database. What time alone decides has none of its own.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Waiting | Self::Open => "waiting",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Over => "over",
        }
    }

    /// From that word and the times; anything else means that it is over.
    pub fn read(word: &str, opens_at: Option<Instant>, expires_at: Instant, now: Instant) -> Self {
        match word {
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            _ if now >= expires_at => Self::Over,
            "asked" => Self::Asked,
            "waiting" if opens_at.is_some_and(|opens| now >= opens) => Self::Open,
            "waiting" => Self::Waiting,
            _ => Self::Over,
        }
    }

    /// Whether it can still go on.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Asked | Self::Waiting | Self::Open)
    }
}

/// The state after an event; `None` if it cannot happen there.
pub fn next(state: State, event: Event) -> Option<State> {
    match (state, event) {
        (State::Asked, Event::First) => Some(State::Asked),
        (State::Asked, Event::Second) => Some(State::Waiting),
        (State::Waiting, Event::DelayPassed) => Some(State::Open),
        (State::Open, Event::Finished) => Some(State::Done),
        (state, Event::Cancelled) if state.is_live() => Some(State::Cancelled),
        (state, Event::TimeUp) if state.is_live() => Some(State::Over),
        _ => None,
    }
}

/// The code that whoever began reads to those who confirm. It follows from the secret in their browser, and is kept as a
/// hash for this recovery.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code")
    }
}

impl Code {
    /// The code of a secret.
    pub fn of(realm: &Realm, secret: &str) -> Self {
        let hash = realm.token_hash("recovery.voice", secret);
        let number = hash.iter().fold(0_u64, |number, byte| {
            (number.wrapping_mul(256).wrapping_add(u64::from(*byte))) % 1_000_000
        });
        Self(format!("{number:06}"))
    }

    /// As a person types it: with spaces, with full-width digits.
    pub fn typed(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .take(7)
            .map(|character| match character {
                '\u{ff10}'..='\u{ff19}' => {
                    char::from_digit(u32::from(character) - u32::from('\u{ff10}'), 10).unwrap_or(character)
                }
                other => other,
            })
            .collect();
        (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(digits))
    }

    /// The digits, for the screen of whoever began.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash under which it is kept.
    pub fn hash(&self, realm: &Realm, recovery: RecoveryId) -> [u8; 32] {
        realm.token_hash("recovery.family.code", &format!("{recovery} {}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair, one line a state: what follows each event, in the order of [`Event`] — first, second, delay passed,
    /// finished, cancelled, time up.
    const TABLE: [(State, [Option<State>; 6]); 6] = {
        use State::{Asked, Cancelled, Done, Open, Over, Waiting};
        [
            (
                Asked,
                [
                    Some(Asked),
                    Some(Waiting),
                    None,
                    None,
                    Some(Cancelled),
                    Some(Over),
                ],
            ),
            (
                Waiting,
                [None, None, Some(Open), None, Some(Cancelled), Some(Over)],
            ),
            (Open, [None, None, None, Some(Done), Some(Cancelled), Some(Over)]),
            (Done, [None, None, None, None, None, None]),
            (Cancelled, [None, None, None, None, None, None]),
            (Over, [None, None, None, None, None, None]),
        ]
    };
    const EVENTS: [Event; 6] = [
        Event::First,
        Event::Second,
        Event::DelayPassed,
        Event::Finished,
        Event::Cancelled,
        Event::TimeUp,
    ];

    #[test]
    fn every_pair_of_state_and_event_has_the_outcome_of_the_table() {
        for (state, outcomes) in TABLE {
            for (event, outcome) in EVENTS.into_iter().zip(outcomes) {
                assert_eq!(next(state, event), outcome, "{state:?} {event:?}");
            }
        }
        assert_eq!(TABLE.map(|(state, _)| state), State::ALL);
    }

    #[test]
    fn no_way_to_the_end_leaves_out_the_two_or_the_delay() {
        let mut ways = vec![(State::Asked, Vec::new())];
        while let Some((state, way)) = ways.pop() {
            if way.len() == 6 {
                continue;
            }
            for event in EVENTS {
                if let Some(next) = next(state, event) {
                    let mut way = way.clone();
                    way.push(event);
                    if next == State::Done {
                        assert!(way.contains(&Event::Second) && way.contains(&Event::DelayPassed));
                    }
                    ways.push((next, way));
                }
            }
        }
    }

    #[test]
    fn what_is_kept_is_read_as_time_has_it() {
        let at = Instant::from_micros;
        let (opens, ends) = (Some(at(10)), at(20));
        for (word, now, state) in [
            ("asked", 5, State::Asked),
            ("asked", 20, State::Over),
            ("waiting", 9, State::Waiting),
            ("waiting", 10, State::Open),
            ("waiting", 20, State::Over),
            ("done", 99, State::Done),
            ("cancelled", 99, State::Cancelled),
            ("over", 1, State::Over),
            ("anything", 1, State::Over),
        ] {
            assert_eq!(State::read(word, opens, ends, at(now)), state, "{word} {now}");
        }
        assert_eq!(State::read("waiting", None, ends, at(15)), State::Waiting);
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["123456", "123 456", "１２３-４５６"] {
            assert_eq!(Code::typed(typed).unwrap().expose(), "123456", "{typed}");
        }
        for other in ["", "12345", "1234567", "12345a"] {
            assert!(Code::typed(other).is_none(), "{other}");
        }
    }
}
