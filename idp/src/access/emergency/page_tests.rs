//! The page of emergencies, as a nurse uses it and as others would.

use std::time::Duration;

use platform::database::Queries as _;
use platform::values;
use uuid::Uuid;

use super::*;
use crate::ids::{OrganisationId, PersonId};
use crate::notices::{self, Notice};
use crate::people::{Person, number_of};
use crate::testing::{Answer, House};

const ADDRESS: &str = "192.0.2.10";
const REASON: &str = "unconscious after a fall";

struct Ward {
    house: House,
    hanako: Person,
    nurse: Person,
    place: OrganisationId,
}

impl Ward {
    /// A ward of a hospital with a nurse and a clerk, and somebody who lies there.
    async fn new() -> Self {
        let house = House::new().await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let (nurse, _) = house.person("taro", "autumn-wind-23").await;
        let (clerk, _) = house.person("jiro", "winter-moon-31").await;
        let place = Uuid::from_u128(1);
        let ward = Self {
            house,
            hanako,
            nurse,
            place: place.into(),
        };
        let realm = ward.house.realm.id.uuid();
        let sql = "INSERT INTO organisation (id, realm_id, kind, name, state, created_at, updated_at)
            VALUES ($1, $2, 'hospital', 'Sakura', 'active', 0, 0)";
        ward.run(sql, values![place, realm]).await;
        let sql = "INSERT INTO organisation_above (realm_id, ancestor_id, organisation_id, distance)
            VALUES ($1, $2, $2, 0)";
        ward.run(sql, values![realm, place]).await;
        for (id, person, code) in [(3, ward.nurse.id, "nurse"), (4, clerk.id, "clerk")] {
            ward.hire(id, person, code).await;
        }
        ward
    }

    async fn run(&self, sql: &str, values: Vec<platform::database::Value>) {
        self.house.hub.store.execute(sql, values).await.unwrap();
    }

    async fn hire(&self, id: u128, person: PersonId, code: &str) {
        let (realm, key) = (self.house.realm.id.uuid(), Uuid::from_u128(id));
        let sql = "INSERT INTO affiliation (id, realm_id, person_id, organisation_id, from_at, created_at)
            VALUES ($1, $2, $3, $4, 0, 0)";
        self.run(sql, values![key, realm, person.uuid(), self.place.uuid()])
            .await;
        let sql = "INSERT INTO occupation (id, realm_id, person_id, affiliation_id, code, created_at)
            VALUES ($1, $2, $3, $4, $5, 0)";
        let own = Uuid::from_u128(10 + id);
        self.run(sql, values![own, realm, person.uuid(), key, code]).await;
    }

    async fn sign_in(&self, login: &str, password: &str) -> String {
        self.house
            .sign_in(ADDRESS, login, password)
            .await
            .session()
            .unwrap()
    }

    async fn declare(&self, session: &str, reason: &str) -> Answer {
        let number = number_of(&self.house.hub.store, &self.house.realm, self.hanako.id).await;
        let (number, place) = (number.unwrap().unwrap().to_string(), self.place.to_string());
        let fields = [("person", number.as_str()), ("place", &place), ("reason", reason)];
        let path = "/account/emergency/declare";
        self.house.submit(ADDRESS, path, Some(session), &fields).await
    }
}

#[tokio::test]
async fn a_nurse_declares_an_emergency_and_the_person_reads_who_it_was_and_why() {
    let ward = Ward::new().await;
    let session = ward.sign_in("taro", "autumn-wind-23").await;
    // Neither a contract nor the realm lets the hospital yet.
    assert_eq!(ward.declare(&session, REASON).await.status, 400);
    allow(&ward.house.hub, &ward.house.realm, ward.place)
        .await
        .unwrap();
    let declared = ward.declare(&session, REASON).await;
    assert_eq!(declared.location(), "/account/emergency?done=declared");
    let mine = live(&ward.house.hub, &ward.house.realm, ward.nurse.id)
        .await
        .unwrap();
    assert_eq!(mine.len(), 1);

    let told = notices::list(&ward.house.hub, &ward.house.realm, &ward.hanako, 10)
        .await
        .unwrap();
    assert!(
        told.iter()
            .any(|one| matches!(one.notice, Notice::EmergencyDeclared { .. }))
    );
    let hers = ward.sign_in("hanako", "spring-rain-17").await;
    let page = ward.house.open(ADDRESS, "/account/consents", Some(&hers)).await;
    assert!(
        page.body.contains(REASON) && page.body.contains("Sakura"),
        "{}",
        page.body
    );

    let id = mine[0].id.to_string();
    let path = "/account/emergency/end";
    let stranger = ward
        .house
        .submit(ADDRESS, path, Some(&hers), &[("emergency", &id)])
        .await;
    assert_eq!(stranger.status, 400);
    let ended = ward
        .house
        .submit(ADDRESS, path, Some(&session), &[("emergency", &id)])
        .await;
    assert_eq!(ended.location(), "/account/emergency?done=ended");
    assert!(
        live(&ward.house.hub, &ward.house.realm, ward.nurse.id)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        ward.house
            .refusals("access.emergency", "emergency.organisation")
            .await,
        1
    );
}

#[tokio::test]
async fn nobody_else_declares_one_and_nobody_without_a_reason_or_a_fresh_sign_in() {
    let ward = Ward::new().await;
    allow(&ward.house.hub, &ward.house.realm, ward.place)
        .await
        .unwrap();
    let clerk = ward.sign_in("jiro", "winter-moon-31").await;
    assert_eq!(ward.declare(&clerk, REASON).await.status, 400);
    let herself = ward.sign_in("hanako", "spring-rain-17").await;
    assert_eq!(ward.declare(&herself, REASON).await.status, 400);
    let nurse = ward.sign_in("taro", "autumn-wind-23").await;
    assert_eq!(ward.declare(&nurse, "urgent").await.status, 400);
    ward.house.time.advance(Duration::from_mins(6));
    assert_eq!(
        ward.declare(&nurse, REASON).await.status,
        400,
        "the sign-in is not fresh"
    );
    let nurse = ward.sign_in("taro", "autumn-wind-23").await;
    ward.run("UPDATE affiliation SET ended_at = 1", values![]).await;
    assert_eq!(
        ward.declare(&nurse, REASON).await.status,
        400,
        "who has left declares nothing"
    );
    let about = about(&ward.house.hub, &ward.house.realm, &ward.hanako)
        .await
        .unwrap();
    assert!(about.is_empty());
    for reason in ["emergency.occupation", "emergency.person", "emergency.reason"] {
        assert!(
            ward.house.refusals("access.emergency", reason).await >= 1,
            "{reason}"
        );
    }
}
