//! Times, from one moment to before another, and sets of them.

use platform::clock::Instant;

/// From `from` on, and before `until`. The ends of time stand for "no such bound".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The first moment in it.
    pub from: Instant,
    /// The first moment after it.
    pub until: Instant,
}

impl Period {
    /// All of time.
    pub const ALWAYS: Self = Self {
        from: Instant::from_micros(i64::MIN),
        until: Instant::from_micros(i64::MAX),
    };

    /// Between two bounds, each of which may be missing.
    pub fn between(from: Option<Instant>, until: Option<Instant>) -> Self {
        Self {
            from: from.unwrap_or(Self::ALWAYS.from),
            until: until.unwrap_or(Self::ALWAYS.until),
        }
    }

    /// Where it begins, if it has a beginning.
    pub fn start(self) -> Option<Instant> {
        (self.from != Self::ALWAYS.from).then_some(self.from)
    }

    /// Where it ends, if it has an end.
    pub fn end(self) -> Option<Instant> {
        (self.until != Self::ALWAYS.until).then_some(self.until)
    }

    /// Whether a moment is in it.
    pub fn has(self, moment: Instant) -> bool {
        self.from <= moment && moment < self.until
    }

    /// Whether no moment is in it.
    pub fn is_empty(self) -> bool {
        self.from >= self.until
    }

    /// What is in both.
    pub fn both(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
        }
    }
}

/// All the moments of some periods: in their order, apart from one another, none of them empty.
pub fn union(mut periods: Vec<Period>) -> Vec<Period> {
    periods.retain(|period| !period.is_empty());
    periods.sort_unstable();
    periods.dedup_by(|next, kept| {
        let joined = next.from <= kept.until;
        if joined {
            kept.until = kept.until.max(next.until);
        }
        joined
    });
    periods
}

/// The moments of `periods` that are not in `taken`.
pub fn less(periods: &[Period], taken: Period) -> Vec<Period> {
    if taken.is_empty() {
        return periods.to_vec();
    }
    let parts = periods.iter().flat_map(|period| {
        let before = Period {
            until: period.until.min(taken.from),
            ..*period
        };
        let after = Period {
            from: period.from.max(taken.until),
            ..*period
        };
        [before, after]
    });
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(from: i64, until: i64) -> Period {
        Period {
            from: Instant::from_micros(from),
            until: Instant::from_micros(until),
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_in_the_union_if_it_is_in_a_part_and_not_in_what_was_taken(
            parts in prop::collection::vec((0_i64..20, 0_i64..20), 0..6),
            taken in (0_i64..20, 0_i64..20),
        ) {
            let parts: Vec<Period> = parts.into_iter().map(|(from, until)| period(from, until)).collect();
            let taken = period(taken.0, taken.1);
            let all = union(parts.clone());
            let left = less(&all, taken);
            for moment in (-1..21).map(Instant::from_micros) {
                let inside = parts.iter().any(|part| part.has(moment));
                prop_assert_eq!(all.iter().filter(|part| part.has(moment)).count(), usize::from(inside));
                let kept = inside && !taken.has(moment);
                prop_assert_eq!(left.iter().filter(|part| part.has(moment)).count(), usize::from(kept));
            }
        }
    }

    #[test]
    fn bounds_that_are_missing_are_the_ends_of_time() {
        assert_eq!(Period::between(None, None), Period::ALWAYS);
        assert_eq!(Period::ALWAYS.start(), None);
        assert_eq!(Period::ALWAYS.end(), None);
        let since = Period::between(Some(Instant::from_micros(5)), None);
        assert_eq!(since.start(), Some(Instant::from_micros(5)));
        assert!(less(&[since], Period::ALWAYS).is_empty());
    }
}
