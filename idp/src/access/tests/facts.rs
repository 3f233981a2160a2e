//! The facts as the database has them: who is what to somebody, who works where, as what.

use platform::database::Queries as _;
use platform::database::testing::BACKENDS;
use platform::values;
use uuid::Uuid;

use crate::access::{
    Action, Actions, Asker, Decision, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes,
    Question, Reason, Rule, Who, candidates, decide, load, subjects_of,
};
use crate::consent::{Draft, Origin, prepare, write};
use crate::ids::OrganisationId;
use crate::people::Person;
use crate::testing::House;

fn rule(grantee: Grantee) -> Rule {
    Rule {
        effect: Effect::Permit,
        grantee,
        kinds: Kinds::of(&[Kind::Vitals]),
        actions: Actions::of(&[Action::Read]),
        purposes: Purposes::of(&[Purpose::Care]),
        depth: Depth::Values,
        data: Period::ALWAYS,
        valid: Period::ALWAYS,
    }
}

async fn allow(house: &House, person: &Person, grantee: Grantee) {
    let draft = Draft {
        performer: person.id,
        origin: Origin::Person,
        rules: vec![rule(grantee)],
    };
    let prepared = prepare(&house.hub, &house.realm, person, &draft).unwrap();
    write(&house.hub, prepared).await.unwrap();
}

async fn refused(house: &House, asker: &Person, subject: &Person) -> Option<Reason> {
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
        purpose: Purpose::Care,
        data: Period::ALWAYS,
        at: house.hub.clock.now(),
    };
    match decide(&question, &loaded.facts()) {
        Decision::Permit(_) => None,
        Decision::Deny(denied) => Some(denied.reason),
    }
}

async fn run(house: &House, sql: &str, values: Vec<platform::database::Value>) {
    house.hub.store.execute(sql, values).await.unwrap();
}

#[tokio::test]
async fn a_consent_to_a_child_opens_while_the_tie_lives_and_to_nobody_else() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (taro, _) = house.person("taro", "autumn-wind-23").await;
        let (jiro, _) = house.person("jiro", "winter-moon-31").await;
        allow(&house, &hanako, Grantee::Relation("child".to_owned())).await;
        assert_eq!(refused(&house, &taro, &hanako).await, Some(Reason::NoConsent));
        for (id, other, relation) in [(1, taro.id, "child"), (2, jiro.id, "friend")] {
            let sql = "INSERT INTO tie (id, realm_id, person_id, other_id, relation, powers, state, from_at)
                VALUES ($1, $2, $3, $4, $5, '', 'active', 0)";
            let key = Uuid::from_u128(id);
            let row = values![
                key,
                house.realm.id.uuid(),
                hanako.id.uuid(),
                other.uuid(),
                relation
            ];
            run(&house, sql, row).await;
        }
        assert_eq!(refused(&house, &taro, &hanako).await, None);
        assert_eq!(refused(&house, &jiro, &hanako).await, Some(Reason::NoConsent));
        let all = candidates(&house.hub, &house.realm, hanako.id).await.unwrap();
        assert!(all.people.contains(&taro.id) && all.people.contains(&jiro.id));
        let asker = Asker {
            person: Some(taro.id),
            ..Asker::default()
        };
        let subjects = subjects_of(&house.hub, &house.realm, &asker, Uuid::nil())
            .await
            .unwrap();
        assert!(subjects.contains(&hanako.id) && subjects.contains(&taro.id));
        assert!(!subjects.contains(&jiro.id));
        run(&house, "UPDATE tie SET state = 'ended', ended_at = 1", values![]).await;
        assert_eq!(refused(&house, &taro, &hanako).await, Some(Reason::NoConsent));
    }
}

#[tokio::test]
async fn a_consent_to_a_hospital_opens_to_its_nurse_below_it_and_not_to_its_clerk_or_who_has_left() {
    for backend in BACKENDS {
        let house = House::on(backend, 100).await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (nurse, _) = house.person("taro", "autumn-wind-23").await;
        let (clerk, _) = house.person("jiro", "winter-moon-31").await;
        let realm = house.realm.id.uuid();
        let [hospital, ward] = [1_u128, 2].map(Uuid::from_u128);
        for (id, parent) in [(hospital, None), (ward, Some(hospital))] {
            let sql = "INSERT INTO organisation (id, realm_id, parent_id, kind, name, state, created_at, updated_at)
                VALUES ($1, $2, $3, 'hospital', 'Sakura', 'active', 0, 0)";
            run(&house, sql, values![id, realm, parent]).await;
        }
        for (above, below, distance) in [(hospital, hospital, 0), (ward, ward, 0), (hospital, ward, 1)] {
            let sql = "INSERT INTO organisation_above (realm_id, ancestor_id, organisation_id, distance)
                VALUES ($1, $2, $3, $4)";
            run(&house, sql, values![realm, above, below, distance]).await;
        }
        for (id, person, code) in [(3, nurse.id, "nurse"), (4, clerk.id, "clerk")] {
            let key = Uuid::from_u128(id);
            let sql =
                "INSERT INTO affiliation (id, realm_id, person_id, organisation_id, from_at, created_at)
                VALUES ($1, $2, $3, $4, 0, 0)";
            run(&house, sql, values![key, realm, person.uuid(), ward]).await;
            let sql = "INSERT INTO occupation (id, realm_id, person_id, affiliation_id, code, created_at)
                VALUES ($1, $2, $3, $4, $5, 0)";
            let own = Uuid::from_u128(10 + id);
            run(&house, sql, values![own, realm, person.uuid(), key, code]).await;
        }
        let whole = |below| Grantee::Organisation {
            organisation: OrganisationId::from(hospital),
            below,
            occupation: None,
        };
        allow(&house, &hanako, whole(false)).await;
        assert_eq!(refused(&house, &nurse, &hanako).await, Some(Reason::NoConsent));
        allow(&house, &hanako, whole(true)).await;
        assert_eq!(refused(&house, &nurse, &hanako).await, None);
        assert_eq!(refused(&house, &clerk, &hanako).await, Some(Reason::Occupation));
        let asker = Asker {
            person: Some(nurse.id),
            ..Asker::default()
        };
        let subjects = subjects_of(&house.hub, &house.realm, &asker, Uuid::nil())
            .await
            .unwrap();
        assert!(subjects.contains(&hanako.id));
        run(&house, "UPDATE affiliation SET ended_at = 1", values![]).await;
        assert_eq!(refused(&house, &nurse, &hanako).await, Some(Reason::NoConsent));
    }
}
