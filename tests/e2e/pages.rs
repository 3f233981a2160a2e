//! The pages in a real browser without scripts: at 360 and at 1440 pixels, in both languages, by keyboard. Pictures of
//! all of them are left in target/screenshots.

use harness::party::{Pkce, http, send};
use harness::{Backend, Options, Party, Server, tools};
use serde_json::{Value, json};

/// A hospital with a department and a nurse in it, so that there is somebody to look for.
async fn hospital(server: &Server) {
    let service = Party::service(server, "musubi:organisations.write musubi:staff.write");
    let tokens = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let post = async |path: String, body: Value| {
        let request = http()
            .post(server.url(&path))
            .bearer_auth(tokens.text("access_token"))
            .json(&body);
        let made = send(request, &server.secrets()).await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.text);
        made.json
    };
    let at = "/api/v1/organisations";
    let hill = post(
        at.to_owned(),
        json!({"name": "Hill Hospital", "kind": "hospital"}),
    )
    .await;
    let ward = json!({"name": "Ward 3", "kind": "department", "parent": hill["number"]});
    let ward = post(at.to_owned(), ward).await;
    let nurse =
        json!({"login": "nurse", "name": "Taro Sato", "occupations": [{"code": "nurse", "licence": "N-1"}]});
    post(format!("{at}/{}/staff", ward["number"].as_str().unwrap()), nurse).await;
}

#[tokio::test]
async fn every_page_fits_is_labelled_and_works_by_keyboard_without_scripts_in_both_languages() {
    let configuration = "[limits]\nfailures_per_account = 100\n".to_owned();
    let server = Server::start_with(
        Backend::Sqlite,
        Options {
            configuration,
            ..Options::default()
        },
    )
    .await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    hospital(&server).await;
    let link = server.musubi(&["user", "create", "--login", "jiro"], "")["link"]
        .as_str()
        .unwrap()
        .to_owned();
    let directory = tools::target().join("screenshots");
    let given = json!({"directory": directory, "issuer": server.issuer(), "link": link, "login": hanako.login,
        "password": hanako.password, "request": server.url(&party.request(&Pkce::new(), &[])).as_str()});
    let mut script = tools::node("pages.mjs");
    script.env("MUSUBI_TEST_CHROMIUM", tools::program("chromium", "chromium"));
    assert_eq!(tools::run(&mut script, &given.to_string()).trim(), "done");
    assert!(directory.join("consent-ja-360.png").is_file());
}
