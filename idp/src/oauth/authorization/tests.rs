//! Requests at the authorization endpoint, through time.

use std::time::Duration;

use http::StatusCode;
use platform::keys::{SigningAlgorithm, sign_compact};
use serde_json::json;

use crate::ids::SessionId;
use crate::oauth::clients::{Client, Metadata, Registration};
use crate::oauth::tokens::subject;
use crate::people::Person;
use crate::testing::House;

const HOME: &str = "192.0.2.10";
const PASSWORD: &str = "correct horse battery staple";

async fn client(house: &House) -> Client {
    let (hub, realm) = (&house.hub, &house.realm);
    let metadata = json!({"redirect_uris": ["http://localhost:1/cb"], "scope": "openid"});
    let metadata = Metadata::from_json(&metadata, false).unwrap();
    let new = Registration::of(&metadata);
    let made = hub.clients.enter(realm, &hub.entropy, hub.clock.now(), new).await;
    made.unwrap().client
}

/// An ID token that the hub gave `client` about `person`.
async fn id_token(house: &House, person: &Person, client: &Client) -> String {
    let (hub, realm) = (&house.hub, &house.realm);
    let now = hub.clock.now();
    let sid = SessionId::new(&hub.entropy, now).unwrap().to_string();
    let claims = json!({"iss": realm.issuer, "sub": subject(realm, person.id, client), "aud": client.id,
        "iat": now.as_seconds(), "exp": now.as_seconds() + 60, "amr": ["pwd"], "sid": sid});
    let key = hub.keys.signer(realm.id, SigningAlgorithm::Es256).await.unwrap();
    sign_compact(&key, Some("JWT"), claims.to_string().as_bytes()).unwrap()
}

/// Where a request in silence with this hint leads.
async fn hinted(house: &House, session: &str, client: &Client, hint: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", "http://localhost:1/cb"),
            ("scope", "openid"),
            ("prompt", "none"),
            ("id_token_hint", hint),
        ])
        .finish();
    let answer = house
        .open(HOME, &format!("/oauth/authorize?{query}"), Some(session))
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().to_owned()
}

#[tokio::test]
async fn an_id_token_from_before_a_key_was_retired_names_its_person_as_long_as_hints_are_known_and_nobody_else()
 {
    let house = House::new().await;
    let (hanako, _) = house.person("hanako", PASSWORD).await;
    let (taro, _) = house.person("taro", PASSWORD).await;
    let client = client(&house).await;
    let (own, others) = (
        id_token(&house, &hanako, &client).await,
        id_token(&house, &taro, &client).await,
    );
    let keys = &house.hub.keys;
    let rotation = keys
        .rotate(house.realm.id, SigningAlgorithm::Es256)
        .await
        .unwrap();
    let wait = rotation.activates_at.since(house.hub.clock.now());
    house
        .time
        .advance(wait + keys.policy().keep_retired + Duration::from_secs(1));
    let answer = house.sign_in(HOME, "hanako", PASSWORD).await;
    let session = answer.session().unwrap();
    // Who is meant is signed in, and has only not allowed anything yet.
    let led = hinted(&house, &session, &client, &own).await;
    assert!(led.contains("error=consent_required"), "{led}");
    let led = hinted(&house, &session, &client, &others).await;
    assert!(led.contains("error=login_required"), "{led}");
    house.time.advance(keys.policy().keep_readable);
    let answer = house.sign_in(HOME, "hanako", PASSWORD).await;
    let session = answer.session().unwrap();
    let led = hinted(&house, &session, &client, &own).await;
    assert!(led.contains("error=invalid_request"), "{led}");
}
