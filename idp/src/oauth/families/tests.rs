//! Families that begin at the very moment at which what they rest on ends.

use std::sync::Arc;
use std::time::Duration;

use platform::database::testing::BACKENDS;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::values;
use serde_json::json;
use tokio::sync::oneshot;

use super::{FamilyDetails, NewFamily};
use crate::credentials::replace;
use crate::ids::FamilyId;
use crate::oauth::Scope;
use crate::oauth::clients::{Metadata, Registration};
use crate::oauth::consents::Recipient;
use crate::testing::House;

/// What ends.
#[derive(Debug, Clone, Copy)]
enum Ends {
    /// The password is another, and with it every session and every token.
    Password,
    /// The person lets the client have nothing any more.
    Consent,
}

/// Ends it in the caller's transaction, in the order in which it always ends.
async fn end(tx: &Tx, what: Ends, house: &House, new: &NewFamily) -> Result<(), DatabaseError> {
    let (realm, now) = (house.realm.id, house.hub.clock.now());
    match what {
        Ends::Password => replace(tx, realm, new.person, ("another".to_owned(), now), None).await,
        Ends::Consent => {
            let whose = || values![realm.uuid(), new.person.uuid(), new.client_id.clone()];
            let sql = "DELETE FROM client_consent WHERE realm_id = $1 AND person_id = $2 AND client_id = $3";
            tx.execute(sql, whose()).await?;
            let sql = "UPDATE token_family SET revoked_at = $4 WHERE realm_id = $1 AND person_id = $2 AND client_id = $3";
            tx.execute(sql, [whose(), values![now.as_micros()]].concat())
                .await
                .map(drop)
        }
    }
}

/// Somebody who is signed in and lets a client have something; a family that is about to begin.
async fn about_to_begin(house: &House) -> NewFamily {
    let (hub, realm) = (&house.hub, &house.realm);
    let (person, hash) = house.person("hanako", "correct horse battery staple").await;
    let now = hub.clock.now();
    let prepared = hub
        .sessions
        .prepare(realm, &person, "pwd", None, "192.0.2.1")
        .unwrap();
    let session = prepared.session.clone();
    hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let metadata = Metadata::from_json(&json!({"redirect_uris": ["http://localhost:1/cb"]}), false).unwrap();
    let made = hub
        .clients
        .enter(realm, &hub.entropy, now, Registration::of(&metadata))
        .await;
    let recipient = Recipient {
        client_id: made.unwrap().client.id,
        place: "localhost".to_owned(),
    };
    let scope = Scope::parse("openid offline_access").unwrap();
    hub.consents
        .grant(realm, person.id, (&recipient, "s".to_owned()), &scope, now)
        .await
        .unwrap();
    NewFamily {
        id: FamilyId::new(&hub.entropy, now).unwrap(),
        client_id: recipient.client_id,
        place: recipient.place,
        takes_part: false,
        person: person.id,
        // It would outlive the session.
        sid: None,
        scope,
        details: FamilyDetails::of_sign_in(session.sid, session.authenticated_at, "pwd"),
        expires_at: now.plus(Duration::from_hours(24)),
        rests_on: Vec::new(),
    }
}

#[tokio::test]
async fn tokens_that_begin_while_the_password_changes_or_the_consent_goes_are_over_with_the_rest() {
    for backend in BACKENDS {
        for what in [Ends::Password, Ends::Consent] {
            let house = Arc::new(House::on(backend, 1000).await);
            let new = Arc::new(about_to_begin(&house).await);
            let (done, all_done) = oneshot::channel();
            let (inner, about) = (house.clone(), new.clone());
            let ending = tokio::spawn(async move {
                let (there, about) = (inner.clone(), about);
                let ended = inner.hub.store.write(move |tx: &Tx| {
                    Box::pin(async move {
                        end(tx, what, &there, &about).await?;
                        // All is written and nothing committed: now the tokens are asked for.
                        let _ = done.send(());
                        tokio::time::sleep(Duration::from_millis(300)).await;
                        Ok::<_, DatabaseError>(())
                    })
                });
                ended.await.unwrap();
            });
            all_done.await.unwrap();
            let (hub, realm, now) = (&house.hub, &house.realm, house.hub.clock.now());
            let begun = hub.families.begin(realm, &hub.entropy, now, &new, true).await;
            ending.await.unwrap();
            hub.families.forget_all();
            let family = hub.families.find(realm, new.id).await.unwrap();
            let carries = family.is_some_and(|family| family.is_live(now));
            assert!(
                !carries,
                "{backend:?} {what:?}: {:?}",
                begun.map(|begun| begun.is_some()).ok()
            );
        }
    }
}

/// Idle tokens are over (RFC 9700 §4.14.2), but not those of which nobody noted when they were used: an upgrade ends nothing.
#[tokio::test]
async fn a_token_from_before_its_use_was_noted_is_judged_from_its_next_use_on() {
    for backend in BACKENDS {
        for rotated in [true, false] {
            let house = House::on(backend, 1000).await;
            let (hub, realm, now) = (&house.hub, &house.realm, house.hub.clock.now());
            let new = about_to_begin(&house).await;
            let begun = hub.families.begin(realm, &hub.entropy, now, &new, true).await;
            let token = begun.unwrap().unwrap().refresh.unwrap();
            let sql = "UPDATE token_family SET used_at = NULL, created_at = 0 WHERE id = $1";
            hub.store.execute(sql, values![new.id.uuid()]).await.unwrap();
            hub.families.forget_all();
            let day = Duration::from_hours(24);
            let (old, _) = hub.families.of_token(realm, &token).await.unwrap().unwrap();
            assert!(!old.is_idle(now, day), "{backend:?}");
            if rotated {
                let next = hub.families.rotate(realm, &hub.entropy, now, day, &token).await;
                assert!(next.unwrap().is_some());
            } else {
                let kept = hub.families.keep(realm, now, (day, day), &token).await;
                assert!(kept.unwrap().is_some());
            }
            let family = hub.families.find(realm, new.id).await.unwrap().unwrap();
            assert_eq!(family.used_at, Some(now), "{backend:?}");
            assert!(!family.is_idle(now.plus(day), day));
            assert!(family.is_idle(now.plus(day * 2), day));
        }
    }
}
