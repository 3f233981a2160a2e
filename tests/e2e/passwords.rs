//! Passwords: which are taken, wherever they are set; changed on the account page; and what a change ends.

use std::io::Write as _;

use aws_lc_rs::digest;
use harness::party::Pkce;
use harness::{Actor, Backend, Options, Page, Party, Person, Server, tools};
use reqwest::StatusCode;

fn sha1(password: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    hash.as_ref()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02X}"))
}

/// A file as it is published, with these passwords among others.
pub(crate) fn breached(passwords: &[&str]) -> tempfile::NamedTempFile {
    let others = (0..2000).map(|number| format!("filler {number}"));
    let all = passwords
        .iter()
        .map(|password| (*password).to_owned())
        .chain(others);
    let mut lines: Vec<String> = all.map(|password| format!("{}:7", sha1(&password))).collect();
    lines.sort();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "{}\r\n", lines.join("\r\n")).unwrap();
    file
}

async fn submit(browser: &Actor, page: &Page, current: &str, new: &str) -> Page {
    let form = page
        .form("/account/password")
        .fill("current", current)
        .fill("password", new)
        .fill("password_again", new);
    browser.send(&form).await
}

#[tokio::test]
async fn a_password_known_from_breaches_is_refused_wherever_one_is_set() {
    let known = "seven purple lampposts";
    let file = breached(&[known]);
    let configuration = format!("[passwords]\nbreached_file = \"{}\"\n", file.path().display());
    let options = Options {
        configuration,
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let report = server.musubi(&["passwords", "check-file"], "");
    assert_eq!(report["passwords"], 2001);

    let refused = tools::output(
        server
            .command(&["user", "create", "--login", "jiro", "--password-stdin"])
            .arg("--json"),
        known,
    );
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("breaches"), "{said}");
    assert!(!said.contains(known));

    let link = server.musubi(&["user", "create", "--login", "saburo"], "")["link"]
        .as_str()
        .unwrap()
        .to_owned();
    server.secret(link.split("token=").nth(1).unwrap());
    let browser = Actor::new(&server);
    let page = browser.open(link.strip_prefix(&server.issuer()).unwrap()).await;
    let form = page
        .form("/set-password")
        .fill("password", known)
        .fill("password_again", known);
    let refused = browser.send(&form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains("another service was broken into"),
        "{}",
        refused.body
    );

    let hanako = server.person("hanako");
    let page = browser.account("/account/password", &hanako).await;
    let refused = submit(&browser, &page, &hanako.password, known).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(!refused.body.contains(known), "a password is never written back");
}

#[tokio::test]
async fn a_file_that_cannot_be_searched_is_found_out_by_the_check() {
    let server = Server::start(Backend::Sqlite).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{}:1\n{}:1", sha1("b"), sha1("a")).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let (first, second) = (sha1("b"), sha1("a"));
    let output = server.output(&["passwords", "check-file", &path]);
    assert_eq!(output.status.success(), first < second);
    let lowered = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(lowered.path(), format!("{}:1\n", first.to_lowercase())).unwrap();
    let output = server.output(&["passwords", "check-file", lowered.path().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("line 1"), "{said}");
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one_and_ends_every_other_session_and_token() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let mut hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (here, there) = (Actor::new(&server), Actor::new(&server));
        let tokens = party.sign_in(&there, &hanako).await;
        let page = here.account("/account/password", &hanako).await;
        let before = here.cookie("musubi_session").unwrap();

        let new = format!("orange bicycle {}", tools::unique());
        server.secret(&new);
        for wrong in ["not the password", ""] {
            let refused = submit(&here, &page, wrong, &new).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong:?}");
        }
        let weak = submit(&here, &page, &hanako.password, "hanako12345").await;
        assert_eq!(weak.status, StatusCode::BAD_REQUEST);
        let form = page
            .form("/account/password")
            .fill("current", &hanako.password)
            .fill("password", &new)
            .fill("password_again", "something else entirely");
        assert_eq!(here.send(&form).await.status, StatusCode::BAD_REQUEST);

        let done = submit(&here, &page, &hanako.password, &new).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert!(!here.open("/account").await.has_form("/signin"), "goes on here");
        let copied = Actor::new(&server);
        copied.plant(&format!("musubi_session={before}"));
        tools::until("the copied cookie opens nothing", async || {
            copied.open("/account").await.has_form("/signin")
        })
        .await;
        tools::until("the other device is out", async || {
            there.open("/account").await.has_form("/signin")
        })
        .await;
        party
            .refresh(tokens.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");

        let stale = Actor::new(&server);
        let old = stale.open("/signin").await;
        assert!(
            stale.sign_in(&old, &hanako).await.has_form("/signin"),
            "the old one is void"
        );
        hanako.password = new;
        let page = stale.open("/signin").await;
        assert!(!stale.sign_in(&page, &hanako).await.has_form("/signin"));
        assert!(
            here.open("/account")
                .await
                .body
                .contains("Your password was changed")
        );
    }
}

#[tokio::test]
async fn guesses_at_the_present_password_are_counted_as_sign_ins_are() {
    let configuration = "[limits]\nfailures_per_account = 3\nfailures_per_address = 50\n".to_owned();
    let options = Options {
        configuration,
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let hanako = server.person("hanako");
    let thief = Actor::new(&server);
    let page = thief.account("/account/password", &hanako).await;
    let new = "orange bicycle and seven lamps";
    for _ in 0..3 {
        assert_eq!(
            submit(&thief, &page, "a guess", new).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    let right = submit(&thief, &page, &hanako.password, new).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "even the right one");
    let elsewhere = Actor::new(&server);
    let form = elsewhere.open("/signin").await;
    let page = elsewhere.sign_in(&form, &hanako).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "they are one count");
}

#[tokio::test]
async fn a_change_that_another_site_sends_changes_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, eve) = (server.person("hanako"), server.person("eve"));
    let (browser, attacker) = (Actor::new(&server), Actor::new(&server));
    let page = browser.account("/account/password", &hanako).await;
    let foreign = attacker.account("/account/password", &eve).await;
    let csrf = foreign
        .form("/account/password")
        .value("csrf")
        .unwrap()
        .to_owned();
    let form = page
        .form("/account/password")
        .fill("current", &hanako.password)
        .fill("password", "orange bicycle and seven lamps")
        .fill("password_again", "orange bicycle and seven lamps");
    for forged in [form.clone().without("csrf"), form.clone().forge("csrf", &csrf)] {
        assert!(browser.send(&forged).await.status.is_client_error());
    }
    let still = Actor::new(&server);
    assert!(!still.account("/account", &hanako).await.has_form("/signin"));
}

async fn rows(browser: &Actor, person: &Person, path: &str) -> (usize, Option<String>) {
    let page = browser.account(path, person).await;
    // The links that change the language lead to this very page.
    let mut links = page
        .body
        .split("href=\"")
        .map(|rest| rest.split('"').next().unwrap());
    let older = links.find(|link| link.starts_with("/account/log?before=") && !link.contains("ui_locales"));
    (
        page.body.matches("class=\"when\"").count(),
        older.map(str::to_owned),
    )
}

#[tokio::test]
async fn the_log_is_read_page_by_page_to_its_beginning_and_nobody_reads_anothers() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let pkce = Pkce::new();
        party.code(&browser, &hanako, &pkce, &[]).await;
        for _ in 0..45 {
            browser.open("/account/profile").await;
        }
        let (mut seen, mut pages) = (0, 0);
        let mut next = Some("/account/log".to_owned());
        while let Some(path) = next {
            let (count, older) = rows(&browser, &hanako, &path).await;
            (seen, pages, next) = (seen + count, pages + 1, older);
            assert!(count <= 20 && pages < 20);
        }
        assert!(seen >= 48 && pages >= 3, "{seen} rows on {pages} pages");
        for place in ["x", "1-00", "-", "99999999999999999999-aa", "1-zz"] {
            let page = browser.open(&format!("/account/log?before={place}")).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{place}");
        }
        let jiro = server.person("jiro");
        let (his, _) = rows(&Actor::new(&server), &jiro, "/account/log").await;
        assert!(his < 10, "he reads {his} rows");
    }
}

#[tokio::test]
async fn a_password_that_is_the_only_factor_has_fifteen_characters_and_an_older_one_stays_good() {
    let server = Server::start(Backend::Sqlite).await;
    let create = |login: &str, least: &str, password: &str| {
        let mut command = server.command(&["user", "create", "--login", login, "--password-stdin"]);
        command.env("MUSUBI__PASSWORDS__MIN_LENGTH", least);
        tools::output(&mut command, password).status.success()
    };
    let (short, long) = ("yNq3WbTz7L", "yNq3WbTz7L rV9k");
    for password in [short, long] {
        server.secret(password);
    }
    assert!(!create("jiro", "15", short) && !create("jiro", "1", "yNq3WbT"));
    assert!(create("hanako", "10", short));
    // Set under another rule, and good still.
    let hanako = Person {
        login: "hanako".to_owned(),
        password: short.to_owned(),
        name: String::new(),
        email: String::new(),
    };
    let browser = Actor::new(&server);
    let page = browser.account("/account/password", &hanako).await;
    assert!(page.body.contains("15 characters"), "{}", page.body);
    let refused = submit(&browser, &page, short, "rV9k yNq3WbTz7").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("15 characters"), "{}", refused.body);

    browser.set_up_app().await;
    let page = browser.open("/account/password").await;
    assert!(page.body.contains("10 characters"), "{}", page.body);
    let done = submit(&browser, &page, short, "rV9k yNq3WbTz7").await;
    assert!(done.status.is_success(), "{} {}", done.status, done.body);
}
