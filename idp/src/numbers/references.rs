//! Who still names an old assignment (H1.3): asked before a number gets a new holder.

use std::sync::Arc;

use platform::database::BoxFuture;
use platform::ids::RealmId;

use super::model::{Assignment, References};

/// Somebody that keeps things which may name an assignment: sessions, tokens, grants, links, retained log rows.
///
/// Each such keeper is composed into the one that reissue asks; what is not asked cannot object.
pub trait LiveReferences: Send + Sync {
    /// How many of them name this assignment or its holder by way of it. Without a sure answer: [`References::Unknown`].
    fn count<'a>(&'a self, realm: RealmId, assignment: &'a Assignment) -> BoxFuture<'a, References>;
}

/// Asks several keepers. Nobody at all to ask is not an answer, and one who does not know spoils it for all.
#[derive(Clone, Default)]
pub struct AllReferences(Vec<Arc<dyn LiveReferences>>);

impl AllReferences {
    /// Asks these.
    pub fn new(keepers: Vec<Arc<dyn LiveReferences>>) -> Self {
        Self(keepers)
    }
}

impl std::fmt::Debug for AllReferences {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AllReferences({})", self.0.len())
    }
}

impl LiveReferences for AllReferences {
    fn count<'a>(&'a self, realm: RealmId, assignment: &'a Assignment) -> BoxFuture<'a, References> {
        Box::pin(async move {
            if self.0.is_empty() {
                return References::Unknown;
            }
            let mut sum = 0_u64;
            for keeper in &self.0 {
                match keeper.count(realm, assignment).await {
                    References::Counted(count) => sum = sum.saturating_add(count),
                    References::Unknown => return References::Unknown,
                }
            }
            References::Counted(sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::model::{State, samples};
    use platform::clock::Instant;
    use uuid::Uuid;

    struct Says(References);

    impl LiveReferences for Says {
        fn count<'a>(&'a self, _: RealmId, _: &'a Assignment) -> BoxFuture<'a, References> {
            Box::pin(async move { self.0 })
        }
    }

    async fn ask(answers: Vec<References>) -> References {
        let keepers = answers
            .into_iter()
            .map(|one| Arc::new(Says(one)) as Arc<dyn LiveReferences>)
            .collect();
        let assignment = samples::assignment(State::Cooling, Instant::from_micros(0));
        AllReferences::new(keepers)
            .count(RealmId::from(Uuid::nil()), &assignment)
            .await
    }

    #[tokio::test]
    async fn answers_add_up_and_one_unknown_or_nobody_to_ask_is_unknown() {
        use References::{Counted, Unknown};
        assert_eq!(ask(vec![Counted(0), Counted(0)]).await, Counted(0));
        assert_eq!(ask(vec![Counted(2), Counted(3)]).await, Counted(5));
        assert_eq!(ask(vec![Counted(0), Unknown]).await, Unknown);
        assert_eq!(ask(vec![]).await, Unknown);
    }
}
