//! Which sign-ins a person is told of, on both databases.

use http::header::SET_COOKIE;
use platform::database::testing::BACKENDS;

use crate::notices::{self, Notice};
use crate::people::Person;
use crate::testing::{Answer, House};

const PASSWORD: &str = "correct horse battery staple";

/// The value of a cookie that an answer sets.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer.headers.get_all(SET_COOKIE).iter();
    let mut all = all.filter_map(|value| value.to_str().ok());
    all.find_map(|line| {
        let (known, rest) = line.split_once('=')?;
        (known == name).then(|| rest.split(';').next().unwrap_or_default().to_owned())
    })
}

/// Signs in with a device cookie; the one that comes back.
async fn sign_in(house: &House, device: Option<&str>) -> String {
    // Behind a session that is none.
    let cookies = device.map(|value| format!("none; musubi_device={value}"));
    let fields = [("login", "hanako"), ("password", PASSWORD)];
    let answer = house
        .submit("203.0.113.7", "/signin", cookies.as_deref(), &fields)
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    cookie(&answer, "musubi_device").unwrap()
}

async fn told(house: &House, person: &Person) -> usize {
    let list = notices::list(&house.hub, &house.realm, person, 50).await.unwrap();
    let new = |told: &&notices::Told| matches!(told.notice, Notice::NewDevice { .. });
    list.iter().filter(new).count()
}

#[tokio::test]
async fn a_browser_is_told_of_once_unless_it_is_the_first_of_all_or_was_forgotten() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        let (hanako, hash) = house.person("hanako", PASSWORD).await;
        let first = sign_in(&house, None).await;
        assert_eq!(told(&house, &hanako).await, 0, "{backend:?}: the first of all");
        assert_eq!(sign_in(&house, Some(&first)).await, first);
        assert_eq!(told(&house, &hanako).await, 0, "{backend:?}: known");
        let second = sign_in(&house, None).await;
        assert_ne!(second, first);
        assert_eq!(told(&house, &hanako).await, 1, "{backend:?}");
        for known in [&first, &second] {
            sign_in(&house, Some(known)).await;
        }
        assert_eq!(told(&house, &hanako).await, 1, "{backend:?}: both are known");
        // Planted by somebody: another value is another browser, and one that cannot be ours is replaced.
        let planted = "x".repeat(43);
        assert_eq!(sign_in(&house, Some(&planted)).await, planted);
        assert_ne!(sign_in(&house, Some("short")).await, "short");
        assert_eq!(told(&house, &hanako).await, 3, "{backend:?}");
        // Whoever was in is out, and is told of when they come again.
        let passwords = &house.hub.passwords;
        passwords.set(&house.realm, hanako.id, &hash).await.unwrap();
        sign_in(&house, Some(&second)).await;
        assert_eq!(told(&house, &hanako).await, 4, "{backend:?}: forgotten");
    }
}
