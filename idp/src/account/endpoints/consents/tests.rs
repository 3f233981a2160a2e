//! The pages of consents, as people use them and as thieves would.

use platform::encoding::from_base64url;
use platform::keys::{AlgorithmSet, RequiredType, SigningAlgorithm, VerificationPolicy, verify_compact};
use serde_json::Value;

use crate::access::{Depth, Grantee, Kind};
use crate::consent::{self, Kept, Level};
use crate::people::Person;
use crate::testing::{Answer, House};

const ADDRESS: &str = "192.0.2.10";
const CHILD: [(&str, &str); 7] = [
    ("effect", "permit"),
    ("who", "relation child"),
    ("kind-vitals", "1"),
    ("depth", "daily"),
    ("purpose-family", "1"),
    ("until", "year"),
    ("step", "give"),
];

struct Home {
    house: House,
    hanako: Person,
    session: String,
}

impl Home {
    async fn new() -> Self {
        let house = House::new().await;
        let (hanako, _) = house.person("hanako", "spring-rain-17").await;
        let session = house
            .sign_in(ADDRESS, "hanako", "spring-rain-17")
            .await
            .session()
            .unwrap();
        Self {
            house,
            hanako,
            session,
        }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.house
            .submit(ADDRESS, path, Some(&self.session), fields)
            .await
    }

    async fn get(&self, path: &str) -> Answer {
        self.house.open(ADDRESS, path, Some(&self.session)).await
    }

    async fn kept(&self) -> Vec<Kept> {
        consent::list(&self.house.hub, &self.house.realm, &self.hanako)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_person_gives_a_consent_sees_it_and_takes_it_back() {
    let home = Home::new().await;
    assert_eq!(home.get("/account/consents/new").await.status, 200);
    let given = home.post("/account/consents/new", &CHILD).await;
    assert_eq!(given.location(), "/account/consents?done=given");
    let kept = home.kept().await;
    let rules = kept[0].rules().unwrap();
    assert_eq!(rules[0].grantee, Grantee::Relation("child".to_owned()));
    assert!(rules[0].kinds.has(Kind::Vitals) && rules[0].depth == Depth::Daily);
    let page = home.get("/account/consents").await;
    let id = kept[0].id.to_string();
    assert!(page.body.contains(&id));
    let withdrawn = home.post("/account/consents/withdraw", &[("consent", &id)]).await;
    assert_eq!(withdrawn.location(), "/account/consents?done=withdrawn");
    assert!(!home.kept().await[0].is_active());
    let again = home.post("/account/consents/withdraw", &[("consent", &id)]).await;
    assert_eq!(again.status, 400);
    let rows = home.house.rows().await;
    for action in ["access.allow", "access.withdraw"] {
        assert!(
            rows.iter()
                .any(|row| row.action == action && row.decision == "permit"),
            "{action}"
        );
    }
}

#[tokio::test]
async fn nothing_counts_before_its_meaning_was_seen_and_what_was_seen_is_what_counts() {
    let home = Home::new().await;
    let asked: Vec<_> = CHILD
        .iter()
        .copied()
        .filter(|(name, _)| *name != "step")
        .collect();
    let review = home.post("/account/consents/new", &asked).await;
    assert_eq!(review.status, 200);
    for (name, value) in &asked {
        assert_eq!(review.hidden(name), *value);
    }
    assert!(review.body.contains("value=\"give\""), "{}", review.body);
    assert!(home.kept().await.is_empty());
    let mut edit = asked.clone();
    edit.push(("step", "edit"));
    let edit = home.post("/account/consents/new", &edit).await;
    assert!(edit.body.contains("value=\"relation child\" required checked"));
    let mut other = asked;
    other.push(("step", "later"));
    assert_eq!(home.post("/account/consents/new", &other).await.status, 200);
    assert!(home.kept().await.is_empty(), "only one word gives it");
}

#[tokio::test]
async fn whom_the_form_does_not_offer_is_given_nothing() {
    let home = Home::new().await;
    let (stranger, _) = home.house.person("jiro", "winter-moon-31").await;
    for who in [
        format!("person {}", stranger.id),
        "client evil".to_owned(),
        "relation enemy".to_owned(),
        "everyone".to_owned(),
        String::new(),
    ] {
        let mut fields = CHILD;
        fields[1] = ("who", &who);
        let answer = home.post("/account/consents/new", &fields).await;
        assert_eq!(answer.status, 400, "{who}");
    }
    assert!(home.kept().await.is_empty());
}

#[tokio::test]
async fn a_session_that_is_not_fresh_gives_nothing_without_the_password_and_still_takes_back() {
    let home = Home::new().await;
    home.post("/account/consents/new", &CHILD).await;
    home.house.time.advance(std::time::Duration::from_mins(6));
    assert_eq!(home.post("/account/consents/new", &CHILD).await.status, 400);
    assert_eq!(
        home.post("/account/consents/level", &[("level", "1")])
            .await
            .status,
        400
    );
    assert_eq!(home.kept().await.len(), 1);
    let mut fields = CHILD.to_vec();
    fields.push(("current", "spring-rain-17"));
    let given = home.post("/account/consents/new", &fields).await;
    assert_eq!(given.location(), "/account/consents?done=given");
    let id = home.kept().await[0].id.to_string();
    let withdrawn = home.post("/account/consents/withdraw", &[("consent", &id)]).await;
    assert_eq!(withdrawn.location(), "/account/consents?done=withdrawn");
}

#[tokio::test]
async fn another_level_takes_the_place_of_the_one_before() {
    let home = Home::new().await;
    for level in Level::ALL {
        let chosen = home
            .post("/account/consents/level", &[("level", level.as_str())])
            .await;
        assert_eq!(chosen.location(), "/account/consents?done=level");
        let kept = home.kept().await;
        assert_eq!(kept.len(), 1);
        assert_eq!(Level::of(&kept[0].rules().unwrap()), Some(level));
        assert_eq!(kept[0].version, i32::from(level.number()));
    }
    assert_eq!(
        home.post("/account/consents/level", &[("level", "4")])
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_consent_of_somebody_else_is_neither_seen_nor_taken_back() {
    let home = Home::new().await;
    home.post("/account/consents/new", &CHILD).await;
    let id = home.kept().await[0].id.to_string();
    home.house.person("jiro", "winter-moon-31").await;
    let thief = home
        .house
        .sign_in(ADDRESS, "jiro", "winter-moon-31")
        .await
        .session()
        .unwrap();
    for path in [
        format!("/account/consents/{id}"),
        format!("/account/consents/{id}/receipt"),
    ] {
        assert_eq!(home.house.open(ADDRESS, &path, Some(&thief)).await.status, 404);
        assert_eq!(home.house.open(ADDRESS, &path, None).await.location(), "/signin");
    }
    let fields = [("consent", id.as_str())];
    let taken = home
        .house
        .submit(ADDRESS, "/account/consents/withdraw", Some(&thief), &fields)
        .await;
    assert_eq!(taken.status, 400);
    let forged = home
        .house
        .submit_in(&"z".repeat(43), ADDRESS, "/account/consents/withdraw", &fields)
        .await;
    assert_eq!(forged.location(), "/signin");
    assert!(home.kept().await[0].is_active());
}

#[tokio::test]
async fn a_receipt_is_signed_says_what_was_decided_and_names_nobody_by_an_internal_key() {
    let home = Home::new().await;
    home.post("/account/consents/new", &CHILD).await;
    let id = home.kept().await[0].id.to_string();
    let readable = home.get(&format!("/account/consents/{id}")).await;
    assert_eq!(readable.status, 200);
    let receipt = home.get(&format!("/account/consents/{id}/receipt")).await;
    assert_eq!(receipt.headers["content-type"], "application/jwt");
    let keys = home
        .house
        .hub
        .keys
        .verification_keys(home.house.realm.id)
        .await
        .unwrap();
    let policy = VerificationPolicy::new(
        AlgorithmSet::of(&[SigningAlgorithm::Es256]),
        RequiredType::Exactly("musubi-consent-receipt+jwt"),
    );
    let verified = verify_compact(&receipt.body, &keys, &policy).unwrap();
    let claims: Value = verified.claims().unwrap();
    assert_eq!(claims["iss"], home.house.realm.issuer);
    assert_eq!(claims["consent"]["resourceType"], "Consent");
    assert_eq!(
        claims["consent"]["provision"]["provision"][0]["class"][0]["code"],
        "vitals"
    );
    let payload = receipt.body.split('.').nth(1).and_then(from_base64url).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(!payload.contains(&home.hanako.id.to_string()));
}
