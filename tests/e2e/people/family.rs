//! Family: nobody is somebody's without the consent of both, and then does what was permitted and no more (requirements
//! H2.2, S6.1).

use harness::{Actor, Backend, Page, Person, Server, Service};
use reqwest::{Method, StatusCode};
use serde_json::json;

/// Invites; the page with the code.
async fn invite(browser: &Actor, person: &Person, powers: &[&str], email: &str) -> Page {
    let page = browser.account("/account/family", person).await;
    let mut form = page.form("/account/family/invite").forge("relation", "child");
    form.fields
        .retain(|(name, value)| value != "yes" || powers.contains(&name.as_str()));
    browser.send(&form.fill("email", email)).await
}

fn code(page: &Page) -> String {
    let shown = page.body.split("class=\"number\">").nth(1);
    let shown = shown.unwrap_or_else(|| panic!("no code: {}", page.body));
    shown.split('<').next().unwrap().to_owned()
}

async fn enter(browser: &Actor, person: &Person, code: &str) -> Page {
    let page = browser.account("/account/family", person).await;
    browser
        .send(&page.form("/account/family/code").fill("code", code))
        .await
}

/// Presses the only button of a form.
async fn press(browser: &Actor, page: &Page, action: &str) -> Page {
    let form = page.form(action);
    let value = form.buttons[0].1.clone();
    browser.send(&form.press(&value)).await
}

/// Taro becomes Hanako's child with these powers; the address of her details on his page, if there is one.
pub(super) async fn tie(hanako: (&Actor, &Person), taro: (&Actor, &Person), powers: &[&str]) {
    let made = invite(hanako.0, hanako.1, powers, "").await;
    let preview = enter(taro.0, taro.1, &code(&made)).await;
    assert!(preview.body.contains(&hanako.1.name), "{}", preview.body);
    let done = press(taro.0, &preview, "/account/family/accept").await;
    assert!(
        done.body.contains("You belong to the family now"),
        "{}",
        done.body
    );
}

pub(super) fn details_url(page: &Page) -> Option<String> {
    let start = page.body.find("/account/family/details?tie=")?;
    let rest = &page.body[start..];
    Some(
        rest.split('"')
            .next()
            .unwrap()
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

const REFUSED: StatusCode = StatusCode::BAD_REQUEST;

#[tokio::test]
async fn a_child_who_was_permitted_keeps_the_details_and_the_log_and_the_history_have_both_names() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (hanako, taro) = (server.person("hanako"), server.person("taro"));
        let (hers, his) = (Actor::new(&server), Actor::new(&server));
        tie((&hers, &hanako), (&his, &taro), &["update_profile"]).await;
        let page = his.account("/account/family", &taro).await;
        let url = details_url(&page).expect("a link to her details");
        let form = his.open(&url).await;
        assert!(form.body.contains(&hanako.name));
        let kept = his.send(&form.form(&url).fill("city", "札幌市")).await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
        let own = hers.account("/account/profile/history", &hanako).await;
        assert!(
            own.body.contains("札幌市") && own.body.contains(&taro.name),
            "{}",
            own.body
        );
        let told = hers.account("/account", &hanako).await;
        assert!(told.body.contains("Somebody else changed what is kept about you"));
        let service = Service::with(&server, "musubi:people.read").await;
        let numbers = (service.number_of("hanako").await, service.number_of("taro").await);
        let path = format!("/api/v1/people/{}/history", numbers.0);
        let history = service.json(Method::GET, &path, None).await;
        assert_eq!(
            (&history["items"][0]["via"], &history["items"][0]["by"]),
            (&json!("family"), &json!(numbers.1))
        );
        let log = server.log();
        let row = log
            .iter()
            .find(|row| row["action"] == "profile.update" && row["decision"] == "permit")
            .unwrap();
        assert!(row["actor"].is_string() && row["actor"] != row["subject"]);
        assert_eq!(row["on_behalf_of"], row["subject"]);
        assert!(row["granted_by"].as_str().unwrap().starts_with("tie:"));
        let ended = press(
            &hers,
            &hers.account("/account/family", &hanako).await,
            "/account/family/end",
        )
        .await;
        assert!(ended.body.contains("That has ended"), "{}", ended.body);
        let late = his.send(&form.form(&url).fill("city", "小樽市")).await;
        assert_eq!(
            late.status,
            StatusCode::NOT_FOUND,
            "a tie that has ended permits nothing"
        );
        assert!(
            !hers
                .account("/account/profile", &hanako)
                .await
                .body
                .contains("小樽市")
        );
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn what_was_not_permitted_is_not_done_and_a_stranger_does_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, taro, eve) = (
        server.person("hanako"),
        server.person("taro"),
        server.person("eve"),
    );
    let (hers, his, evil) = (Actor::new(&server), Actor::new(&server), Actor::new(&server));
    tie((&hers, &hanako), (&his, &taro), &["alerts"]).await;
    let page = his.account("/account/family", &taro).await;
    assert_eq!(details_url(&page), None);
    let id = page.form("/account/family/end").buttons[0].1.clone();
    let url = format!("/account/family/details?tie={id}");
    assert_eq!(
        his.open(&url).await.status,
        StatusCode::NOT_FOUND,
        "alerts are no right to change"
    );
    evil.account("/account", &eve).await;
    assert_eq!(evil.open(&url).await.status, StatusCode::NOT_FOUND);
    let hers_page = evil.account("/account/family", &eve).await;
    let csrf = hers_page
        .form("/account/family/code")
        .value("csrf")
        .unwrap()
        .to_owned();
    let forged = page.form("/account/family/end").press(&id).forge("csrf", &csrf);
    assert_eq!(
        evil.send(&forged).await.status,
        StatusCode::BAD_REQUEST,
        "not hers to end"
    );
    assert_eq!(
        hers.open(&url).await.status,
        StatusCode::NOT_FOUND,
        "the tie runs one way: it is not hers toward him"
    );
}

#[tokio::test]
async fn an_invitation_works_once_here_for_whom_it_is_and_never_for_who_made_it() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (hanako, taro, eve) = (
            server.person("hanako"),
            server.confirmed_person("taro"),
            server.person("eve"),
        );
        let (hers, his, evil) = (Actor::new(&server), Actor::new(&server), Actor::new(&server));
        let first = code(&invite(&hers, &hanako, &["update_profile"], "").await);
        let own = enter(&hers, &hanako, &first).await;
        assert_eq!(own.status, REFUSED, "nobody is their own family");
        let preview = enter(&his, &taro, &first.to_lowercase().replace('-', " ")).await;
        let accept = preview.form("/account/family/accept");
        let accept = accept.press(&preview.form("/account/family/accept").buttons[0].1);
        let accepted = his.send(&accept).await;
        assert_eq!(accepted.status, StatusCode::OK, "{}", accepted.body);
        assert_eq!(his.send(&accept).await.status, REFUSED, "replayed");
        assert_eq!(enter(&evil, &eve, &first).await.status, REFUSED, "used up");
        // One that is addressed to Taro's confirmed address is his, whoever else gets the code.
        press(
            &hers,
            &hers.account("/account/family", &hanako).await,
            "/account/family/end",
        )
        .await;
        let second = code(&invite(&hers, &hanako, &[], &taro.email).await);
        assert_eq!(enter(&evil, &eve, &second).await.status, REFUSED, "redirected");
        let his_page = his.account("/account/family", &taro).await;
        let form = his_page.form("/account/family/accept");
        let form = form.clone().press(&form.buttons[0].1);
        let csrf = evil.account("/account/family", &eve).await;
        let csrf = csrf
            .form("/account/family/code")
            .value("csrf")
            .unwrap()
            .to_owned();
        let stolen = form.clone().forge("csrf", &csrf).forge("code", &second);
        assert_eq!(
            evil.send(&stolen).await.status,
            REFUSED,
            "hers with both, still his"
        );
        assert_eq!(his.send(&form).await.status, StatusCode::OK);
        // Nothing tells whether somebody has an address; what nobody has confirmed is nobody's.
        let third = invite(&hers, &hanako, &[], "nobody@example.jp").await;
        assert_eq!(third.status, StatusCode::OK);
        assert_eq!(enter(&evil, &eve, &code(&third)).await.status, REFUSED);
        let unconfirmed = invite(&hers, &hanako, &[], &eve.email).await;
        assert_eq!(enter(&evil, &eve, &code(&unconfirmed)).await.status, REFUSED);
        // Withdrawn is withdrawn.
        let fourth = code(&invite(&hers, &hanako, &[], "").await);
        for _ in 0..3 {
            press(
                &hers,
                &hers.account("/account/family", &hanako).await,
                "/account/family/withdraw",
            )
            .await;
        }
        assert_eq!(enter(&evil, &eve, &fourth).await.status, REFUSED);
        let log = server.log();
        assert!(
            log.iter()
                .any(|row| row["action"] == "tie.open" && row["reason"] == "tie.code")
        );
    }
}

#[tokio::test]
async fn codes_are_not_guessed_and_nobody_makes_a_guardian_of_themselves() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, eve) = (server.person("hanako"), server.person("eve"));
    let (hers, evil) = (Actor::new(&server), Actor::new(&server));
    for _ in 0..10 {
        let guessed = enter(&evil, &eve, "AAAA-BBBB-CCCC").await;
        assert_eq!(guessed.status, StatusCode::BAD_REQUEST);
    }
    let guessed = enter(&evil, &eve, "AAAA-BBBB-CCCC").await;
    assert_eq!(guessed.status, StatusCode::TOO_MANY_REQUESTS);
    let page = hers.account("/account/family", &hanako).await;
    let form = page.form("/account/family/invite");
    for relation in ["guardian", "owner", ""] {
        let refused = hers.send(&form.clone().forge("relation", relation)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{relation}");
    }
}

#[tokio::test]
async fn a_guardian_by_law_is_set_and_ended_by_an_administrator_and_by_neither_of_the_two() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (ward, guardian) = (server.person("hanako"), server.person("taro"));
        let (hers, his) = (Actor::new(&server), Actor::new(&server));
        let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
        let numbers = (service.number_of("hanako").await, service.number_of("taro").await);
        let path = format!("/api/v1/people/{}", numbers.0);
        let set = json!({"guardian": numbers.1, "basis": "minor", "evidence": "family court, file 2026-12"});
        let guardians = format!("{path}/guardians");
        let unknown = service
            .send(Method::POST, &guardians, &[], Some(set.clone()))
            .await;
        assert_eq!(
            (unknown.status, unknown.problem().as_str()),
            (409, "guardian.not_minor")
        );
        let of_age = json!({"birthdate": "1950-04-29"});
        service.json(Method::PATCH, &path, Some(of_age)).await;
        let adult = service
            .send(Method::POST, &guardians, &[], Some(set.clone()))
            .await;
        assert_eq!(adult.problem(), "guardian.not_minor");
        let born = json!({"birthdate": "2025-01-01"});
        service.json(Method::PATCH, &path, Some(born)).await;
        let made = service.json(Method::POST, &guardians, Some(set.clone())).await;
        assert_eq!(made["items"][0]["number"], numbers.1.as_str());
        assert!(
            made["items"][0]["until"]
                .as_str()
                .unwrap()
                .starts_with("2042-12-31T15:00")
        );
        let twice = service.send(Method::POST, &guardians, &[], Some(set)).await;
        assert_eq!(twice.problem(), "guardian.tied");
        // Neither page has a way to end it, and a forged form does not either.
        for (browser, person) in [(&hers, &ward), (&his, &guardian)] {
            let page = browser.account("/account/family", person).await;
            assert!(page.body.contains("guardianship by law"), "{}", page.body);
            assert!(!page.has_form("/account/family/end"));
        }
        let his_page = his.account("/account/family", &guardian).await;
        let url = details_url(&his_page).expect("a guardian keeps the details");
        let id = url.split('=').nth(1).unwrap().to_owned();
        for (browser, person) in [(&hers, &ward), (&his, &guardian)] {
            let page = browser.account("/account/family", person).await;
            let mut form = page
                .form("/account/family/code")
                .without("code")
                .forge("tie", &id);
            form.action = "/account/family/end".to_owned();
            let refused = browser.send(&form).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
            assert!(refused.body.contains("Only an administrator can end it"));
        }
        // Neither makes the ward older or younger.
        let grown = super::change_details(&hers, &ward, &[("birthdate", "2000-01-01")]).await;
        assert_eq!(grown.status, StatusCode::BAD_REQUEST, "{}", grown.body);
        let form = his.open(&url).await;
        let younger = his.send(&form.form(&url).fill("birthdate", "2026-01-01")).await;
        assert_eq!(younger.status, StatusCode::BAD_REQUEST);
        let city = his.send(&form.form(&url).fill("city", "札幌市")).await;
        assert_eq!(city.status, StatusCode::OK, "{}", city.body);
        let end = json!({"guardian": numbers.1});
        let ended = service
            .json(Method::POST, &format!("{guardians}/end"), Some(end.clone()))
            .await;
        assert_eq!(ended["items"].as_array().unwrap().len(), 0);
        let again = service
            .send(Method::POST, &format!("{guardians}/end"), &[], Some(end))
            .await;
        assert_eq!((again.status, again.problem().as_str()), (404, "guardian.none"));
        assert_eq!(his.open(&url).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_administrator_does_not_end_what_two_people_agreed() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, taro) = (server.person("hanako"), server.person("taro"));
    let (hers, his) = (Actor::new(&server), Actor::new(&server));
    tie((&hers, &hanako), (&his, &taro), &["alerts"]).await;
    let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
    let numbers = (service.number_of("hanako").await, service.number_of("taro").await);
    let path = format!("/api/v1/people/{}", numbers.0);
    let end = json!({"guardian": numbers.1});
    let refused = service
        .send(Method::POST, &format!("{path}/guardians/end"), &[], Some(end))
        .await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (404, "guardian.none")
    );
    let ties = service.json(Method::GET, &format!("{path}/ties"), None).await;
    assert_eq!(ties["items"][0]["relation"], "child");
}

#[tokio::test]
async fn who_helps_to_get_back_in_is_trusted_for_as_long_as_the_tie_lasts() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, taro) = (server.person("hanako"), server.person("taro"));
    let (hers, his) = (Actor::new(&server), Actor::new(&server));
    tie((&hers, &hanako), (&his, &taro), &["recovery"]).await;
    let trusted = hers.account("/account/trusted", &hanako).await;
    assert!(trusted.body.contains(&taro.name), "{}", trusted.body);
    press(
        &his,
        &his.account("/account/family", &taro).await,
        "/account/family/end",
    )
    .await;
    let trusted = hers.account("/account/trusted", &hanako).await;
    assert!(!trusted.body.contains(&taro.name), "either side ends it");
}
