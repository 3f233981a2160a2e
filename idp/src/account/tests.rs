//! What a person, or whoever has their session, can do too often or write where it does not belong.

use http::StatusCode;

use crate::testing::House;

const PASSWORD: &str = "correct horse battery staple";
const HOME: &str = "192.0.2.10";

async fn signed_in(house: &House, login: &str) -> String {
    house.person(login, PASSWORD).await;
    let answer = house.sign_in(HOME, login, PASSWORD).await;
    answer.session().expect("a session")
}

#[tokio::test]
async fn nobody_is_sent_a_mail_each_time_that_somebody_names_them_and_takes_it_back() {
    let house = House::new().await;
    house.person("hanako", PASSWORD).await;
    let eve = signed_in(&house, "eve").await;
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let answer = house
            .submit(HOME, "/account/trusted/name", Some(&eve), &[("login", "hanako")])
            .await;
        statuses.push(answer.status);
    }
    let (last, named) = statuses.split_last().unwrap();
    assert!(named.iter().all(|status| *status == StatusCode::SEE_OTHER));
    assert_eq!(*last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(house.refusals("trusted.name", "trusted.throttled").await, 1);
}

#[tokio::test]
async fn what_is_no_client_is_not_written_into_the_log_by_withdrawing_from_it() {
    let house = House::new().await;
    let session = signed_in(&house, "hanako").await;
    for id in ["a\nforged row", "\u{202E}", &"x".repeat(201)] {
        let fields = [("client_id", id)];
        let answer = house
            .submit(HOME, "/account/applications/withdraw", Some(&session), &fields)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
    }
    let rows = house.rows().await;
    assert!(rows.iter().all(|row| row.action != "consent.withdraw"));
}
