//! Who is told, by which channel, and what stands in the database.

use platform::config::SecretUrl;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::values;

use super::*;
use crate::testing::House;

#[derive(FromQueryResult)]
struct Bytes {
    sealed: Vec<u8>,
}

async fn kept(house: &House, table: &str) -> Vec<Vec<u8>> {
    let sql = format!("SELECT sealed FROM {table}");
    let rows: Vec<Bytes> = house.hub.store.fetch_all(&sql, values![]).await.unwrap();
    rows.into_iter().map(|row| row.sealed).collect()
}

fn contains(all: &[Vec<u8>], text: &str) -> bool {
    all.iter()
        .any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

async fn with_mail() -> House {
    House::with(Backend::Sqlite, 1000, |settings| {
        settings.smtp.url = Some(SecretUrl::new("smtp://127.0.0.1:9".to_owned()));
    })
    .await
}

#[tokio::test]
async fn a_notice_reaches_a_confirmed_address_and_no_other_and_is_sealed() {
    let house = with_mail().await;
    let (hub, realm) = (&house.hub, &house.realm);
    let (mut person, _) = house.person("hanako", "correct horse battery staple").await;
    person.profile.email = Some("hanako@example.jp".to_owned());
    let notice = || Notice::FactorAdded {
        name: "blue telephone".to_owned(),
    };
    notify(hub, realm, &person, notice()).await.unwrap();
    assert_eq!(kept(&house, "mail").await.len(), 0, "not shown to be theirs");
    person.profile.email_verified = true;
    notify(hub, realm, &person, notice()).await.unwrap();
    let mails = kept(&house, "mail").await;
    assert_eq!(mails.len(), 1);
    for secret in ["hanako@example.jp", "blue telephone"] {
        assert!(!contains(&mails, secret), "{secret}");
        assert!(!contains(&kept(&house, "notice").await, secret), "{secret}");
    }
    let told = list(hub, realm, &person, 10).await.unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].notice, notice());
}

#[tokio::test]
async fn where_no_mail_is_sent_none_waits_and_the_account_page_still_says_it() {
    let house = House::new().await;
    let (mut person, _) = house.person("hanako", "correct horse battery staple").await;
    person.profile.email = Some("hanako@example.jp".to_owned());
    person.profile.email_verified = true;
    notify(&house.hub, &house.realm, &person, Notice::PasswordChanged)
        .await
        .unwrap();
    assert!(kept(&house, "mail").await.is_empty());
    let told = list(&house.hub, &house.realm, &person, 10).await.unwrap();
    assert_eq!(told[0].notice, Notice::PasswordChanged);
}

#[tokio::test]
async fn another_person_reads_nothing_of_it() {
    let house = House::new().await;
    let (hanako, _) = house.person("hanako", "correct horse battery staple").await;
    let (eve, _) = house.person("eve", "correct horse battery staple").await;
    notify(&house.hub, &house.realm, &hanako, Notice::PasswordChanged)
        .await
        .unwrap();
    assert!(list(&house.hub, &house.realm, &eve, 10).await.unwrap().is_empty());
}
