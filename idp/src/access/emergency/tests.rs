//! Emergencies in both databases: what they open, for how long, and that they are told and counted.

use std::time::Duration;

use platform::database::testing::BACKENDS;
use platform::database::{FromQueryResult, Queries as _};
use platform::values;
use uuid::Uuid;

use super::*;
use crate::access::{
    Action, Asker, Depth, Facts, Kind, Period, Purpose, Question, Standing, Who, decide, load,
};
use crate::ids::{EmergencyId, OrganisationId};
use crate::notices::{self, Notice};
use crate::people::Person;
use crate::testing::House;

#[derive(FromQueryResult)]
struct Sealed {
    sealed_reason: Vec<u8>,
}

fn hospital() -> OrganisationId {
    Uuid::from_u128(5).into()
}

fn nurse() -> Standing {
    Standing {
        organisation: hospital(),
        above: vec![hospital()],
        occupation: Some("nurse".to_owned()),
    }
}

async fn sees(house: &House, nurse: &Person, person: &Person, standings: &[Standing]) -> bool {
    let who = Who {
        asker: Some(nurse.id),
        subject: person.id,
        operator: None,
    };
    let loaded = load(&house.hub, &house.realm, who).await.unwrap();
    let question = Question {
        asker: Asker {
            person: Some(nurse.id),
            ..Asker::default()
        },
        subject: person.id,
        action: Action::Read,
        kind: Kind::Prescriptions,
        depth: Depth::Values,
        purpose: Purpose::Emergency,
        data: Period::ALWAYS,
        at: house.hub.clock.now(),
    };
    let facts = Facts {
        standings,
        ..loaded.facts()
    };
    decide(&question, &facts).permits()
}

async fn declared(house: &House, nurse: &Person, person: &Person) -> Result<EmergencyId, NotDeclared> {
    let reason = Reason::new("unconscious after a fall").unwrap();
    let told = notices::prepare(&house.hub, &house.realm, person, Notice::PasswordChanged).unwrap();
    let about = (nurse.id, person);
    let outcome = declare(&house.hub, &house.realm, about, (hospital(), &reason), vec![told]).await;
    outcome.unwrap()
}

#[tokio::test]
async fn an_emergency_opens_for_four_hours_and_for_nobody_else() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        let (jiro, _) = house.person("jiro", "winter-moon-31").await;
        let standings = [nurse()];
        assert!(!sees(&house, &taro, &hanako, &standings).await);
        let id = declared(&house, &taro, &hanako).await.unwrap();
        assert!(sees(&house, &taro, &hanako, &standings).await);
        assert!(
            !sees(&house, &taro, &hanako, &[]).await,
            "whoever has left sees nothing"
        );
        assert!(
            !sees(&house, &jiro, &hanako, &standings).await,
            "a colleague did not declare it"
        );
        assert!(
            !sees(&house, &taro, &jiro, &standings).await,
            "it is about one person"
        );
        let told = notices::list(&house.hub, &house.realm, &hanako, 100)
            .await
            .unwrap();
        assert_eq!(told.len(), 1, "the person is told in the same transaction");
        assert_eq!(live(&house.hub, &house.realm, taro.id).await.unwrap()[0].id, id);
        house.time.advance(LIFE);
        assert!(!sees(&house, &taro, &hanako, &standings).await);

        let id = declared(&house, &taro, &hanako).await.unwrap();
        assert!(!end(&house.hub, &house.realm, jiro.id, id).await.unwrap());
        assert!(end(&house.hub, &house.realm, taro.id, id).await.unwrap());
        assert!(!sees(&house, &taro, &hanako, &standings).await);
        assert!(live(&house.hub, &house.realm, taro.id).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn nobody_looks_through_everybody_by_declaring_emergencies() {
    let house = House::new().await;
    let (hanako, _) = house.person("hanako", "spring-rain-17").await;
    let (taro, _) = house.person("taro", "autumn-wind-23").await;
    for _ in 0..MOST_A_DAY {
        declared(&house, &taro, &hanako).await.unwrap();
    }
    assert_eq!(declared(&house, &taro, &hanako).await, Err(NotDeclared::TooMany));
    let told = notices::list(&house.hub, &house.realm, &hanako, 100)
        .await
        .unwrap();
    assert_eq!(
        i64::try_from(told.len()).unwrap(),
        MOST_A_DAY,
        "what was not declared is not told"
    );
    house.time.advance(Duration::from_hours(24));
    declared(&house, &taro, &hanako).await.unwrap();
}

#[tokio::test]
async fn the_reason_is_sealed_under_the_key_of_the_person_whom_it_is_about() {
    let house = House::new().await;
    let (hanako, _) = house.person("hanako", "spring-rain-17").await;
    let (taro, _) = house.person("taro", "autumn-wind-23").await;
    let id = declared(&house, &taro, &hanako).await.unwrap();
    let sql = "SELECT sealed_reason FROM emergency";
    let row: Option<Sealed> = house.hub.store.fetch_optional(sql, values![]).await.unwrap();
    let sealed = row.unwrap().sealed_reason;
    assert!(!sealed.windows(4).any(|part| part == b"fall"));
    let reason = reason(&house.realm, &hanako, id, &sealed).unwrap();
    assert_eq!(reason, "unconscious after a fall");
    assert!(super::reason(&house.realm, &taro, id, &sealed).is_err());
}

#[tokio::test]
async fn the_realm_lets_organisations_and_takes_that_back() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let other: OrganisationId = Uuid::from_u128(6).into();
        let some = [hospital(), other];
        let allowed = async || is_allowed(&house.hub, &house.realm, &some).await.unwrap();
        assert!(allowed().await.is_empty());
        for _ in 0..2 {
            allow(&house.hub, &house.realm, hospital()).await.unwrap();
        }
        assert_eq!(allowed().await, [hospital()]);
        assert!(disallow(&house.hub, &house.realm, hospital()).await.unwrap());
        assert!(!disallow(&house.hub, &house.realm, hospital()).await.unwrap());
        assert!(allowed().await.is_empty());
    }
}
