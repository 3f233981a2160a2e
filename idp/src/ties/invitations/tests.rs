//! What an invitation is worth where it was not made for.

use platform::database::testing::BACKENDS;

use super::*;
use crate::testing::House;
use crate::ties::{Powers, Relation};

#[tokio::test]
async fn the_code_of_an_invitation_is_nothing_in_another_realm_nor_for_who_invites() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        let (hub, realm) = (&house.hub, &house.realm);
        let (hanako, _) = house.person("hanako", "nine quiet green turtles").await;
        let (taro, _) = house.person("taro", "ten quiet green turtles").await;
        let other = hub
            .realms
            .create(&hub.clock, &hub.entropy, "Other", "http://127.0.0.1:8081")
            .await
            .unwrap();
        let offered = (Relation::parse("child").unwrap(), Powers::parse(""));
        let code = invite(hub, realm, &hanako, offered, None).await.unwrap().unwrap();
        for (realm, reader) in [(&other, taro.id), (realm, hanako.id)] {
            assert!(open(hub, realm, reader, &code).await.unwrap().is_none());
        }
        let found = open(hub, realm, taro.id, &code).await.unwrap();
        assert_eq!(found.unwrap().invitation.person, hanako.id);
    }
}
