//! A session on two nodes.

use std::time::Duration;

use platform::database::Backend;

use super::Sessions;
use crate::testing::House;

#[tokio::test]
async fn a_session_that_another_node_ended_is_not_taken_for_live_when_its_use_is_noted() {
    let house = House::new().await;
    let (person, hash) = house.person("hanako", "correct horse battery staple").await;
    let (hub, realm) = (&house.hub, &house.realm);
    let node = || {
        let (store, clock, entropy) = (hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
        Sessions::new(store, clock, entropy)
    };
    let (here, there) = (node(), node());
    let prepared = here.prepare(realm, &person, "pwd", None, "192.0.2.1").unwrap();
    let sid = prepared.session.sid;
    let secret = here.begin(realm, prepared, &hash).await.unwrap().unwrap();
    // The cache here holds it for a second of real time, far longer than what follows takes.
    assert!(here.resume(realm, &secret).await.unwrap().is_some());
    assert!(there.end(realm, person.id, sid).await.unwrap().is_some());
    house.time.advance(Duration::from_mins(2));
    assert!(here.resume(realm, &secret).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_that_another_node_used_a_moment_later_goes_on() {
    let house = House::new().await;
    let (person, hash) = house.person("hanako", "correct horse battery staple").await;
    let (hub, realm) = (&house.hub, &house.realm);
    let prepared = hub
        .sessions
        .prepare(realm, &person, "pwd", None, "192.0.2.1")
        .unwrap();
    let secret = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    assert!(hub.sessions.resume(realm, &secret).await.unwrap().is_some());
    let (store, clock, entropy) = (hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let there = Sessions::new(store, clock, entropy);
    house.time.advance(Duration::from_mins(2));
    assert!(there.resume(realm, &secret).await.unwrap().is_some());
    assert!(hub.sessions.resume(realm, &secret).await.unwrap().is_some());
}

#[tokio::test]
async fn a_session_that_goes_on_under_a_new_secret_is_as_old_as_it_was_and_the_old_secret_opens_nothing() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let house = House::on(backend, 1000).await;
        let (person, hash) = house.person("hanako", "correct horse battery staple").await;
        let (hub, realm) = (&house.hub, &house.realm);
        let prepared = hub
            .sessions
            .prepare(realm, &person, "pwd otp mfa", None, "192.0.2.1");
        let begun = hub.sessions.begin(realm, prepared.unwrap(), &hash).await;
        let old = begun.unwrap().unwrap();
        let before = hub.sessions.resume(realm, &old).await.unwrap().unwrap();
        house.time.advance(Duration::from_mins(20));
        let new = hub.sessions.rekey(realm, &before).await.unwrap().unwrap();
        let after = hub.sessions.resume(realm, &new).await.unwrap().unwrap();
        assert_eq!(after.authenticated_at, before.authenticated_at, "{backend:?}");
        assert_eq!((&after.amr, after.sid), (&before.amr, before.sid));
        assert!(hub.sessions.resume(realm, &old).await.unwrap().is_none());
        hub.sessions.end(realm, person.id, after.sid).await.unwrap();
        assert!(hub.sessions.rekey(realm, &after).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_realm_ends_sessions_sooner_than_the_hub_and_does_not_keep_them_longer() {
    let house = House::new().await;
    let (person, hash) = house.person("hanako", "correct horse battery staple").await;
    let (hub, home) = (&house.hub, house.realm.id);
    for (settings, lives, ends) in [
        (serde_json::json!({"session_idle_minutes": 5}), 4, 6),
        (serde_json::json!({"session_idle_minutes": 500}), 59, 61),
        (
            serde_json::json!({"session_absolute_hours": 1, "session_idle_minutes": 500}),
            55,
            60,
        ),
    ] {
        let chosen = serde_json::from_value(settings.clone()).unwrap();
        hub.realms.set_settings(&house.realm, &chosen).await.unwrap();
        let realm = hub.realms.by_id(home).await.unwrap().unwrap();
        let prepared = hub.sessions.prepare(&realm, &person, "pwd", None, "192.0.2.1");
        let secret = hub.sessions.begin(&realm, prepared.unwrap(), &hash).await;
        let secret = secret.unwrap().unwrap();
        let live = async || hub.sessions.resume(&realm, &secret).await.unwrap().is_some();
        house.time.advance(Duration::from_mins(lives));
        assert!(live().await, "{settings}");
        let rest = if settings.get("session_absolute_hours").is_some() {
            ends - lives
        } else {
            ends
        };
        house.time.advance(Duration::from_mins(rest));
        assert!(!live().await, "{settings}");
    }
}
