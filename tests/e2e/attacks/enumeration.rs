//! Enumeration: who has an account here, told by wording, status, headers, cookies, length, or time. Time is measured: many
//! samples of known and unknown names in turn, compared by their ranks. A difference is one that shows in most pairs, so that
//! a busy machine makes no false alarm and an early return no silence.

use std::time::{Duration, Instant};

use harness::{Actor, Backend, MailSink, Options, Page, Party, Server};
use reqwest::Method;
use serde_json::json;

/// Samples of each kind.
const SAMPLES: usize = 80;
/// How often one of the one kind may take longer than one of the other: of equals, half the time. With 80 samples of each
/// chance alone strays from that by 0.046 (one standard deviation of the Mann–Whitney statistic); this is six times as much.
const STRAY: f64 = 0.30;

/// The share of pairs in which the first takes longer than the second.
fn superiority(one: &[Duration], other: &[Duration]) -> f64 {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    let longer: f64 = pairs
        .map(|(a, b)| match a.cmp(b) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand pairs")]
    let count = (one.len() * other.len()) as f64;
    longer / count
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

async fn hub(more: &str) -> Server {
    let configuration = format!(
        "[limits]\nfailures_per_account = 100000\nfailures_per_address = 100000\nmails_per_address = 100000\n\
         recoveries_per_address = 100000\nhashing_threads = 1\n{more}"
    );
    Server::start_with(
        Backend::Sqlite,
        Options {
            configuration,
            ..Options::default()
        },
    )
    .await
}

/// Sends a form with one field as `name`, once.
async fn timed(browser: &Actor, path: &str, form: &[(&str, &str)]) -> (Duration, Page) {
    let request = browser.request(Method::POST, path).form(form);
    let begun = Instant::now();
    let page = browser.once(request).await;
    (begun.elapsed(), page)
}

/// Known and unknown names in turn; the share of pairs in which a known one takes longer.
async fn measure(names: [&str; 2], ask: impl AsyncFn(&str) -> (Duration, u16)) -> f64 {
    for name in names {
        ask(name).await;
    }
    let mut times = [Vec::new(), Vec::new()];
    let mut statuses = [0; 2];
    for round in 0..SAMPLES {
        // The order changes, so that neither is always behind the other.
        for which in [round % 2, (round + 1) % 2] {
            let (time, status) = ask(names[which]).await;
            times[which].push(time);
            statuses[which] = status;
        }
    }
    assert_eq!(statuses[0], statuses[1]);
    let share = superiority(&times[0], &times[1]);
    println!(
        "{names:?}: medians {:?} and {:?}, share {share:.3}",
        median(&times[0]),
        median(&times[1])
    );
    share
}

fn assert_equal(share: f64, what: &str) {
    assert!((share - 0.5).abs() < STRAY, "{what}: {share:.3} of the pairs");
}

#[tokio::test]
async fn enumeration_by_timing_a_sign_in_takes_as_long_for_an_unknown_name_as_for_a_known_one() {
    let server = hub("").await;
    server.person("hanako");
    server.musubi(&["user", "create", "--login", "newcomer"], "");
    let browser = Actor::new(&server);
    let csrf = browser
        .open("/signin")
        .await
        .form("/signin")
        .value("csrf")
        .unwrap()
        .to_owned();
    let ask = async |login: &str| {
        let form = [
            ("login", login),
            ("password", "not the password"),
            ("csrf", &csrf),
        ];
        let (time, page) = timed(&browser, "/signin", &form).await;
        (time, page.status.as_u16())
    };
    assert_equal(measure(["hanako", "nobody"], &ask).await, "a wrong password");
    assert_equal(
        measure(["newcomer", "nobody"], &ask).await,
        "somebody without a password",
    );
}

#[tokio::test]
async fn enumeration_by_timing_a_recovery_takes_as_long_for_an_unknown_name_as_for_a_known_one() {
    let sink = MailSink::start();
    let server = hub(&sink.configuration()).await;
    server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    let csrf = browser
        .open("/recover")
        .await
        .form("/recover")
        .value("csrf")
        .unwrap()
        .to_owned();
    for way in ["mail", "family"] {
        let ask = async |name: &str| {
            let form = [("name", name), ("way", way), ("csrf", csrf.as_str())];
            let (time, page) = timed(&browser, "/recover", &form).await;
            (time, page.status.as_u16())
        };
        assert_equal(measure(["hanako", "nobody"], &ask).await, way);
    }
}

#[test]
fn enumeration_by_timing_the_measure_sees_a_difference_that_is_there_and_none_that_is_not() {
    let times = |base: u64, step: u64| -> Vec<Duration> {
        (0..150_u64)
            .map(|n| Duration::from_micros(base + (n * 7919 % 1000) * step / 1000))
            .collect()
    };
    // A hash of twenty milliseconds that is left out, a look-up of one that is noisy, and nothing.
    assert!((superiority(&times(20_000, 2_000), &times(500, 500)) - 0.5).abs() > STRAY);
    assert!((superiority(&times(21_000, 1_000), &times(20_000, 1_000)) - 0.5).abs() > STRAY);
    assert!((superiority(&times(20_000, 1_000), &times(20_000, 1_000)) - 0.5).abs() < 0.05);
}

/// What an answer shows, without what is new in each.
fn shown(page: &Page, typed: &str) -> (u16, Vec<String>, String) {
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.len()))
        .collect();
    headers.sort();
    let mut body = page.body.replace(typed, "TYPED");
    for form in harness::html::forms(&page.body) {
        for (name, value) in form.fields {
            if name == "csrf" {
                body = body.replace(&value, "CSRF");
            }
        }
    }
    (page.status.as_u16(), headers, body)
}

#[tokio::test]
async fn enumeration_by_wording_every_form_that_takes_a_name_answers_all_names_alike() {
    let sink = MailSink::start();
    let server = hub(&sink.configuration()).await;
    let eve = server.person("evelyn");
    server.confirmed_person("hanako");
    server.musubi(&["user", "create", "--login", "newcom"], "");
    let guarded = server.person("guards");
    let owner = Actor::new(&server);
    owner.account("/account", &guarded).await;
    owner.set_up_app().await;
    let signed_in = Actor::new(&server);
    signed_in.account("/account", &eve).await;
    let address = ["hanako@example.jp", "nobody@example.jp"];
    let logins = ["hanako", "newcom", "guards", "nobody"];
    for (path, field, names, more) in [
        (
            "/signin",
            "login",
            &logins[..],
            &[("password", "not the password")][..],
        ),
        ("/signin", "login", &address, &[("password", "not the password")]),
        ("/recover", "name", &logins, &[("way", "mail")]),
        ("/recover", "name", &address, &[("way", "mail")]),
        ("/account/trusted/name", "login", &logins, &[]),
        ("/account/email", "email", &address, &[]),
    ] {
        let browser = if path.starts_with("/account") {
            signed_in.clone()
        } else {
            Actor::new(&server)
        };
        let start = if path.starts_with("/account") {
            "/account/profile"
        } else {
            path
        };
        let page = browser.open(start).await;
        let csrf = harness::html::forms(&page.body)
            .iter()
            .find_map(|form| form.value("csrf").map(str::to_owned))
            .unwrap();
        let mut answers = Vec::new();
        for name in names {
            let form = [more, &[(field, *name), ("csrf", csrf.as_str())]].concat();
            let (_, page) = timed(&browser, path, &form).await;
            assert!(!page.status.is_server_error(), "{path} {name}");
            answers.push((*name, shown(&page, name)));
        }
        for (name, answer) in &answers[1..] {
            assert_eq!(answer, &answers[0].1, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn enumeration_by_wording_programs_learn_no_names_either() {
    let server = hub("").await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    // Clients: one that is not there and one that does not prove who it is.
    let ask = async |id: &str| {
        let reply = party.ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/token"))
                .basic_auth(id, Some("not the secret"))
                .form(&[("grant_type", "client_credentials")])
        });
        let reply = reply.await;
        (reply.status, reply.text)
    };
    assert_eq!(
        ask(party.id()).await,
        ask("018f0000-0000-7000-8000-000000000000").await
    );
    // Registrations: those of others and those of nobody.
    let read = async |id: &str| {
        let reply = party.ask(|http, issuer| {
            http.get(format!("{issuer}/oauth/register/{id}"))
                .bearer_auth("not the token")
        });
        let reply = reply.await;
        (reply.status, reply.text)
    };
    assert_eq!(read(party.id()).await, read("nobody").await);
    // Tokens: those of another client, over, and none at all.
    let other = Party::register_with(&server, json!({"client_name": "Another"})).await;
    let look = async |token: &str| {
        let reply = other.ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/introspect"))
                .basic_auth(other.id(), Some(other.secret()))
                .form(&[("token", token)])
        });
        let reply = reply.await;
        (reply.status, reply.text)
    };
    assert_eq!(look(tokens.text("access_token")).await, look("nonsense").await);
    assert_eq!(look(tokens.text("refresh_token")).await, look("nonsense").await);
    // A hint of who should sign in says nothing of whether there is such a person.
    let browser = Actor::new(&server);
    let mut pages = Vec::new();
    for hint in ["hanako", "nobody"] {
        let request = party.request(&harness::party::Pkce::new(), &[("login_hint", hint)]);
        let page = browser.open(&request).await;
        let interaction = page.form("/signin").value("interaction").unwrap().to_owned();
        let (status, _, body) = shown(&page, hint);
        pages.push((status, body.replace(&interaction, "INTERACTION")));
    }
    assert_eq!(pages[0], pages[1]);
}
