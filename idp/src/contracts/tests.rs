//! Contracts in both databases, and what they bound.

use std::time::Duration;

use platform::database::testing::BACKENDS;
use uuid::Uuid;

use super::*;
use crate::access::{
    Action, Actions, Asker, Decision, Depth, Kind, Kinds, Operator, Period, Purpose, Question, Reason, Who,
    decide, load,
};
use crate::ids::OrganisationId;
use crate::people::Person;
use crate::testing::House;

/// What stands in the way of somebody's own use of their vitals, by way of a service of an operator.
async fn refused(house: &House, person: &Person, operator: &Operator) -> Option<Reason> {
    let who = Who {
        asker: Some(person.id),
        subject: person.id,
        operator: Some(operator),
    };
    let loaded = load(&house.hub, &house.realm, who).await.unwrap();
    let question = Question {
        asker: Asker {
            person: Some(person.id),
            client: Some("diary"),
            operator: Some(operator),
            reach: None,
        },
        subject: person.id,
        action: Action::Read,
        kind: Kind::Vitals,
        depth: Depth::Values,
        purpose: Purpose::Own,
        data: Period::ALWAYS,
        at: house.hub.clock.now(),
    };
    match decide(&question, &loaded.facts()) {
        Decision::Permit(_) => None,
        Decision::Deny(denied) => Some(denied.reason),
    }
}

#[tokio::test]
async fn a_service_works_with_what_the_contract_names_while_it_applies() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        let above: OrganisationId = Uuid::from_u128(7).into();
        let operator = Operator {
            above: vec![Uuid::from_u128(8).into(), above],
        };
        assert_eq!(refused(&house, &hanako, &operator).await, Some(Reason::Contract));
        let now = house.hub.clock.now();
        let new = NewContract {
            person: hanako.id,
            organisation: above,
            services: Services::new(vec!["diary".to_owned()]).unwrap(),
            kinds: Kinds::of(&[Kind::Vitals]),
            actions: Actions::of(&[Action::Read]),
            from: now,
            until: Some(now.plus(Duration::from_mins(10))),
        };
        let id = agree(&house.hub, &house.realm, &new).await.unwrap();
        assert_eq!(refused(&house, &hanako, &operator).await, None);
        assert_eq!(refused(&house, &taro, &operator).await, Some(Reason::Contract));
        house.time.advance(Duration::from_mins(10));
        assert_eq!(refused(&house, &hanako, &operator).await, Some(Reason::Contract));

        let open = NewContract { until: None, ..new };
        let other = agree(&house.hub, &house.realm, &open).await.unwrap();
        assert_eq!(refused(&house, &hanako, &operator).await, None);
        assert!(
            !end(&house.hub, &house.realm, taro.id, other).await.unwrap(),
            "not his"
        );
        assert!(end(&house.hub, &house.realm, hanako.id, other).await.unwrap());
        assert!(!end(&house.hub, &house.realm, hanako.id, other).await.unwrap());
        assert_eq!(refused(&house, &hanako, &operator).await, Some(Reason::Contract));
        let all = list(&house.hub, &house.realm, hanako.id, (None, 10))
            .await
            .unwrap();
        assert_eq!(all.iter().map(|one| one.id).collect::<Vec<_>>(), [id, other]);
        assert!(all[0].ended_at.is_none() && all[1].ended_at.is_some());
    }
}
