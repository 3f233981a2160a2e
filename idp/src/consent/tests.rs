//! Consents in both databases: versions, what they were compiled into, and what ends with them.

use platform::clock::Instant;
use platform::database::testing::BACKENDS;
use platform::database::{FromQueryResult, Queries as _};
use platform::values;

use super::*;
use crate::access::{
    Action, Actions, Asker, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes, Question, Rule,
    Who, decide, load,
};
use crate::ids::PersonId;
use crate::people::Person;
use crate::testing::House;

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

fn to(person: PersonId) -> Rule {
    Rule {
        effect: Effect::Permit,
        grantee: Grantee::Person(person),
        kinds: Kinds::of(&[Kind::Vitals]),
        actions: Actions::of(&[Action::Read]),
        purposes: Purposes::of(&[Purpose::Family]),
        depth: Depth::Values,
        data: Period::ALWAYS,
        valid: Period::ALWAYS,
    }
}

fn draft(by: &Person, rules: Vec<Rule>) -> Draft {
    Draft {
        performer: by.id,
        origin: Origin::Person,
        rules,
    }
}

async fn may_read(house: &House, subject: &Person, asker: &Person) -> bool {
    let who = Who {
        asker: Some(asker.id),
        subject: subject.id,
        operator: None,
    };
    let loaded = load(&house.hub, &house.realm, who).await.unwrap();
    let question = Question {
        asker: Asker {
            person: Some(asker.id),
            ..Asker::default()
        },
        subject: subject.id,
        action: Action::Read,
        kind: Kind::Vitals,
        depth: Depth::Values,
        purpose: Purpose::Family,
        data: Period::ALWAYS,
        at: house.hub.clock.now(),
    };
    decide(&question, &loaded.facts()).permits()
}

async fn count(house: &House, sql: &str) -> i64 {
    let row: Option<Count> = house.hub.store.fetch_optional(sql, values![]).await.unwrap();
    row.unwrap().count
}

#[tokio::test]
async fn a_consent_opens_from_its_commit_on_and_closes_with_its_withdrawal() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        assert!(!may_read(&house, &hanako, &taro).await);
        let given = draft(&hanako, vec![to(taro.id)]);
        let prepared = prepare(&house.hub, &house.realm, &hanako, &given).unwrap();
        assert!(!may_read(&house, &hanako, &taro).await);
        let id = write(&house.hub, prepared).await.unwrap();
        assert!(may_read(&house, &hanako, &taro).await);
        assert!(!may_read(&house, &taro, &hanako).await, "it is not mutual");

        let kept = find(&house.hub, &house.realm, &hanako, id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((kept.version, kept.is_active()), (1, true));
        let end = prepare_withdrawal(&house.hub, &house.realm, &hanako, &kept, hanako.id).unwrap();
        write(&house.hub, end).await.unwrap();
        assert!(!may_read(&house, &hanako, &taro).await);
        let versions = history(&house.hub, &house.realm, &hanako, id).await.unwrap();
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[0].resource, kept.resource, "a version is never changed");
        assert!(!versions[1].is_active());
        let again = prepare_withdrawal(&house.hub, &house.realm, &hanako, &versions[1], hanako.id);
        assert!(matches!(again, Err(ConsentError::Unknown)));
    }
}

#[tokio::test]
async fn another_version_takes_the_place_of_the_one_before_it_and_of_two_at_once_one_fails() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        let (jiro, _) = house.person("jiro", "winter-moon-31").await;
        let first = prepare(
            &house.hub,
            &house.realm,
            &hanako,
            &draft(&hanako, vec![to(taro.id)]),
        )
        .unwrap();
        let id = write(&house.hub, first).await.unwrap();
        let kept = find(&house.hub, &house.realm, &hanako, id)
            .await
            .unwrap()
            .unwrap();
        let next =
            |rules| prepare_change(&house.hub, &house.realm, &hanako, &kept, &draft(&hanako, rules)).unwrap();
        let (one, two) = (next(vec![to(jiro.id)]), next(vec![to(taro.id), to(jiro.id)]));
        write(&house.hub, one).await.unwrap();
        assert!(matches!(write(&house.hub, two).await, Err(ConsentError::Raced)));
        assert!(may_read(&house, &hanako, &jiro).await);
        assert!(!may_read(&house, &hanako, &taro).await);
    }
}

#[tokio::test]
async fn what_a_consent_says_is_sealed_under_the_key_of_the_person_and_bound_to_its_version() {
    let house = House::new().await;
    let (hanako, _) = house.person("hanako", "spring-rain-17").await;
    let (taro, _) = house.person("taro", "autumn-wind-23").await;
    let prepared = prepare(
        &house.hub,
        &house.realm,
        &hanako,
        &draft(&hanako, vec![to(taro.id)]),
    )
    .unwrap();
    let id = write(&house.hub, prepared).await.unwrap();
    assert!(find(&house.hub, &house.realm, &taro, id).await.unwrap().is_none());
    // The same bytes as another version do not open.
    let sql = "UPDATE consent_grant SET consent_version = 1";
    house.hub.store.execute(sql, values![]).await.unwrap();
    let moved = "INSERT INTO consent (id, version, realm_id, subject_id, performer_id, origin, status, sealed_resource,
         created_at) SELECT id, 2, realm_id, subject_id, performer_id, origin, status, sealed_resource, created_at
         FROM consent";
    house.hub.store.execute(moved, values![]).await.unwrap();
    assert!(matches!(
        find(&house.hub, &house.realm, &hanako, id).await,
        Err(ConsentError::Sealed(_))
    ));
}

#[tokio::test]
async fn a_consent_that_fails_leaves_no_rule_behind() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        let given = draft(&hanako, vec![to(taro.id)]);
        let prepared = prepare(&house.hub, &house.realm, &hanako, &given).unwrap();
        let failed: Result<(), ConsentError> = house
            .hub
            .store
            .write(move |tx: &platform::database::Tx| {
                Box::pin(async move {
                    write_in(tx, prepared).await?;
                    Err(ConsentError::Unknown)
                })
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(
            count(&house, "SELECT count(*) AS count FROM consent_grant").await,
            0
        );
        assert_eq!(count(&house, "SELECT count(*) AS count FROM consent").await, 0);
    }
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_is_an_error_and_never_skipped() {
    let house = House::new().await;
    let (hanako, _) = house.person("hanako", "spring-rain-17").await;
    let (taro, _) = house.person("taro", "autumn-wind-23").await;
    let prepared = prepare(
        &house.hub,
        &house.realm,
        &hanako,
        &draft(&hanako, vec![to(taro.id)]),
    )
    .unwrap();
    write(&house.hub, prepared).await.unwrap();
    for change in [
        "kinds = 1073741824",
        "effect = 'forbid'",
        "depth = 5",
        "grantee_kind = 'everyone'",
    ] {
        let sql = format!("UPDATE consent_grant SET {change}");
        house.hub.store.execute(&sql, values![]).await.unwrap();
        let who = Who {
            asker: Some(taro.id),
            subject: hanako.id,
            operator: None,
        };
        assert!(load(&house.hub, &house.realm, who).await.is_err(), "{change}");
        let back =
            "UPDATE consent_grant SET kinds = 2, effect = 'permit', depth = 3, grantee_kind = 'person'";
        house.hub.store.execute(back, values![]).await.unwrap();
    }
    assert!(may_read(&house, &hanako, &taro).await);
}

#[test]
fn what_is_not_understood_is_no_consent() {
    let subject: PersonId = uuid::Uuid::from_u128(1).into();
    let head = Head {
        subject,
        performer: subject,
        given_at: Instant::from_micros(0),
    };
    let good = serde_json::to_value(resource(head, &[to(subject)])).unwrap();
    let read = |value: &serde_json::Value| {
        serde_json::from_value::<fhir::Consent>(value.clone())
            .map_err(|_| InvalidConsent::Shape)
            .and_then(|consent| compile(&consent))
    };
    assert!(read(&good).is_ok());
    let part = |path: &str, value: serde_json::Value| {
        let mut changed = good.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[name] = value;
        changed
    };
    let one = "/provision/provision/0";
    for (name, bad) in [
        ("extension", part("/extension", serde_json::json!([]))),
        ("implicit rules", part("/implicitRules", "urn:x".into())),
        (
            "modifier",
            part("/modifierExtension", serde_json::json!([{"url": "urn:x"}])),
        ),
        ("draft", part("/status", "draft".into())),
        ("another resource", part("/resourceType", "Patient".into())),
        ("base permits", part("/provision/type", "permit".into())),
        ("no rule", part("/provision/provision", serde_json::json!([]))),
        ("another scope", part("/scope/coding/0/code", "research".into())),
        (
            "unknown modifier",
            part(&format!("{one}/modifierExtension/0/url"), "urn:x".into()),
        ),
        (
            "unknown member",
            part(&format!("{one}/securityLabel"), serde_json::json!([])),
        ),
        (
            "unknown kind",
            part(&format!("{one}/class/0/code"), "genome".into()),
        ),
        ("no actor", part(&format!("{one}/actor"), serde_json::json!([]))),
        (
            "no purpose",
            part(&format!("{one}/purpose"), serde_json::json!([])),
        ),
        (
            "end before begin",
            part(
                &format!("{one}/period"),
                serde_json::json!({"start": "2026-02-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}),
            ),
        ),
        (
            "no time",
            part(
                &format!("{one}/period"),
                serde_json::json!({"start": "yesterday"}),
            ),
        ),
        (
            "nested permit",
            part(
                &format!("{one}/provision"),
                serde_json::json!([good["provision"]["provision"][0]]),
            ),
        ),
        (
            "doubled coding",
            part(
                "/policyRule/coding",
                serde_json::json!([{"system": "x", "code": "y"}, {"system": "x", "code": "y"}]),
            ),
        ),
    ] {
        assert!(read(&bad).is_err(), "{name}");
    }
}
