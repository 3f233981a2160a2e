//! What a realm's administrators set, by the API and by the command line, and that a running hub obeys.

use harness::{Actor, Backend, MailSink, Options, Page, Party, Reply, Server, html, tools};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn with_mail(backend: Backend, sink: &MailSink) -> Server {
    let configuration = sink.configuration();
    let options = Options {
        configuration,
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

/// A service that may read and change the settings, with its token.
async fn administrator(server: &Server) -> (Party, String) {
    let service = Party::service(server, "musubi:settings.read musubi:settings.write");
    let token = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let token = token.text("access_token").to_owned();
    (service, token)
}

async fn patch((service, token): &(Party, String), body: &Value) -> Reply {
    service
        .ask(|http, issuer| {
            http.patch(format!("{issuer}/api/v1/settings"))
                .bearer_auth(token)
                .json(body)
        })
        .await
}

/// The first page in the language of who names none.
async fn language(server: &Server) -> Option<String> {
    let page = server.http().get(server.url("/signin")).send().await.unwrap();
    html::language(&page.text().await.unwrap())
}

fn ways(page: &Page) -> Vec<String> {
    let form = page.form("/recover");
    form.buttons.iter().map(|(_, value)| value.clone()).collect()
}

#[tokio::test]
async fn a_realm_sets_its_language_and_its_ways_back_and_takes_them_back_again() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink).await;
        let admin = administrator(&server).await;
        assert_eq!(language(&server).await.as_deref(), Some("ja"));
        let browser = Actor::new(&server);
        assert_eq!(ways(&browser.open("/recover").await), ["mail", "family"]);

        let change = json!({"language": "en", "recovery_by_family": false, "recovery_link_minutes": 7});
        let changed = patch(&admin, &change).await.good();
        assert_eq!(changed.json["set"], change);
        tools::until("the settings", async || {
            language(&server).await.as_deref() == Some("en")
        })
        .await;
        let page = browser.open("/recover").await;
        assert_eq!(ways(&page), ["mail"]);
        let hanako = server.confirmed_person("hanako");
        let form = page.form("/recover").fill("name", &hanako.login);
        let forged = browser.send(&form.clone().forge("way", "family")).await;
        assert_eq!(forged.status, StatusCode::BAD_REQUEST);
        browser.send(&form.press("mail")).await;
        let mail = sink
            .wait_for(&hanako.email, "Getting back into your account")
            .await;
        assert!(mail.text.contains("7 minutes"), "{}", mail.text);

        // A link that was sent before opens nothing once the way is closed.
        let link = mail.link(&server.issuer());
        let shown = server.musubi(&["realm", "set", "recovery_by_mail=false", "language="], "");
        assert_eq!(shown["holds"]["recovery_by_mail"], false);
        assert_eq!(shown["set"].get("language"), None);
        tools::until("the settings", async || {
            language(&server).await.as_deref() == Some("ja")
        })
        .await;
        let path = link.trim_start_matches(&server.issuer());
        assert_eq!(browser.open(path).await.status, StatusCode::GONE);
        let page = browser.open("/recover").await;
        assert_eq!(ways(&page), Vec::<String>::new());
        let form = page.form("/recover").fill("name", &hanako.login);
        for way in ["mail", "family"] {
            let refused = browser.send(&form.clone().forge("way", way)).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{way}");
        }
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn only_who_may_change_the_settings_does_and_only_of_their_own_realm() {
    let server = Server::start(Backend::Sqlite).await;
    let admin = administrator(&server).await;
    let change = json!({"self_registration": "anybody"});
    let reader = Party::service(&server, "musubi:settings.read");
    let token = reader.token(&[("grant_type", "client_credentials")]).await.good();
    let reader = (reader, token.text("access_token").to_owned());
    assert_eq!(patch(&reader, &change).await.status, StatusCode::FORBIDDEN);
    let nobody = (reader.0.clone(), "none".to_owned());
    assert_eq!(patch(&nobody, &change).await.status, StatusCode::UNAUTHORIZED);
    server.musubi(
        &[
            "realm",
            "add",
            "--issuer",
            "https://other.example",
            "--name",
            "Other",
        ],
        "",
    );
    patch(&admin, &change).await.good();
    let host = server.issuer().replace("http://", "");
    let here = server.musubi(&["realm", "set", "--realm", &host], "");
    let there = server.musubi(&["realm", "set", "--realm", "other.example"], "");
    assert_eq!(here["set"], change);
    assert_eq!(there["set"], json!({}));
    let log = server.log();
    let rows = |decision: &str| {
        let of = |row: &&Value| row["action"] == "realm.settings.change" && row["decision"] == decision;
        log.iter().filter(of).count()
    };
    assert_eq!((rows("permit"), rows("deny")), (1, 2));
}
