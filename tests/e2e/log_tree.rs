//! The tree over the access log: what somebody who does not believe the hub can ask it, and check by themselves.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::{Backend, Server, tools};
use serde_json::Value;

async fn text(server: &Server, path: &str) -> (u16, String) {
    let answer = server.http().get(server.url(path)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The size that a checkpoint names.
fn size(checkpoint: &str) -> u64 {
    checkpoint.lines().nth(1).unwrap().parse().unwrap()
}

/// The checkpoint, once the tree has got as many leaves.
async fn grown(server: &Server, least: u64) -> String {
    for _ in 0..100 {
        let (status, checkpoint) = text(server, "/log/checkpoint").await;
        if status == 200 && size(&checkpoint) >= least {
            return checkpoint;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the tree has not grown to {least} leaves");
}

/// `musubi log tree …` in a directory without a hub.
fn elsewhere(directory: &Path, arguments: &[&str]) -> (bool, Value) {
    let mut command = Command::new(harness::server::binary());
    command
        .env_clear()
        .current_dir(directory)
        .args(["log", "tree"])
        .args(arguments)
        .arg("--json");
    let output = tools::output(&mut command, "");
    let said = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.success(), said)
}

fn key(server: &Server) -> String {
    server.musubi(&["log", "tree", "key"], "")["key"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn whoever_has_the_key_of_the_log_can_check_that_a_row_is_in_it_without_the_hub() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        server.person("hanako");
        let row = server.log().pop().unwrap();
        let (writer, seq) = (row["writer"].as_str().unwrap(), &row["seq"]);
        let key = key(&server);
        assert!(
            key.starts_with(&format!("127.0.0.1:{}/log+", server.port())) || key.contains("localhost"),
            "{key}"
        );
        let mut proof = (404, String::new());
        for _ in 0..100 {
            proof = text(&server, &format!("/log/proof?writer={writer}&seq={seq}")).await;
            if proof.0 == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(proof.0, 200, "{}", proof.1);
        let kept = tempfile::tempdir().unwrap();
        std::fs::write(kept.path().join("row.tlog-proof"), &proof.1).unwrap();
        let own = server.musubi(&["log", "tree", "prove", writer, &seq.to_string()], "");
        let hash = own["row"].as_str().unwrap();
        let check = |row: &str| {
            elsewhere(
                kept.path(),
                &["check", "row.tlog-proof", "--row", row, "--key", &key],
            )
        };
        assert_eq!(check(hash).1["holds"], true);
        let (succeeded, said) = check(&hash.chars().rev().collect::<String>());
        assert!(!succeeded && said["holds"] == false, "another row: {said}");
        for (what, changed) in [
            ("another leaf", proof.1.replacen("index ", "index 1", 1)),
            (
                "another root",
                proof.1.replacen("=\n\n\u{2014}", "A=\n\n\u{2014}", 1),
            ),
            ("a hash less", {
                let mut lines: Vec<&str> = proof.1.lines().collect();
                lines.remove(2);
                lines.join("\n") + "\n"
            }),
        ] {
            std::fs::write(kept.path().join("row.tlog-proof"), changed).unwrap();
            assert!(!check(hash).0, "{what} passes");
        }
    }
}

#[tokio::test]
async fn a_checkpoint_that_was_kept_is_shown_to_be_the_begin_of_every_later_one_also_after_a_restart() {
    for backend in Backend::ALL {
        let mut server = Server::start(backend).await;
        server.person("hanako");
        let old = grown(&server, 1).await;
        server.restart().await;
        server.person("taro");
        let new = grown(&server, size(&old) + 1).await;
        let (from, to) = (size(&old), size(&new));
        let (status, proof) = text(&server, &format!("/log/consistency?from={from}&to={to}")).await;
        assert_eq!(status, 200);
        let kept = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(kept.path().join(name), text).unwrap();
        write("old.txt", &old);
        write("new.txt", &new);
        write("proof.txt", &proof);
        let key = key(&server);
        let grew = |old: &str, new: &str| {
            elsewhere(
                kept.path(),
                &["grew", old, new, "--proof", "proof.txt", "--key", &key],
            )
        };
        assert_eq!(grew("old.txt", "new.txt").1["holds"], true);
        assert!(!grew("new.txt", "old.txt").0, "a log that shrank passes");
        write(
            "forged.txt",
            &old.replacen(&format!("\n{from}\n"), &format!("\n{}\n", from + 1), 1),
        );
        assert!(
            !grew("forged.txt", "new.txt").0,
            "a checkpoint that nobody signed passes"
        );
    }
}

#[tokio::test]
async fn what_the_tree_has_not_got_is_not_found_and_what_cannot_be_read_is_refused() {
    let server = Server::start(Backend::Sqlite).await;
    server.person("hanako");
    let now = size(&grown(&server, 1).await);
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (path, status) in [
        ("/log/tile/0/000".to_owned(), 404),
        (format!("/log/tile/0/000.p/{now}"), 200),
        ("/log/tile/0/000.p/0".to_owned(), 404),
        ("/log/tile/0/0".to_owned(), 404),
        ("/log/tile/0/x000/000".to_owned(), 404),
        ("/log/tile/99/000.p/1".to_owned(), 404),
        ("/log/tile/x/000.p/1".to_owned(), 404),
        (format!("/log/proof?writer={nobody}&seq=1"), 404),
        (format!("/log/proof?writer={nobody}"), 400),
        ("/log/proof?writer=x&seq=1".to_owned(), 400),
        (format!("/log/proof?writer={nobody}&seq=-1"), 400),
        (format!("/log/proof?writer={nobody}&writer={nobody}&seq=1"), 400),
        (format!("/log/consistency?from=1&to={}", u64::MAX), 404),
        ("/log/consistency?from=0&to=1".to_owned(), 404),
        ("/log/consistency?from=01&to=1".to_owned(), 400),
        ("/log/consistency?to=1".to_owned(), 400),
    ] {
        assert_eq!(text(&server, &path).await.0, status, "{path}");
    }
}
