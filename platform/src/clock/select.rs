//! Which servers to believe (RFC 5905 §11.2.1, after Marzullo): pure.
//!
//! Each server says "the truth lies in my interval". Everything that a majority of the *configured* servers covers
//! may be the truth; the result is the hull of all such points. So long as a majority of the configured servers is
//! honest, the truth is in the result whatever the others say, because the honest ones alone cover it; and every
//! point of the result lies between points that some honest server vouches for, because a majority cannot consist of
//! liars only. (The RFC's smallest intersection, which more servers cover, is narrower, but a liar that overlaps the
//! honest ones at one edge can push the truth out of it.)
//!
//! The majority is counted over the configured servers, not over those that answer: otherwise somebody who can
//! silence two of three could make the third the truth.

/// What one server claims about the displacement of true time against the tick, in nanoseconds, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// Which server, by its place in the configuration.
    pub(super) server: usize,
    /// The middle of the interval.
    pub(super) offset: i64,
    /// Half the width of the interval; the root distance of RFC 5905 §11.2.
    pub(super) error: i64,
}

impl Claim {
    fn lowest(self) -> i64 {
        self.offset.saturating_sub(self.error)
    }

    fn highest(self) -> i64 {
        self.offset.saturating_add(self.error)
    }
}

/// What the majority agrees on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreement {
    /// The truth is not below this.
    pub(super) lowest: i64,
    /// The truth is not above this.
    pub(super) highest: i64,
    /// The best estimate: the survivors' offsets weighed by the inverse of their errors (RFC 5905 §11.2.3).
    pub(super) offset: i64,
    /// The servers whose intervals touch the agreement, the most exact one first.
    pub(super) survivors: Vec<usize>,
}

/// How many servers are a majority of `configured`.
pub(super) const fn majority(configured: usize) -> usize {
    configured / 2 + 1
}

/// What at least a majority of the `configured` servers can agree on; `None` if there is no such thing.
pub(super) fn select(configured: usize, claims: &[Claim]) -> Option<Agreement> {
    let needed = majority(configured);
    let (lowest, highest) = hull(needed, claims)?;
    let mut survivors: Vec<Claim> = claims
        .iter()
        .copied()
        .filter(|claim| claim.lowest() <= highest && claim.highest() >= lowest)
        .collect();
    survivors.sort_by_key(|claim| (claim.error, claim.server));
    let offset = weighted_mean(&survivors, lowest).clamp(lowest, highest);
    Some(Agreement {
        lowest,
        highest,
        offset,
        survivors: survivors.iter().map(|claim| claim.server).collect(),
    })
}

/// From the lowest to the highest point that `needed` claims cover.
fn hull(needed: usize, claims: &[Claim]) -> Option<(i64, i64)> {
    let mut lows: Vec<i64> = claims.iter().map(|claim| claim.lowest()).collect();
    let mut highs: Vec<i64> = claims.iter().map(|claim| claim.highest()).collect();
    lows.sort_unstable();
    highs.sort_unstable();
    // A point is covered by as many closed intervals as start at or below it, less those that end below it.
    let covered =
        |point: i64| lows.partition_point(|low| *low <= point) - highs.partition_point(|high| *high < point);
    let lowest = lows.iter().copied().find(|low| covered(*low) >= needed)?;
    let highest = highs
        .iter()
        .rev()
        .copied()
        .find(|high| covered(*high) >= needed)?;
    Some((lowest, highest))
}

/// The mean of the survivors' offsets, each weighed by one over its error; relative to `origin` so that sums stay small.
fn weighted_mean(survivors: &[Claim], origin: i64) -> i64 {
    const SCALE: i128 = 1 << 40;
    let (mut sum, mut weights) = (0_i128, 0_i128);
    for claim in survivors {
        let weight = (SCALE / i128::from(claim.error.max(1))).max(1);
        sum = sum.saturating_add(weight.saturating_mul(i128::from(claim.offset) - i128::from(origin)));
        weights = weights.saturating_add(weight);
    }
    let mean = sum
        .checked_div(weights)
        .unwrap_or(0)
        .saturating_add(i128::from(origin));
    i64::try_from(mean).unwrap_or(origin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(server: usize, offset: i64, error: i64) -> Claim {
        Claim {
            server,
            offset,
            error,
        }
    }

    #[test]
    fn one_server_of_one_is_believed_with_exactly_its_own_interval() {
        let agreement = select(1, &[claim(0, 100, 10)]).unwrap();
        assert_eq!(
            (agreement.lowest, agreement.offset, agreement.highest),
            (90, 100, 110)
        );
        assert_eq!(agreement.survivors, [0]);
    }

    #[test]
    fn one_liar_against_two_honest_servers_is_thrown_out() {
        let agreement = select(3, &[claim(0, 0, 10), claim(1, 1_000_000, 1), claim(2, 5, 10)]).unwrap();
        assert_eq!(agreement.survivors, [0, 2]);
        assert_eq!((agreement.lowest, agreement.highest), (-5, 10));
    }

    #[test]
    fn two_servers_that_contradict_each_other_are_no_majority() {
        assert_eq!(select(2, &[claim(0, 0, 10), claim(1, 100, 10)]), None);
    }

    #[test]
    fn a_lone_voice_of_three_is_not_believed_because_the_others_are_silent() {
        assert_eq!(select(3, &[claim(0, 0, 10)]), None);
        assert!(select(3, &[claim(0, 0, 10), claim(1, 3, 10)]).is_some());
    }

    #[test]
    fn no_servers_agree_on_nothing() {
        assert_eq!(select(0, &[]), None);
        assert_eq!(select(3, &[]), None);
    }

    #[test]
    fn liars_that_overlap_an_edge_cannot_push_the_truth_out() {
        // Three honest servers share [-10, 10], the truth is -9; two liars sit on the upper edge.
        let claims = [
            claim(0, 0, 10),
            claim(1, 2, 12),
            claim(2, -2, 12),
            claim(3, 10, 1),
            claim(4, 10, 1),
        ];
        let agreement = select(5, &claims).unwrap();
        assert!(agreement.lowest <= -9 && agreement.highest >= -9);
    }

    #[test]
    fn intervals_that_touch_in_one_point_agree_on_that_point() {
        let agreement = select(2, &[claim(0, 0, 5), claim(1, 10, 5)]).unwrap();
        assert_eq!((agreement.lowest, agreement.offset, agreement.highest), (5, 5, 5));
    }

    #[test]
    fn the_more_exact_server_weighs_more_and_is_named_first() {
        let agreement = select(2, &[claim(0, 100, 1_000), claim(1, 0, 100)]).unwrap();
        assert_eq!(agreement.survivors, [1, 0]);
        assert!(agreement.offset < 50);
    }

    #[test]
    fn claims_at_the_ends_of_the_number_range_do_not_overflow() {
        let agreement = select(
            2,
            &[claim(0, i64::MAX, i64::MAX), claim(1, i64::MIN + 1, i64::MAX)],
        )
        .unwrap();
        assert!(agreement.lowest <= agreement.highest);
    }

    /// An honest server: the delay may be as unsymmetrical as it likes, the truth is somewhere in its interval.
    fn honest(truth: i64) -> impl Strategy<Value = (i64, i64)> {
        (0_i64..2_000_000_000, 0.0_f64..=1.0).prop_map(move |(error, place)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "test data"
            )]
            let shift = (((place * 2.0) - 1.0) * error as f64) as i64;
            (truth + shift.clamp(-error, error), error)
        })
    }

    fn liar() -> impl Strategy<Value = (i64, i64)> {
        prop_oneof![
            (-4_000_000_000_i64..4_000_000_000, 0_i64..3_000_000_000),
            (any::<i64>(), 0_i64..=i64::MAX),
            Just((1_000_000_000, 1)),
        ]
    }

    /// Offset and error of some servers.
    type Claims = Vec<(i64, i64)>;

    fn world() -> impl Strategy<Value = (i64, Claims, Claims)> {
        (-1_000_000_000_i64..1_000_000_000, 1_usize..8).prop_flat_map(|(truth, configured)| {
            let most_liars = configured - majority(configured);
            (
                Just(truth),
                proptest::collection::vec(honest(truth), configured - most_liars..=configured),
                proptest::collection::vec(liar(), 0..=most_liars),
            )
        })
    }

    proptest! {
        #[test]
        fn the_truth_lies_inside_whenever_an_honest_majority_answers((truth, honest, liars) in world()) {
            let claims: Vec<Claim> = liars
                .iter()
                .chain(&honest)
                .enumerate()
                .map(|(server, (offset, error))| claim(server, *offset, *error))
                .collect();
            // Honest servers beyond the majority only help; the configured number is what answers at most.
            let configured = claims.len();
            prop_assume!(honest.len() >= majority(configured));
            let agreement = select(configured, &claims).expect("an honest majority always agrees");
            prop_assert!(agreement.lowest <= truth && truth <= agreement.highest);
            prop_assert!(agreement.lowest <= agreement.offset && agreement.offset <= agreement.highest);
            // The answer is never wider than what honest servers themselves allow.
            let reach_low = honest.iter().map(|(offset, error)| offset - error).min().unwrap();
            let reach_high = honest.iter().map(|(offset, error)| offset + error).max().unwrap();
            prop_assert!(reach_low <= agreement.lowest && agreement.highest <= reach_high);
        }

        #[test]
        fn the_order_of_the_servers_does_not_matter((_, honest, liars) in world()) {
            let claims: Vec<Claim> = honest
                .iter()
                .chain(&liars)
                .enumerate()
                .map(|(server, (offset, error))| claim(server, *offset, *error))
                .collect();
            let mut reversed = claims.clone();
            reversed.reverse();
            prop_assert_eq!(select(claims.len(), &claims), select(claims.len(), &reversed));
        }
    }
}
