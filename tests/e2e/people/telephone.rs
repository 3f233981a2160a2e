//! A telephone number is somebody's once they have read a code that was sent to it.

use harness::{Actor, Backend, Options, Person, Server, Service};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::change_details;

/// The messages that the hub has handed over.
fn messages(server: &Server) -> Vec<Value> {
    let text = std::fs::read_to_string(server.data().join("sms.jsonl")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn code(server: &Server) -> String {
    let message = messages(server).pop().expect("a message");
    let text = message["text"].as_str().unwrap().to_owned();
    let code = text
        .split(|character: char| !character.is_ascii_digit())
        .find(|word| word.len() == 8)
        .unwrap_or_else(|| panic!("no code in {text}"))
        .to_owned();
    server.secret(&code);
    code
}

async fn ask(browser: &Actor, person: &Person) -> harness::Page {
    let page = browser.account("/account/profile", person).await;
    browser.send(&page.form("/account/telephone")).await
}

#[tokio::test]
async fn the_code_of_the_message_makes_the_number_the_persons() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        change_details(&browser, &hanako, &[("telephone", "090-1234-5678")]).await;
        let asked = ask(&browser, &hanako).await;
        assert!(asked.body.contains("A code is on its way"), "{}", asked.body);
        let sent = messages(&server);
        assert_eq!((sent.len(), sent[0]["to"].as_str()), (1, Some("+819012345678")));
        let code = code(&server);
        let wrong = if code == "00000000" {
            "00000001"
        } else {
            "00000000"
        };
        let enter = |code: &str| {
            asked
                .form("/account/telephone/confirm")
                .fill("telephone_code", code)
        };
        assert_eq!(browser.send(&enter(wrong)).await.status, StatusCode::BAD_REQUEST);
        let confirmed = browser.send(&enter(&code)).await;
        assert!(
            confirmed.body.contains("The telephone number is confirmed"),
            "{}",
            confirmed.body
        );
        assert_eq!(
            browser.send(&enter(&code)).await.status,
            StatusCode::BAD_REQUEST,
            "once"
        );
        let service = Service::with(&server, "musubi:people.read").await;
        let path = format!("/api/v1/people/{}", service.number_of("hanako").await);
        let read = service.json(Method::GET, &path, None).await;
        assert_eq!(read["telephone_verified"], true);
        let other = change_details(&browser, &hanako, &[("telephone", "080-1234-5678")]).await;
        assert_eq!(other.status, StatusCode::OK);
        let read = service.json(Method::GET, &path, None).await;
        assert_eq!(
            read["telephone_verified"], false,
            "another number is not shown to be hers"
        );
    }
}

#[tokio::test]
async fn messages_are_counted_and_go_to_mobile_telephones_only() {
    let options = Options {
        configuration: "[limits]\nmessages_per_number = 2\n".to_owned(),
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let (hanako, eve) = (server.person("hanako"), server.person("eve"));
    let browser = Actor::new(&server);
    change_details(&browser, &hanako, &[("telephone", "03-1234-5678")]).await;
    let page = browser.account("/account/profile", &hanako).await;
    assert!(!page.has_form("/account/telephone"));
    change_details(&browser, &hanako, &[("telephone", "090-1234-5678")]).await;
    for _ in 0..2 {
        assert_eq!(ask(&browser, &hanako).await.status, StatusCode::OK);
    }
    assert_eq!(ask(&browser, &hanako).await.status, StatusCode::TOO_MANY_REQUESTS);
    let stranger = Actor::new(&server);
    change_details(&stranger, &eve, &[("telephone", "090-1234-5678")]).await;
    let third = ask(&stranger, &eve).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS, "whoever asks for it");
    let sent = messages(&server);
    assert_eq!(sent.len(), 2);
    code(&server);
    let log = server.log();
    assert!(log.iter().any(|row| row["reason"] == "telephone.throttled"));
}
