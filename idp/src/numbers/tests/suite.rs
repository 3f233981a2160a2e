//! What must hold on SQLite and on PostgreSQL alike.

use platform::database::DatabaseError;
use platform::database::testing::BACKENDS;

use super::*;

fn key() -> NumberKey {
    NumberKey::new([9; 32])
}

async fn number_of(desk: &Desk, counter: u64) -> Number {
    let space = namespace(&desk.store, desk.realm, desk.space).await.unwrap();
    Permutation::new(&key(), &space).unwrap().number(counter).unwrap()
}

#[tokio::test]
async fn a_realm_begins_with_numbers_for_people_staff_and_operators_that_never_come_back() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let (store, entropy) = (database.store().clone(), Entropy::system());
        let realm = new_realm(&store, &entropy).await;
        let maker = entropy.clone();
        let made = store
            .write(move |tx: &Tx| {
                Box::pin(async move { create_default_namespaces(tx, realm, START, &maker).await })
            })
            .await
            .unwrap();
        assert_eq!(namespaces(&store, realm).await.unwrap(), made);
        let kinds: Vec<_> = made
            .iter()
            .map(|one| (one.code.value(), one.holder_kind, one.reissue))
            .collect();
        let never = Reissue::Never;
        let expected = [
            (10, HolderKind::Person, never),
            (20, HolderKind::Staff, never),
            (30, HolderKind::Operator, never),
        ];
        assert_eq!(kinds, expected);
        let again = store
            .write(move |tx: &Tx| {
                Box::pin(async move { create_default_namespaces(tx, realm, START, &entropy).await })
            })
            .await;
        assert!(matches!(again, Err(NumbersError::NameTaken)));
    }
}

#[tokio::test]
async fn a_number_is_found_from_what_a_person_types_and_only_in_its_own_realm() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
        let other = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
        let theirs = other.issue(10).await.unwrap();
        let block = desk.issue(10).await.unwrap();
        let number = number_of(&desk, 3).await;
        let typed = Number::parse(&number.grouped()).unwrap();
        let found = look_up(&desk.store, desk.realm, &key(), typed).await.unwrap();
        assert_eq!((found.place, found.current), (desk.place(3), None));
        let given = desk.assign(3, person(1), START).await.unwrap();
        let found = look_up(&desk.store, desk.realm, &key(), typed).await.unwrap();
        assert_eq!(found.current.as_ref(), Some(&given));

        // Another realm: its own counters lie elsewhere, ours are absent, and so is all that hangs on them.
        let absent =
            |outcome: Result<(), NumbersError>| assert!(matches!(outcome, Err(NumbersError::NotFound)));
        absent(look_up(&desk.store, other.realm, &key(), typed).await.map(drop));
        absent(find(&desk.store, other.realm, desk.place(3)).await.map(drop));
        absent(namespace(&desk.store, other.realm, desk.space).await.map(drop));
        let foreign = Desk {
            realm: other.realm,
            ..desk.clone()
        };
        absent(foreign.issue(1).await.map(drop));
        absent(foreign.assign(4, person(1), START).await.map(drop));
        absent(foreign.change(given.id, Change::Cancel, START).await.map(drop));
        absent(
            foreign
                .reissuable(3, References::Counted(0), START)
                .await
                .map(drop),
        );
        assert!(
            held_by(&desk.store, other.realm, person(1), 9)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            blocks(&desk.store, other.realm, desk.space, None, 9)
                .await
                .unwrap(),
            []
        );
        assert_eq!(
            blocks(&desk.store, desk.realm, desk.space, None, 9)
                .await
                .unwrap(),
            [block]
        );
        assert_eq!(
            blocks(&desk.store, other.realm, other.space, None, 9)
                .await
                .unwrap(),
            [theirs]
        );
        assert_eq!(desk.current(3).await, Some(given));
    }
}

#[tokio::test]
async fn a_number_that_was_never_issued_cannot_be_assigned_or_found() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
        let early = desk.assign(0, person(1), START).await;
        assert!(matches!(early, Err(NumbersError::NotFound)));
        desk.issue(5).await.unwrap();
        for counter in [5, 999_999, u64::MAX] {
            assert!(matches!(
                desk.assign(counter, person(1), START).await,
                Err(NumbersError::NotFound)
            ));
        }
        let unissued = number_of(&desk, 5).await;
        let found = look_up(&desk.store, desk.realm, &key(), unissued).await;
        assert!(matches!(found, Err(NumbersError::NotFound)), "{backend:?}");
    }
}

#[tokio::test]
async fn an_exhausted_namespace_says_so_and_nothing_changes() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
        assert!(matches!(desk.issue(0).await, Err(NumbersError::EmptyBlock)));
        desk.issue(999_990).await.unwrap();
        for count in [11, 1_000_000, u64::MAX] {
            let refused = desk.issue(count).await;
            assert!(
                matches!(refused, Err(NumbersError::Exhausted { left: 10 })),
                "{backend:?}: {refused:?}"
            );
        }
        assert_eq!(desk.issue(10).await.unwrap().first_counter, 999_990);
        assert!(matches!(
            desk.issue(1).await,
            Err(NumbersError::Exhausted { left: 0 })
        ));
        let blocks = blocks(&desk.store, desk.realm, desk.space, None, 9)
            .await
            .unwrap();
        assert_eq!(blocks.iter().map(|block| block.size).sum::<u64>(), 1_000_000);
    }
}

#[tokio::test]
async fn only_the_operator_that_a_block_was_issued_to_assigns_its_numbers() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
        let (ours, theirs) = (
            OperatorId::from(Uuid::from_u128(1)),
            OperatorId::from(Uuid::from_u128(2)),
        );
        desk.issue_to(3, Some(ours)).await.unwrap();
        desk.issue(3).await.unwrap();
        let claim = |by| Claim {
            holder: person(1),
            by,
        };
        for (counter, by) in [(0, None), (0, Some(theirs)), (3, Some(ours))] {
            let refused = desk.assign_by(counter, claim(by), START).await;
            assert!(
                matches!(refused, Err(NumbersError::NotFound)),
                "{backend:?}: {refused:?}"
            );
        }
        let staff = Holder {
            kind: HolderKind::Staff,
            id: Uuid::from_u128(1),
        };
        let wrong = desk
            .assign_by(
                0,
                Claim {
                    holder: staff,
                    by: Some(ours),
                },
                START,
            )
            .await;
        assert!(matches!(wrong, Err(NumbersError::WrongKind(HolderKind::Person))));
        desk.assign_by(0, claim(Some(ours)), START).await.unwrap();
    }
}

#[tokio::test]
async fn of_many_claims_at_once_one_wins_at_first_assignment_and_at_reissue() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, yearly())).await;
        desk.issue(30).await.unwrap();
        let claims = (0..20).map(|holder| {
            let desk = desk.clone();
            tokio::spawn(async move { desk.assign(7, person(holder), START).await })
        });
        let first = only_winner(claims.collect()).await;
        // The winner cannot take a second number either, however often it asks at once.
        let holder = first.holder;
        let greedy = (10..30).map(|counter| {
            let desk = desk.clone();
            tokio::spawn(async move { desk.assign(counter, holder, START).await })
        });
        for claim in greedy.collect::<Vec<_>>() {
            assert!(matches!(claim.await.unwrap(), Err(NumbersError::HolderHasNumber)));
        }
        desk.change(first.id, Change::Cancel, START).await.unwrap();
        desk.change(first.id, Change::Cool, START).await.unwrap();
        let end = START.plus(COOLDOWN_FLOOR);
        let proof = desk.reissuable(7, References::Counted(0), end).await.unwrap();
        let claims = (100..120).map(|holder| {
            let (desk, proof) = (desk.clone(), proof.clone());
            tokio::spawn(async move { desk.reissue(proof, person(holder), end).await })
        });
        let second = only_winner(claims.collect()).await;
        assert_eq!(second.generation, 2);
        assert_ne!(second.id, first.id);
        assert_eq!(desk.current(7).await, Some(second.clone()));

        // What is asked of the old assignment, however late, does not reach the new holder.
        for late in [Change::Suspend, Change::Cancel, Change::Cool] {
            let refused = desk.change(first.id, late, end).await;
            assert!(matches!(refused, Err(NumbersError::Change(_))), "{backend:?}");
        }
        assert_eq!(desk.current(7).await, Some(second));
    }
}

async fn only_winner(claims: Vec<tokio::task::JoinHandle<Result<Assignment, NumbersError>>>) -> Assignment {
    let mut winners = Vec::new();
    for claim in claims {
        match claim.await.unwrap() {
            Ok(assignment) => winners.push(assignment),
            Err(error) => assert!(
                matches!(error, NumbersError::Assigned(_) | NumbersError::Raced),
                "{error}"
            ),
        }
    }
    assert_eq!(winners.len(), 1);
    winners.remove(0)
}

#[tokio::test]
async fn a_proof_that_was_overtaken_by_a_stricter_policy_is_worth_nothing() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, yearly())).await;
        desk.issue(1).await.unwrap();
        let old = desk.assign(0, person(1), START).await.unwrap();
        desk.change(old.id, Change::Cancel, START).await.unwrap();
        desk.change(old.id, Change::Cool, START).await.unwrap();
        let end = START.plus(COOLDOWN_FLOOR);
        let proof = desk.reissuable(0, References::Counted(0), end).await.unwrap();
        let longer = Reissue::AfterCooldown(Cooldown::new(COOLDOWN_FLOOR * 2).unwrap());
        for stricter in [Reissue::Never, longer] {
            desk.set_reissue(stricter).await;
            let refused = desk.reissue(proof.clone(), person(2), end).await;
            assert!(
                matches!(refused, Err(NumbersError::Raced)),
                "{backend:?}: {refused:?}"
            );
            assert_eq!(desk.current(0).await.unwrap().state, State::Cooling);
        }
        desk.set_reissue(yearly()).await;
        let early = desk
            .reissue(
                proof.clone(),
                person(2),
                end.minus(std::time::Duration::from_micros(1)),
            )
            .await;
        assert!(
            matches!(early, Err(NumbersError::Raced)),
            "the statement itself looks at the time"
        );
        desk.reissue(proof, person(2), end).await.unwrap();
    }
}

#[tokio::test]
async fn the_schema_itself_refuses_a_cooldown_under_a_year_and_a_counter_beyond_capacity() {
    for backend in BACKENDS {
        let database = hub(backend).await;
        let desk = Desk::open(database.store(), small("a", 40, true, yearly())).await;
        let floor = i64::try_from(COOLDOWN_FLOOR.as_micros()).unwrap();
        let set = "UPDATE number_namespace SET cooldown = $1 WHERE id = $2";
        let allowed = desk.store.change(set, values![floor, desk.space.uuid()]).await;
        assert!(matches!(allowed, Ok(1)));
        for cooldown in [floor - 1, 0, -1] {
            let refused = desk.store.change(set, values![cooldown, desk.space.uuid()]).await;
            assert!(
                matches!(refused, Err(DatabaseError::Unavailable(_))),
                "{backend:?}: {refused:?}"
            );
        }
        let beyond = "UPDATE number_namespace SET next_counter = capacity + 1 WHERE id = $1";
        assert!(
            desk.store
                .change(beyond, values![desk.space.uuid()])
                .await
                .is_err()
        );
    }
}

/// A whole namespace, so that the permutation must hit each body exactly once. The time it takes is printed, not asserted:
/// `cargo test -p idp a_million -- --nocapture`.
#[tokio::test]
async fn a_million_numbers_in_one_call_are_all_different_and_all_well_formed() {
    let database = hub(Backend::Sqlite).await;
    let desk = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
    let clock = platform::clock::Clock::system();
    let begin = clock.now();
    let block = desk.issue(1_000_000).await.unwrap();
    let issued = clock.now();
    let space = namespace(&desk.store, desk.realm, desk.space).await.unwrap();
    let permutation = Permutation::new(&key(), &space).unwrap();
    let mut numbers: Vec<Number> = permutation.numbers(&block).map(Result::unwrap).collect();
    let computed = clock.now();
    println!(
        "1,000,000 numbers: issued in {:?}, computed in {:?}",
        issued.since(begin),
        computed.since(issued)
    );
    assert!(
        numbers
            .iter()
            .all(|number| Number::parse(&number.to_string()) == Ok(*number))
    );
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 1_000_000);
}
