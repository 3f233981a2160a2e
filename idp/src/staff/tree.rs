//! Which organisation is above which: pairs of a closure, as many as a decision needs.

use std::collections::HashSet;

use crate::ids::OrganisationId;

/// How deep the tree may be. A chain of departments that is longer helps nobody, and bounds what a move rewrites.
pub const DEEPEST: u32 = 16;

/// A part of the closure of the tree, with which of its organisations have not ended. What is not in it is not above.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    above: HashSet<(OrganisationId, OrganisationId)>,
    ended: HashSet<OrganisationId>,
}

impl Tree {
    /// From pairs of an ancestor and an organisation, each organisation with itself among them.
    pub fn new(
        pairs: impl IntoIterator<Item = (OrganisationId, OrganisationId)>,
        ended: impl IntoIterator<Item = OrganisationId>,
    ) -> Self {
        Self {
            above: pairs.into_iter().collect(),
            ended: ended.into_iter().collect(),
        }
    }

    /// Whether `organisation` is `ancestor` or below it.
    pub fn is_within(&self, organisation: OrganisationId, ancestor: OrganisationId) -> bool {
        self.above.contains(&(ancestor, organisation))
    }

    /// Whether it is known here and goes on.
    pub fn is_active(&self, organisation: OrganisationId) -> bool {
        self.is_within(organisation, organisation) && !self.ended.contains(&organisation)
    }
}
