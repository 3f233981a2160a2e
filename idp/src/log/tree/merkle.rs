//! The shape of the tree (RFC 6962 §2.1), and what is needed of it for a proof. Pure; which nodes a proof wants and
//! whether it holds is ct-merkle's business.

use std::ops::Range;

use ct_merkle::{
    ConsistencyProof, InclusionProof, RootHash, indices_for_consistency_proof, indices_for_inclusion_proof,
};
use platform::keys::sealing::sha256;
use sha2::Sha256;

use crate::log::model::Hash;

/// A whole subtree: `2^level` leaves from `index · 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its height.
    pub level: u32,
    /// Which of that height, from the left.
    pub index: u64,
}

/// The hash of a leaf that holds the hash of a row.
pub fn leaf(row: &Hash) -> Hash {
    let mut bytes = [0; 33];
    bytes
        .iter_mut()
        .skip(1)
        .zip(row)
        .for_each(|(to, from)| *to = *from);
    sha256(&bytes)
}

/// The hash over two subtrees.
pub fn parent(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes
        .iter_mut()
        .skip(1)
        .zip(left.iter().chain(right))
        .for_each(|(to, from)| *to = *from);
    sha256(&bytes)
}

/// The hash over subtrees that stand beside each other and get smaller to the right; of nothing, that of the empty tree.
pub fn join(subtrees: &[Hash]) -> Hash {
    let mut from_the_right = subtrees.iter().rev();
    let Some(last) = from_the_right.next() else {
        return sha256(b"");
    };
    from_the_right.fold(*last, |right, left| parent(left, &right))
}

/// The tree as far as growing it needs: its whole subtrees, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// As it was kept; nothing if it is none of this size.
    pub fn read(size: u64, peaks: &[u8]) -> Option<Self> {
        let (peaks, rest) = peaks.as_chunks::<32>();
        let whole = rest.is_empty() && u32::try_from(peaks.len()) == Ok(size.count_ones());
        whole.then(|| Self {
            size,
            peaks: peaks.to_vec(),
        })
    }

    /// How it is kept.
    pub fn peaks(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// Leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash over all.
    pub fn root(&self) -> Hash {
        join(&self.peaks)
    }

    /// Puts a leaf to the right; every subtree that is whole now is handed to `whole`.
    pub fn push(&mut self, leaf: Hash, mut whole: impl FnMut(Node, Hash)) {
        let mut hash = leaf;
        let mut node = Node {
            level: 0,
            index: self.size,
        };
        whole(node, hash);
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = parent(&left, &hash);
            }
            node = Node {
                level: node.level + 1,
                index: node.index >> 1,
            };
            whole(node, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
}

/// The whole subtrees that make up the leaves of a range whose begin is that of a subtree at least as large.
pub fn covering(range: &Range<u64>) -> Vec<Node> {
    let (mut at, mut nodes) = (range.start, Vec::new());
    while at < range.end {
        let aligned = if at == 0 {
            u64::BITS - 1
        } else {
            at.trailing_zeros()
        };
        let level = aligned.min((range.end - at).ilog2());
        nodes.push(Node {
            level,
            index: at >> level,
        });
        at += 1 << level;
    }
    nodes
}

/// The leaves under a node of the array-based tree (RFC 9420 Appendix C) of `size` leaves.
fn under(index: u64, size: u64) -> Range<u64> {
    let level = index.trailing_ones();
    let first = (index >> (level + 1)) << level;
    first..(first + (1 << level)).min(size)
}

/// The subtrees whose hashes show that leaf `index` is in the tree of `size` leaves, in their order (RFC 6962 §2.1.1).
pub fn for_inclusion(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    (index < size && size <= MOST).then(|| {
        let nodes = indices_for_inclusion_proof(size, index);
        nodes.into_iter().map(|node| under(node, size)).collect()
    })
}

/// The subtrees whose hashes show that the tree of `old` leaves is the begin of that of `size` (RFC 6962 §2.1.2).
pub fn for_consistency(old: u64, size: u64) -> Option<Vec<Range<u64>>> {
    (0 < old && old <= size && size <= MOST).then(|| {
        let nodes = indices_for_consistency_proof(old, size - old);
        nodes.into_iter().map(|node| under(node, size)).collect()
    })
}

/// Leaves that a database can number.
const MOST: u64 = i64::MAX as u64;

fn root(size: u64, hash: &Hash) -> RootHash<Sha256> {
    RootHash::new((*hash).into(), size)
}

/// Whether `proof` shows that the row with this hash is leaf `index` of the tree of `size` leaves with this root.
pub fn includes(row: &Hash, index: u64, (size, hash): (u64, &Hash), proof: &[Hash]) -> bool {
    InclusionProof::try_from_bytes(proof.concat())
        .is_ok_and(|proof| root(size, hash).verify_inclusion(row, index, &proof).is_ok())
}

/// Whether `proof` shows that the newer tree begins with the older one.
pub fn extends(older: (u64, &Hash), newer: (u64, &Hash), proof: &[Hash]) -> bool {
    if older.0 == newer.0 {
        return proof.is_empty() && older.1 == newer.1;
    }
    ConsistencyProof::try_from_bytes(proof.concat()).is_ok_and(|proof| {
        root(newer.0, newer.1)
            .verify_consistency(&root(older.0, older.1), &proof)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn row(number: u64) -> Hash {
        sha256(&number.to_be_bytes())
    }

    struct Grown {
        nodes: HashMap<(u32, u64), Hash>,
        roots: Vec<Hash>,
    }

    fn grow(size: u64) -> Grown {
        let (mut frontier, mut nodes) = (Frontier::default(), HashMap::new());
        let mut roots = vec![frontier.root()];
        for number in 0..size {
            frontier.push(leaf(&row(number)), |node, hash| {
                nodes.insert((node.level, node.index), hash);
            });
            roots.push(frontier.root());
        }
        Grown { nodes, roots }
    }

    impl Grown {
        fn hashes(&self, ranges: Vec<Range<u64>>) -> Vec<Hash> {
            let one = |range: Range<u64>| {
                let parts: Vec<_> = covering(&range)
                    .iter()
                    .map(|node| self.nodes[&(node.level, node.index)])
                    .collect();
                join(&parts)
            };
            ranges.into_iter().map(one).collect()
        }
    }

    /// RFC 6962 §2.1 word for word: the slow way.
    fn naive(rows: &[Hash]) -> Hash {
        match rows {
            [] => sha256(b""),
            [one] => leaf(one),
            many => {
                let split = 1 << (many.len() - 1).ilog2();
                parent(&naive(&many[..split]), &naive(&many[split..]))
            }
        }
    }

    #[test]
    fn the_root_is_what_the_definition_says_at_every_size() {
        let grown = grow(70);
        let rows: Vec<_> = (0..70).map(row).collect();
        for size in 0..=70 {
            assert_eq!(grown.roots[size], naive(&rows[..size]), "{size}");
        }
    }

    proptest! {
        #[test]
        fn what_is_in_the_tree_can_be_shown_and_nothing_else(size in 1_u64..200, index in 0_u64..200, other in 0_u64..200) {
            let index = index % size;
            let grown = grow(size);
            let root = grown.roots[usize::try_from(size).unwrap()];
            let proof = grown.hashes(for_inclusion(index, size).unwrap());
            prop_assert!(includes(&row(index), index, (size, &root), &proof));
            prop_assert!(!includes(&row(size), index, (size, &root), &proof));
            if other != index {
                prop_assert!(!includes(&row(index), other, (size, &root), &proof));
            }
        }

        #[test]
        fn a_tree_is_shown_to_begin_with_what_it_was_and_with_nothing_else(old in 1_u64..200, more in 0_u64..200) {
            let size = old + more;
            let grown = grow(size);
            let at = |size: u64| (size, &grown.roots[usize::try_from(size).unwrap()]);
            let ranges = for_consistency(old, size).unwrap();
            let proof = if more == 0 { Vec::new() } else { grown.hashes(ranges) };
            prop_assert!(extends(at(old), at(size), &proof));
            prop_assert!(!extends((old, &row(0)), at(size), &proof));
            if more > 0 {
                prop_assert!(!extends(at(old), (size, &row(0)), &proof));
            }
        }

        #[test]
        fn a_frontier_is_read_as_it_was_kept(size in 0_u64..300) {
            let mut frontier = Frontier::default();
            (0..size).for_each(|number| frontier.push(leaf(&row(number)), |_, _| ()));
            prop_assert_eq!(Frontier::read(size, &frontier.peaks()), Some(frontier.clone()));
            prop_assert!(Frontier::read(size, &[frontier.peaks(), vec![0; 32]].concat()).is_none());
        }
    }
}
