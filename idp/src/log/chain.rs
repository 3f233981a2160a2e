//! One writer's chain under examination: a few hashes, whatever its length. Pure.

use super::canonical::{Head, row_hash};
use super::checkpoint::Occasion;
use super::model::Hash;
use super::report::Finding;
use crate::ids::WriterId;

/// What was seen of a chain so far.
#[derive(Debug)]
pub(super) struct Chain {
    /// The last row that is in order, or the genesis.
    head: Head,
    /// The hash before it.
    before: Hash,
    /// What is wrong but not yet named: the next row of the chain says what it is.
    suspect: Option<Suspect>,
    /// The first thing that is wrong; what comes after it is not judged.
    broken: bool,
    /// Hashes that somebody else vouched for, by place, descending: the next one is last.
    vouched: Vec<(i64, Hash)>,
    /// The last place up to which the chain is what was signed or committed to.
    proven: i64,
    started: bool,
    stopped: bool,
}

/// A row or a gap that does not fit.
#[derive(Debug)]
enum Suspect {
    Row {
        seq: i64,
        previous: Hash,
        stored: Hash,
        content: Vec<u8>,
    },
    Gap {
        from: i64,
        to: i64,
    },
}

/// Something is wrong at this place.
pub(super) type Judgement = Result<(), (i64, Finding)>;

impl Chain {
    pub(super) fn new(genesis: Head) -> Self {
        Self {
            head: genesis,
            before: genesis.hash,
            suspect: None,
            broken: false,
            vouched: Vec::new(),
            proven: 0,
            started: false,
            stopped: false,
        }
    }

    /// Says that somebody else found `hash` at `seq`; before the first row.
    pub(super) fn vouch(&mut self, seq: i64, hash: Hash) {
        let position = self.vouched.partition_point(|(other, _)| *other > seq);
        self.vouched.insert(position, (seq, hash));
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// How many rows at the end nobody has signed or committed to.
    pub(super) fn unproven(&self) -> i64 {
        self.head.seq - self.proven
    }

    /// Whether nothing is known to be wrong.
    pub(super) fn is_sound(&self) -> bool {
        let vouched = || {
            self.vouched
                .iter()
                .all(|(seq, hash)| *seq == self.head.seq && *hash == self.head.hash)
        };
        !self.broken && self.suspect.is_none() && vouched()
    }

    /// Says that the chain has no beginning to stand on.
    pub(super) fn condemn(&mut self) {
        self.broken = true;
    }

    fn broken(&mut self, seq: i64, finding: Finding) -> Judgement {
        self.broken = true;
        self.suspect = None;
        Err((seq, finding))
    }

    fn hash(&self, seq: i64, previous: &Hash, content: &[u8]) -> Hash {
        row_hash(self.head.writer, seq, previous, content)
    }

    /// Judges the next row.
    pub(super) fn row(&mut self, seq: i64, stored: Hash, content: Vec<u8>) -> Judgement {
        if self.broken {
            return Ok(());
        }
        if let Some(suspect) = self.suspect.take() {
            let (at, finding) = self.resolve(suspect, seq, &stored, &content);
            return self.broken(at, finding);
        }
        self.compare_vouched()?;
        let expected = self.head.seq + 1;
        if self.stopped {
            return self.broken(seq, Finding::AfterStop);
        }
        if seq > expected {
            return self.broken(expected, Finding::Missing { to: seq - 1 });
        }
        if seq < expected {
            return self.broken(seq, Finding::Repeated);
        }
        if self.hash(seq, &self.head.hash, &content) == stored {
            self.before = std::mem::replace(&mut self.head.hash, stored);
            self.head.seq = seq;
            return Ok(());
        }
        if self.head.seq > 0 && self.hash(self.head.seq, &self.before, &content) == stored {
            return self.broken(self.head.seq, Finding::Inserted);
        }
        self.suspect = Some(Suspect::Row {
            seq,
            previous: self.head.hash,
            stored,
            content,
        });
        Ok(())
    }

    /// Judges a row that cannot be read.
    pub(super) fn unreadable(&mut self, seq: i64) -> Judgement {
        match self.suspect.take() {
            _ if self.broken => Ok(()),
            Some(Suspect::Row { seq, .. }) => self.broken(seq, Finding::Altered),
            Some(Suspect::Gap { from, to }) => self.broken(from, Finding::Missing { to }),
            None if seq > self.head.seq + 1 => {
                self.broken(self.head.seq + 1, Finding::Missing { to: seq - 1 })
            }
            None => self.broken(seq, Finding::Unreadable),
        }
    }

    /// Judges a hash that was signed, at the place where the chain now is.
    pub(super) fn signed(&mut self, seq: i64, hash: &Hash, occasion: Occasion) -> Judgement {
        if self.broken {
            return Ok(());
        }
        match self.suspect.take() {
            Some(Suspect::Row {
                seq: at,
                previous,
                stored,
                content,
            }) => {
                let computed = self.hash(at, &previous, &content);
                let finding = match seq == at {
                    true if computed == *hash => Finding::HashAltered,
                    true if stored != *hash => Finding::Displaced,
                    _ => Finding::Altered,
                };
                self.broken(at, finding)
            }
            Some(Suspect::Gap { from, to }) => {
                self.suspect = Some(Suspect::Gap {
                    from,
                    to: to.max(seq),
                });
                Ok(())
            }
            None if seq > self.head.seq => {
                self.suspect = Some(Suspect::Gap {
                    from: self.head.seq + 1,
                    to: seq,
                });
                Ok(())
            }
            None if seq < self.head.seq => self.broken(seq, Finding::Unordered),
            None if *hash != self.head.hash => self.rewritten(),
            None => {
                match occasion {
                    Occasion::Start => self.started = true,
                    Occasion::Second => {}
                    Occasion::Stop => self.stopped = true,
                    // It says what was found, not what was written.
                    Occasion::Export => return Ok(()),
                }
                self.proven = seq;
                Ok(())
            }
        }
    }

    /// Judges what can only be judged when there is no more of the chain.
    pub(super) fn finish(&mut self) -> Judgement {
        if self.broken {
            return Ok(());
        }
        match self.suspect.take() {
            Some(Suspect::Row { seq, .. }) => return self.broken(seq, Finding::Altered),
            Some(Suspect::Gap { from, to }) => return self.broken(from, Finding::Truncated { to }),
            None => self.compare_vouched()?,
        }
        if let Some((seq, _)) = self.vouched.first() {
            return self.broken(self.head.seq + 1, Finding::Truncated { to: *seq });
        }
        if !self.started {
            return self.broken(0, Finding::Unsigned);
        }
        Ok(())
    }

    /// Compares the hash at the head with what others vouched for.
    fn compare_vouched(&mut self) -> Judgement {
        while let Some((_, hash)) = self.vouched.pop_if(|(seq, _)| *seq == self.head.seq) {
            if hash != self.head.hash {
                return self.rewritten();
            }
            self.proven = self.head.seq;
        }
        Ok(())
    }

    fn rewritten(&mut self) -> Judgement {
        let to = self.head.seq;
        self.broken((self.proven + 1).min(to), Finding::Rewritten { to })
    }

    /// Names what is wrong with `suspect`, now that the next row is known.
    fn resolve(&self, suspect: Suspect, seq: i64, stored: &Hash, content: &[u8]) -> (i64, Finding) {
        let (at, previous, own, own_content) = match suspect {
            Suspect::Gap { from, .. } if seq <= from => return (seq, Finding::Unordered),
            Suspect::Gap { from, .. } => return (from, Finding::Missing { to: seq - 1 }),
            Suspect::Row {
                seq,
                previous,
                stored,
                content,
            } => (seq, previous, stored, content),
        };
        let follows = |hash: &Hash| seq == at + 1 && self.hash(seq, hash, content) == *stored;
        let finding = if follows(&own) {
            Finding::Altered
        } else if follows(&self.hash(at, &previous, &own_content)) {
            Finding::HashAltered
        } else if self.hash(at, &previous, content) != *stored {
            Finding::Displaced
        } else if self.hash(at + 1, stored, &own_content) == own {
            Finding::Swapped
        } else {
            Finding::Inserted
        };
        (at, finding)
    }

    pub(super) fn writer(&self) -> WriterId {
        self.head.writer
    }
}
