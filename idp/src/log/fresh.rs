//! The hashes of this process's newest rows, from the writer to the tree: what was on disk a moment ago is not read again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::model::Hash;
use crate::ids::WriterId;

/// Hashes that are kept at the most, 2 MiB; what is older is read from the database.
const MOST: usize = 65_536;

/// Hashes of consecutive rows of one writer, each on disk; cheap to clone.
#[derive(Clone, Debug)]
pub struct Fresh {
    writer: WriterId,
    rows: Arc<Mutex<Rows>>,
}

#[derive(Debug, Default)]
struct Rows {
    /// The place of the first.
    first: i64,
    hashes: VecDeque<Hash>,
}

impl Fresh {
    /// Of a writer that has no rows yet.
    pub(super) fn new(writer: WriterId) -> Self {
        Self {
            writer,
            rows: Arc::new(Mutex::new(Rows {
                first: 1,
                hashes: VecDeque::new(),
            })),
        }
    }

    /// Takes in rows that are on disk, the first of them at `seq`.
    pub(super) fn add(&self, seq: i64, hashes: &[Hash]) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if seq != rows.end() {
            rows.hashes.clear();
            rows.first = seq;
        }
        rows.hashes.extend(hashes);
        let beyond = rows.hashes.len().saturating_sub(MOST);
        rows.forget(beyond);
    }

    /// The hashes of a writer's rows behind place `seq`, at most `limit`; `None` if they are not all here. What is before
    /// is not asked for again.
    pub(super) fn after(&self, writer: WriterId, seq: i64, limit: usize) -> Option<Vec<Hash>> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let before = usize::try_from(seq + 1 - rows.first).ok()?;
        if writer != self.writer || before >= rows.hashes.len() {
            return None;
        }
        rows.forget(before);
        Some(rows.hashes.iter().take(limit).copied().collect())
    }
}

impl Rows {
    fn end(&self) -> i64 {
        self.first
            .saturating_add(i64::try_from(self.hashes.len()).unwrap_or(i64::MAX))
    }

    fn forget(&mut self, count: usize) {
        self.hashes.drain(..count);
        self.first = self
            .first
            .saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: i64) -> Hash {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        hash
    }

    fn hashes(places: std::ops::RangeInclusive<i64>) -> Vec<Hash> {
        places.map(hash).collect()
    }

    #[test]
    fn rows_are_given_from_any_place_that_is_still_here_and_what_is_not_is_left_to_the_database() {
        let [own, other] = [1, 2].map(|number| WriterId::from(uuid::Uuid::from_u128(number)));
        let fresh = Fresh::new(own);
        assert_eq!(fresh.after(own, 0, 10), None);
        fresh.add(1, &hashes(1..=3));
        fresh.add(4, &hashes(4..=5));
        assert_eq!(fresh.after(other, 0, 10), None);
        assert_eq!(fresh.after(own, 0, 2), Some(hashes(1..=2)));
        assert_eq!(
            fresh.after(own, 0, 10),
            Some(hashes(1..=5)),
            "asked again, given again"
        );
        assert_eq!(fresh.after(own, 3, 10), Some(hashes(4..=5)));
        assert_eq!(fresh.after(own, 0, 10), None, "what was behind the tree is gone");
        assert_eq!(fresh.after(own, 5, 10), None);
        // A commit whose outcome was not known leaves a gap.
        fresh.add(9, &hashes(9..=9));
        assert_eq!(fresh.after(own, 5, 10), None);
        assert_eq!(fresh.after(own, 8, 10), Some(hashes(9..=9)));
    }

    #[test]
    fn a_tree_that_does_not_grow_holds_no_more_than_so_many() {
        let own = WriterId::from(uuid::Uuid::from_u128(1));
        let fresh = Fresh::new(own);
        let most = i64::try_from(MOST).unwrap();
        for from in [1, most + 1] {
            fresh.add(from, &hashes(from..=from + most - 1));
        }
        assert_eq!(fresh.after(own, 0, 1), None);
        assert_eq!(fresh.after(own, most, 1), Some(hashes(most + 1..=most + 1)));
    }
}
