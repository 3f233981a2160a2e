//! The pages in a real browser without scripts: at 360 and at 1440 pixels, in both languages, by keyboard. Pictures of
//! all of them are left in target/screenshots.

use harness::party::Pkce;
use harness::{Backend, Options, Party, Server, tools};
use serde_json::json;

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
