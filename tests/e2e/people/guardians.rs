//! Who decides in somebody's place what others see of their records (requirements H2, H5.2): guardians by law, for as long
//! as they are, and nobody of the family else.

use harness::html::Form;
use harness::{Actor, Backend, Page, Person, Server, Service};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::family::{details_url, tie};

/// Hanako, a child who can sign in, and Taro, her guardian.
struct Home<'s> {
    service: Service<'s>,
    hanako: (Actor, Person),
    taro: (Actor, Person),
    guardians: String,
    numbers: (String, String),
}

impl<'s> Home<'s> {
    async fn new(server: &'s Server) -> Self {
        let [hanako, taro] = ["hanako", "taro"].map(|login| (Actor::new(server), server.person(login)));
        let service = Service::with(server, "musubi:people.read musubi:people.write").await;
        let numbers = (service.number_of("hanako").await, service.number_of("taro").await);
        let path = format!("/api/v1/people/{}", numbers.0);
        let home = Self {
            service,
            hanako,
            taro,
            guardians: format!("{path}/guardians"),
            numbers,
        };
        home.born("2020-01-01").await;
        let set =
            json!({"guardian": home.numbers.1, "basis": "minor", "evidence": "family court, file 2026-12"});
        home.service.json(Method::POST, &home.guardians, Some(set)).await;
        home
    }

    async fn born(&self, date: &str) {
        let path = format!("/api/v1/people/{}", self.numbers.0);
        let born = json!({"birthdate": date});
        self.service.json(Method::PATCH, &path, Some(born)).await;
    }

    async fn end(&self) {
        let (path, end) = (
            format!("{}/end", self.guardians),
            json!({"guardian": self.numbers.1}),
        );
        self.service.json(Method::POST, &path, Some(end)).await;
    }

    /// The address of the ward's consents, from the guardian's own page.
    async fn ward_page(&self) -> String {
        let page = self.taro.0.account("/account/consents", &self.taro.1).await;
        assert!(page.body.contains(&self.hanako.1.name), "{}", page.body);
        let start = page.body.find("/account/consents?tie=").expect("a ward");
        page.body[start..].split('"').next().unwrap().to_owned()
    }
}

/// Asks for a consent that a carer sees vitals by day, up to the page that says what it means.
async fn asked(browser: &Actor, list: &str) -> Page {
    let new = list.replace("/consents?", "/consents/new?");
    let page = browser.open(&new).await;
    browser.send(&filled(page.form(&new), "relation carer")).await
}

/// The form of a new consent with which somebody sees vitals by day.
fn filled(mut form: Form, who: &str) -> Form {
    form.fields.retain(|(name, _)| name == "csrf");
    form.forge("effect", "permit")
        .forge("who", who)
        .forge("kind-vitals", "1")
        .forge("depth", "daily")
        .forge("purpose-care", "1")
        .forge("until", "year")
}

fn consent_of(page: &Page) -> String {
    let form = page.body.split("name=\"consent\" value=\"").nth(1);
    form.unwrap_or_else(|| panic!("no consent: {}", page.body))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_guardian_gives_and_takes_back_in_the_wards_name_and_the_ward_and_the_log_have_both_names() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let home = Home::new(&server).await;
        let (his, hers) = (&home.taro.0, &home.hanako.0);
        let (taro, hanako) = (&home.taro.1, &home.hanako.1);
        let list = home.ward_page().await;
        let empty = his.open(&list).await;
        assert!(empty.body.contains("as their guardian"), "{}", empty.body);
        assert!(!empty.has_form("/account/consents/level"));
        let meaning = asked(his, &list).await;
        let words = format!("the carer of {}", hanako.name);
        assert!(meaning.body.contains(&words), "{}", meaning.body);
        assert!(his.open(&list).await.body.contains("Nothing is decided yet"));
        let new = list.replace("/consents?", "/consents/new?");
        let given = his.send(&meaning.form(&new).press("give")).await;
        assert!(given.body.contains("holds at once"), "{}", given.body);
        assert!(given.body.contains(&words), "{}", given.body);
        let id = consent_of(&given);

        // It is hers: she sees it with his name on it, and his own pages do not have it.
        let own = hers.account("/account/consents", hanako).await;
        assert!(own.body.contains(&format!("(by {})", taro.name)), "{}", own.body);
        let receipt = hers.open(&format!("/account/consents/{id}")).await;
        assert!(receipt.body.contains(&hanako.name) && receipt.body.contains(&taro.name));
        let receipt = format!("/account/consents/{id}");
        assert_eq!(his.open(&receipt).await.status, StatusCode::NOT_FOUND);
        let tie = list.split('?').nth(1).unwrap();
        let receipt = his.open(&format!("{receipt}?{tie}")).await;
        assert!(receipt.body.contains(&hanako.name) && receipt.body.contains(&taro.name));
        assert!(!his.open("/account/consents").await.body.contains(&id));

        let withdraw = list.replace("/consents?", "/consents/withdraw?");
        let page = his.open(&list).await;
        let withdrawn = his.send(&page.form(&withdraw).press(&id)).await;
        assert!(withdrawn.body.contains("was taken back"), "{}", withdrawn.body);
        assert!(!hers.open("/account/consents").await.body.contains(&id));

        let log = server.log();
        for action in ["access.allow", "access.withdraw", "access.read.family"] {
            let row = log
                .iter()
                .find(|row| row["action"] == action && row["decision"] == "permit")
                .unwrap_or_else(|| panic!("no row of {action}"));
            assert!(
                row["actor"].is_string() && row["actor"] != row["subject"],
                "{row}"
            );
            assert_eq!(row["on_behalf_of"], row["subject"], "{action}");
            assert!(
                row["granted_by"].as_str().unwrap().starts_with("tie:"),
                "{action}"
            );
        }
        let hers = hers.open("/account/log").await;
        assert!(hers.body.contains(&taro.name), "{}", hers.body);
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn a_guardian_decides_nothing_more_from_the_moment_they_are_none() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let home = Home::new(&server).await;
        let (his, taro) = (&home.taro.0, &home.taro.1);
        let list = home.ward_page().await;
        let new = list.replace("/consents?", "/consents/new?");
        let meaning = asked(his, &list).await;
        his.send(&meaning.form(&new).press("give")).await;
        let page = his.open(&list).await;
        let id = consent_of(&page);
        let withdraw = page.form(&list.replace("/consents?", "/consents/withdraw?"));
        let withdraw = withdraw.press(&id);
        let give = asked(his, &list).await.form(&new).press("give");
        let receipt = list.replace("/consents?", &format!("/consents/{id}?"));
        let nothing = async || {
            for form in [&give, &withdraw] {
                assert_eq!(his.send(form).await.status, StatusCode::NOT_FOUND);
            }
            for address in [&list, &new, &receipt] {
                assert_eq!(his.open(address).await.status, StatusCode::NOT_FOUND);
            }
            let own = his.account("/account/consents", taro).await;
            assert!(!own.body.contains("tie="), "{}", own.body);
        };

        // Of age: nobody ended it, and it is over.
        home.born("2000-01-01").await;
        nothing().await;
        // A minor after all, by a corrected date; and then an administrator ends it.
        home.born("2020-01-01").await;
        assert_eq!(his.open(&list).await.status, StatusCode::OK);
        home.end().await;
        nothing().await;

        // What was given stays hers to take back.
        let (hers, hanako) = (&home.hanako.0, &home.hanako.1);
        let own = hers.account("/account/consents", hanako).await;
        let form = own.form("/account/consents/withdraw").press(&id);
        let withdrawn = hers.send(&form).await;
        assert!(withdrawn.body.contains("was taken back"), "{}", withdrawn.body);
        let log = server.log();
        let refused = log.iter().filter(|row| row["reason"] == "tie.none");
        assert!(refused.count() >= 10);
        let allowed = log.iter().filter(|row| row["action"] == "access.allow");
        assert_eq!(allowed.filter(|row| row["decision"] == "permit").count(), 1);
    }
}

#[tokio::test]
async fn family_that_is_no_guardian_a_stranger_and_the_ward_of_a_guardian_decide_nothing_for_others() {
    let server = Server::start(Backend::Sqlite).await;
    let home = Home::new(&server).await;
    let list = home.ward_page().await;
    // Eve is her child with all that a tie by consent can permit.
    let (eve, evil) = (Actor::new(&server), server.person("eve"));
    let hers = (&home.hanako.0, &home.hanako.1);
    tie(hers, (&eve, &evil), &["update_profile", "alerts", "recovery"]).await;
    let page = eve.account("/account/family", &evil).await;
    let own = details_url(&page)
        .expect("a tie")
        .replace("family/details", "consents");
    assert!(!eve.open("/account/consents").await.body.contains("tie="));
    let mine = eve.open("/account/consents/new").await;
    let form = filled(mine.form("/account/consents/new"), "relation child").forge("step", "give");
    for address in [&own, &list, &"/account/consents?tie=x".to_owned()] {
        assert_eq!(eve.open(address).await.status, StatusCode::NOT_FOUND, "{address}");
        for path in ["new", "place", "withdraw", "level"] {
            let mut form = form.clone();
            form.action = address.replace("/consents?", &format!("/consents/{path}?"));
            let refused = eve.send(&form).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", form.action);
        }
    }
    // The ward does not decide for her guardian, by whose tie she is a ward.
    hers.0.account("/account", hers.1).await;
    assert_eq!(hers.0.open(&list).await.status, StatusCode::NOT_FOUND);
    // Nor does the guardian's own form with another's name in it, twice, or from another site.
    let twice = home.taro.0.open(&format!("{list}&tie=x")).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let meaning = asked(&home.taro.0, &list).await;
    let new = list.replace("/consents?", "/consents/new?");
    let give = meaning.form(&new).press("give");
    for csrf in ["", "x"] {
        let refused = home.taro.0.send(&give.clone().forge("csrf", csrf)).await;
        assert!(refused.status.is_client_error(), "{}", refused.status);
    }
    // A level is one's own alone.
    let mut level = give.forge("level", "1");
    level.action = list.replace("/consents?", "/consents/level?");
    assert_eq!(home.taro.0.send(&level).await.status, StatusCode::BAD_REQUEST);
    let log = server.log();
    let mut allowed = log.iter().filter(|row| row["action"] == "access.allow");
    assert!(allowed.all(|row| row["decision"] == "deny"));
}
