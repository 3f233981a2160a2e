//! The access log of a whole visit, as an export has it; and what happens to a log that somebody alters.

use std::process::Command;

use harness::party::Pkce;
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::Value;

/// A visit from sign-in to sign-out.
async fn visit(server: &Server) {
    let hanako = server.person("hanako");
    let party = Party::register(server).await;
    let browser = Actor::new(server);
    let page = browser.open("/signin").await;
    browser
        .send(
            &page
                .form("/signin")
                .fill("login", "hanako")
                .fill("password", "wrong"),
        )
        .await;
    let pkce = Pkce::new();
    let code = party
        .code(&browser, &hanako, &pkce, &[("scope", "openid profile")])
        .await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    party.userinfo(tokens.text("access_token")).await.good();
    let tokens = party.refresh(tokens.text("refresh_token")).await.good();
    let page = browser.open("/account").await;
    browser.send(&page.form("/oauth/logout").press("sign-out")).await;
    party
        .refresh(tokens.text("refresh_token"))
        .await
        .assert_error(400, "invalid_grant");
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {row:#}"))
}

#[tokio::test]
async fn a_visit_from_sign_in_to_sign_out_stands_in_the_log_row_by_row() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        visit(&server).await;
        let rows = server.log();
        let told: Vec<(&str, &str)> = rows
            .iter()
            .map(|row| (text(row, "action"), text(row, "decision")))
            .skip_while(|(action, _)| *action != "client.register")
            .collect();
        let expected = [
            ("client.register", "permit"),
            ("sign_in.password", "deny"),
            ("sign_in.password", "permit"),
            ("consent.grant", "permit"),
            ("authorization.issue", "permit"),
            ("token.issue.authorization_code", "permit"),
            ("profile.read", "permit"),
            ("token.issue.refresh_token", "permit"),
            ("account.read", "permit"),
            ("session.end", "permit"),
            ("token.refuse", "deny"),
            ("log.export", "permit"),
        ];
        assert_eq!(told, expected);

        let row = |action: &str| {
            rows.iter()
                .find(|row| row["action"] == action && row["decision"] == "permit")
                .unwrap()
        };
        let (actor, session) = (
            text(row("sign_in.password"), "actor"),
            text(row("sign_in.password"), "session"),
        );
        let client = text(row("consent.grant"), "client");
        for action in [
            "consent.grant",
            "authorization.issue",
            "token.issue.authorization_code",
            "token.issue.refresh_token",
        ] {
            assert_eq!(text(row(action), "actor"), actor, "{action}");
            assert_eq!(text(row(action), "session"), session, "{action}");
            assert_eq!(text(row(action), "client"), client, "{action}");
        }
        let read = row("profile.read");
        assert_eq!((text(read, "subject"), text(read, "client")), (actor, client));
        assert_eq!(text(row("session.end"), "session"), session);
        for row in &rows {
            for name in ["at", "clock_error_bound", "clock_offset", "clock_stratum"] {
                assert!(row[name].is_i64() || row[name].is_u64(), "{name} of {row:#}");
            }
            assert!(
                row["decision"] == "permit" || row["reason"].is_string(),
                "a refusal has a reason: {row:#}"
            );
        }
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn an_export_has_nothing_in_it_that_says_who_somebody_is_or_opens_anything() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        visit(&server).await;
        let export = tools::run(&mut server.command(&["log", "export"]), "");
        for known in [
            "hanako",
            "Person called",
            "example.jp",
            "127.0.0.1",
            "Musubi-Test",
        ] {
            assert!(!export.contains(known), "{known} stands in the export");
        }
        assert_eq!(server.secrets().printed_in(&export), Vec::<String>::new());
        assert!(
            server.secrets().len() > 8,
            "passwords, codes, tokens and cookies were noted"
        );
    }
}

#[tokio::test]
async fn keys_that_are_kept_elsewhere_judge_an_export_anywhere() {
    let mut server = Server::start(Backend::Sqlite).await;
    visit(&server).await;
    server.stop();
    let kept = tempfile::tempdir().unwrap();
    let (keys, export) = (kept.path().join("keys.json"), kept.path().join("log.ndjson"));
    std::fs::write(&keys, tools::run(&mut server.command(&["log", "keys"]), "")).unwrap();
    let good = tools::run(&mut server.command(&["log", "export"]), "");
    let judge = |text: &str| {
        std::fs::write(&export, text).unwrap();
        let mut verify = Command::new(harness::server::binary());
        verify
            .env_clear()
            .current_dir(kept.path())
            .args(["log", "verify", "--json"])
            .arg(&export)
            .arg("--keys")
            .arg(&keys);
        let output = tools::output(&mut verify, "");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["intact"], output.status.success());
        report
    };
    assert_eq!(judge(&good)["intact"], true);
    let altered = good.replacen("\"decision\":\"deny\"", "\"decision\":\"permit\"", 1);
    assert_ne!(altered, good);
    assert_eq!(
        judge(&altered)["intact"],
        false,
        "a refusal that became a permission"
    );
    let row = good
        .lines()
        .position(|line| line.starts_with("{\"row\""))
        .unwrap()
        + 1;
    let shorter: Vec<&str> = good
        .lines()
        .enumerate()
        .filter(|(index, _)| *index != row)
        .map(|(_, line)| line)
        .collect();
    assert_eq!(
        judge(&(shorter.join("\n") + "\n"))["intact"],
        false,
        "a line that is gone"
    );
}

/// Changes the file of the log as somebody with root and a tool would.
fn alter(server: &Server, statement: &str) {
    let file = server.data().join("log.sqlite");
    assert!(file.is_file(), "{} is not there", file.display());
    let program = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as log:\n    done = log.execute(sys.argv[2]).rowcount\n\
                   assert done > 0, 'nothing was altered'";
    let mut python = Command::new(tools::variable("MUSUBI_TEST_PYTHON"));
    tools::run(python.args(["-c", program]).arg(file).arg(statement), "");
}

#[tokio::test]
async fn a_row_that_was_altered_or_dropped_in_the_file_is_found_and_named() {
    let newest = "(SELECT writer FROM log_row WHERE action = 'consent.grant')";
    let seq = "(SELECT seq FROM log_row WHERE action = 'consent.grant')";
    for (what, statement, finding) in [
        ("altered", "UPDATE log_row SET at = at + 1 WHERE action = 'consent.grant'".to_owned(), "altered"),
        (
            "one bit of the sealed detail",
            "UPDATE log_row SET detail = CAST(substr(detail, 1, length(detail) - 1) || \
             CASE substr(detail, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE action = 'consent.grant'"
                .to_owned(),
            "altered",
        ),
        ("dropped", "DELETE FROM log_row WHERE action = 'consent.grant'".to_owned(), "missing"),
        ("cut off", format!("DELETE FROM log_row WHERE writer = {newest} AND seq >= {seq}"), "truncated"),
    ] {
        let mut server = Server::start(Backend::Sqlite).await;
        visit(&server).await;
        server.stop();
        server.assert_log_is_intact();
        let place = server.log().into_iter().find(|row| row["action"] == "consent.grant").unwrap();
        alter(&server, &statement);
        let output = server.output(&["log", "verify", "--json"]);
        assert!(!output.status.success(), "{what}: the log passes for intact");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let faults = report["report"]["faults"].as_array().unwrap_or_else(|| panic!("{what}: {report}"));
        let named = faults.iter().any(|fault| {
            fault["writer"] == place["writer"] && fault["seq"] == place["seq"] && fault.to_string().contains(finding)
        });
        assert!(named, "{what}: {report:#}, but it was {place:#}");
    }
}
