//! Whoever does not want to hear of something does not, whoever wants to does, and nobody can refuse to hear of the safety
//! of their account (requirement H2.3).

use harness::{Actor, Backend, MailSink, Options, Person, Server, Service, tools};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn with_mail(backend: Backend, sink: &MailSink) -> Server {
    let options = Options {
        configuration: sink.configuration(),
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

/// Wants just this, and nothing else.
async fn want(browser: &Actor, person: &Person, wanted: &[&str]) {
    let page = browser.account("/account/contact", person).await;
    let mut form = page.form("/account/contact");
    form.fields
        .retain(|(name, value)| value != "yes" || wanted.contains(&name.as_str()));
    let kept = browser.send(&form).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
    assert!(kept.body.contains("Your wishes were kept"));
}

fn letter(topic: &str, subject: &str) -> Value {
    json!({"topic": topic, "subject": subject, "text": "One line.\nAnother <b>line</b>."})
}

#[tokio::test]
async fn letters_go_to_who_wants_them_and_the_history_says_what_was_wanted_when() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink).await;
        let hanako = server.confirmed_person("hanako");
        let browser = Actor::new(&server);
        let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
        let path = format!("/api/v1/people/{}", service.number_of("hanako").await);
        let messages = format!("{path}/messages");
        let unasked = service
            .send(Method::POST, &messages, &[], Some(letter("marketing", "Buy")))
            .await;
        assert_eq!(
            (unasked.status, unasked.problem().as_str()),
            (409, "contact.refused")
        );
        let service_letter = service
            .send(
                Method::POST,
                &messages,
                &[],
                Some(letter("service", "Your appointment")),
            )
            .await;
        assert_eq!(service_letter.status, 202, "{}", service_letter.text);
        let mail = sink.wait_for(&hanako.email, "Your appointment").await;
        assert!(mail.text.contains("Another <b>line</b>.") && !mail.html.contains("<b>line"));
        want(&browser, &hanako, &["marketing-email"]).await;
        let refused = service
            .send(Method::POST, &messages, &[], Some(letter("service", "Another")))
            .await;
        assert_eq!(refused.problem(), "contact.refused");
        let wanted = service
            .send(Method::POST, &messages, &[], Some(letter("marketing", "Buy")))
            .await;
        assert_eq!(wanted.status, 202);
        sink.wait_for(&hanako.email, "Buy").await;
        let history = service
            .json(Method::GET, &format!("{path}/contact/history"), None)
            .await;
        let items = history["items"].as_array().unwrap();
        let said = |topic: &str| {
            let one = items
                .iter()
                .find(|one| one["topic"] == topic && one["channel"] == "email")
                .unwrap();
            (one["allowed"].as_bool().unwrap(), one["via"].as_str().unwrap())
        };
        assert_eq!(
            (said("marketing"), said("service")),
            ((true, "person"), (false, "person"))
        );
        let put = json!({"preferences": [{"channel": "email", "topic": "survey", "allowed": true}]});
        let now = service
            .json(Method::PUT, &format!("{path}/contact"), Some(put))
            .await;
        let of = |topic: &str| {
            let all = now["preferences"].as_array().unwrap();
            let one = all
                .iter()
                .find(|one| one["topic"] == topic && one["channel"] == "email");
            one.unwrap()["allowed"].as_bool().unwrap()
        };
        assert!(of("survey") && of("marketing") && !of("service"));
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn who_says_no_while_a_letter_waits_does_not_get_it() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let hanako = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
    let messages = format!("/api/v1/people/{}/messages", service.number_of("hanako").await);
    browser.account("/account/contact", &hanako).await;
    sink.answer(Some("451 4.3.0 come again"));
    let queued = service
        .send(
            Method::POST,
            &messages,
            &[],
            Some(letter("service", "Your appointment")),
        )
        .await;
    assert_eq!(queued.status, 202);
    want(&browser, &hanako, &[]).await;
    sink.answer(None);
    tools::until("a row that says that she did not want it", async || {
        let log = server.log();
        log.iter()
            .any(|row| row["action"] == "mail.send" && row["reason"] == "contact.refused")
    })
    .await;
    assert!(
        sink.to(&hanako.email)
            .iter()
            .all(|mail| !mail.subject.contains("appointment"))
    );
}

#[tokio::test]
async fn nobody_can_refuse_to_hear_of_the_safety_of_their_account() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let hanako = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    want(&browser, &hanako, &[]).await;
    let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
    let path = format!("/api/v1/people/{}", service.number_of("hanako").await);
    for topic in ["security", "asked", "account"] {
        let put = json!({"preferences": [{"channel": "email", "topic": topic, "allowed": false}]});
        let refused = service
            .send(Method::PUT, &format!("{path}/contact"), &[], Some(put))
            .await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (422, "contact.topic"),
            "{topic}"
        );
        let posing = service
            .send(
                Method::POST,
                &format!("{path}/messages"),
                &[],
                Some(letter(topic, "Urgent")),
            )
            .await;
        assert_eq!(
            posing.problem(),
            "contact.topic",
            "no letter of somebody's passes as a duty"
        );
    }
    let page = browser.account("/account/contact", &hanako).await;
    let forged = page.form("/account/contact").forge("security-email", "no");
    browser.send(&forged).await;
    want(&browser, &hanako, &[]).await;
    let change = json!({"city": "札幌市"});
    service.json(Method::PATCH, &path, Some(change)).await;
    sink.wait_for(&hanako.email, "ほかの人が").await;
    let without = browser.send(&page.form("/account/contact").without("csrf")).await;
    assert!(
        without.status.is_client_error(),
        "a form of another site changes nothing"
    );
}
