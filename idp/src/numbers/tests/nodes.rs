//! Two processes on one PostgreSQL, one of them killed in the middle of a block (H1.5).
//!
//! The processes are this test's own binary, started again with an environment that makes the same test play a node.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::*;

const URL: &str = "MUSUBI_TEST_NODE_URL";
const REALM: &str = "MUSUBI_TEST_NODE_REALM";
const SPACE: &str = "MUSUBI_TEST_NODE_SPACE";
const HANGS: &str = "MUSUBI_TEST_NODE_HANGS";
const SIZE: u64 = 1000;
const BLOCKS: usize = 40;

/// What a node says on its standard output, a line each.
fn say(line: &str) {
    println!("\n{line}");
    std::io::stdout().flush().unwrap();
}

async fn play_a_node(url: &str) {
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    let id = |name| std::env::var(name).unwrap().parse::<Uuid>().unwrap();
    let desk = Desk {
        store,
        realm: id(REALM).into(),
        space: id(SPACE).into(),
        entropy: Entropy::system(),
    };
    for _ in 0..BLOCKS {
        let block = desk.issue(SIZE).await.unwrap();
        say(&format!("issued {}", block.first_counter));
    }
    if std::env::var_os(HANGS).is_some() {
        let Desk {
            store,
            realm,
            space,
            entropy,
        } = desk;
        let wanted = Issue {
            count: SIZE,
            issued_to: None,
        };
        let _: Result<(), NumbersError> = store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let block = issue(tx, realm, space, wanted, START, &entropy).await?;
                    say(&format!("hangs {}", block.first_counter));
                    std::future::pending().await
                })
            })
            .await;
    }
}

fn start(database: &TestDatabase, desk: &Desk, hangs: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "--nocapture",
            "numbers::tests::nodes::two_processes_never_issue_the_same_whatever_crashes",
        ])
        .env(URL, database.address())
        .env(REALM, desk.realm.to_string())
        .env(SPACE, desk.space.to_string())
        .stdout(Stdio::piped());
    if hangs {
        command.env(HANGS, "1");
    }
    command.spawn().unwrap()
}

/// Reads what a node says until it ends or says that it hangs; the first counters of its blocks, and of the one it hangs in.
fn listen(node: &mut Child) -> (Vec<u64>, Option<u64>) {
    let mut issued = Vec::new();
    for line in BufReader::new(node.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(first) = line.strip_prefix("issued ") {
            issued.push(first.parse().unwrap());
        } else if let Some(first) = line.strip_prefix("hangs ") {
            return (issued, Some(first.parse().unwrap()));
        }
    }
    (issued, None)
}

#[tokio::test]
async fn two_processes_never_issue_the_same_whatever_crashes() {
    if let Ok(url) = std::env::var(URL) {
        return play_a_node(&url).await;
    }
    let database = hub(Backend::Postgres).await;
    let desk = Desk::open(database.store(), small("a", 40, true, Reissue::Never)).await;
    let mut doomed = start(&database, &desk, true);
    let mut other = start(&database, &desk, false);
    let listener = std::thread::spawn(move || (listen(&mut other), other.wait().unwrap()));
    let (mut issued, unfinished) = listen(&mut doomed);
    // SIGKILL, inside the transaction: the counters are taken, the block is written, nothing is committed.
    doomed.kill().unwrap();
    doomed.wait().unwrap();
    let ((others, _), status) = listener.join().unwrap();
    assert!(status.success());
    assert_eq!((issued.len(), others.len()), (BLOCKS, BLOCKS));
    let unfinished = unfinished.unwrap();
    issued.extend(others);
    let last = desk.issue(SIZE).await.unwrap();
    issued.push(last.first_counter);
    issued.sort_unstable();

    // What was answered is in the database, each counter once and without a gap: the unfinished block was undone, and
    // its counters went to somebody who lived.
    let blocks = blocks(&desk.store, desk.realm, desk.space, None, 1000)
        .await
        .unwrap();
    let firsts: Vec<u64> = blocks.iter().map(|block| block.first_counter).collect();
    assert_eq!(firsts, issued);
    let expected: Vec<u64> = (0..firsts.len() as u64).map(|block| block * SIZE).collect();
    assert_eq!(firsts, expected);
    assert!(firsts.contains(&unfinished));

    let space = namespace(&desk.store, desk.realm, desk.space).await.unwrap();
    let permutation = Permutation::new(&NumberKey::new([9; 32]), &space).unwrap();
    let numbers: std::collections::HashSet<Number> = blocks
        .iter()
        .flat_map(|block| permutation.numbers(block))
        .map(Result::unwrap)
        .collect();
    assert_eq!(numbers.len(), issued.len() * usize::try_from(SIZE).unwrap());
}
