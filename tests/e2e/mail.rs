//! Mail, through a mail server that nobody here wrote: what arrives, when, and what happens if the server does not want it.

use std::path::{Path, PathBuf};

use harness::{Actor, Backend, MailSink, Options, Person, Server, html, tools};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::StatusCode;

async fn with_mail(backend: Backend, sink: &MailSink) -> Server {
    let configuration = sink.configuration();
    let options = Options {
        configuration,
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

/// Has a new password set, which is told by mail; gives it.
async fn change_password(browser: &Actor, person: &Person) -> String {
    let page = browser.account("/account/password", person).await;
    let new = format!("green lantern {}", tools::unique());
    let form = page
        .form("/account/password")
        .fill("current", &person.password)
        .fill("password", &new)
        .fill("password_again", &new);
    let done = browser.send(&form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    new
}

#[tokio::test]
async fn a_letter_arrives_once_from_the_realm_in_the_persons_language_and_the_log_says_so() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink).await;
        let hanako = server.confirmed_person("hanako");
        let browser = Actor::new(&server);
        let page = browser.account("/account/profile", &hanako).await;
        browser
            .send(&page.form("/account/profile/language").press("en"))
            .await;
        server.secret(&change_password(&browser, &hanako).await);
        let mail = sink.wait_for(&hanako.email, "password was changed").await;
        assert_eq!(mail.from, "no-reply@id.example.jp");
        assert!(mail.text.contains(&hanako.name) && mail.html.contains(&hanako.name));
        assert!(
            mail.text.contains(&format!("{}/account", server.issuer())),
            "{}",
            mail.text
        );
        let header = |name: &str| {
            let found = mail.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(header("From"), "Test hub <no-reply@id.example.jp>");
        assert_eq!(header("To"), hanako.email);
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert!(header("Message-ID").ends_with("@id.example.jp>"));
        let sent = || {
            let log = server.log();
            let rows = log.iter().filter(|row| row["action"] == "mail.send");
            rows.filter(|row| row["decision"] == "permit").count()
        };
        assert_eq!((sink.to(&hanako.email).len(), sent()), (1, 1));
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn a_letter_in_japanese_reads_as_japanese() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let hanako = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    server.secret(&change_password(&browser, &hanako).await);
    let mail = sink.wait_for(&hanako.email, "パスワードが変更されました").await;
    assert!(mail.text.contains("心当たりがない場合は"), "{}", mail.text);
    assert_eq!(html::language(&mail.html).as_deref(), Some("ja"));
    assert_eq!(html::scripts(&mail.html), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_server_does_not_take_now_is_sent_later_over_a_restart_and_a_power_cut() {
    let sink = MailSink::start();
    let mut server = with_mail(Backend::Sqlite, &sink).await;
    let hanako = server.confirmed_person("hanako");
    sink.answer(Some("451 4.3.0 come again"));
    let browser = Actor::new(&server);
    server.secret(&change_password(&browser, &hanako).await);
    tools::until("a failure that is counted", async || {
        let metrics = browser.open("/metrics").await.body;
        metrics.contains("musubi_mail_failures_total")
    })
    .await;
    server.kill();
    assert!(sink.mails().is_empty());
    server.restart().await;
    sink.answer(None);
    sink.wait_for(&hanako.email, "パスワード").await;
    server.stop();
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_given_up_counted_and_logged() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let hanako = server.confirmed_person("hanako");
    sink.answer(Some("550 5.1.1 nobody here"));
    let browser = Actor::new(&server);
    server.secret(&change_password(&browser, &hanako).await);
    tools::until("a row that says that it was given up", async || {
        let log = server.log();
        log.iter().any(|row| {
            row["action"] == "mail.send" && row["decision"] == "fault" && row["reason"] == "mail.refused"
        })
    })
    .await;
    let metrics = browser.open("/metrics").await.body;
    assert!(metrics.contains("musubi_mails_given_up_total 1"), "{metrics}");
    assert!(
        !server.printed().contains(&hanako.email),
        "no address in a log line"
    );
}

/// A certificate for 127.0.0.1 with its key, and the authority that vouches for it.
struct Vouched {
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
}

fn vouched(directory: &Path) -> Vouched {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let write = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Vouched {
        certificate: write("certificate.pem", certificate.pem()),
        key: write("key.pem", key.serialize_pem()),
        authority: write("authority.pem", authority.pem()),
    }
}

#[tokio::test]
async fn with_tls_required_mail_goes_to_a_server_whose_certificate_is_known_and_to_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let vouched = vouched(directory.path());
    let sink = MailSink::with_tls(&vouched.certificate, &vouched.key);
    let settings = |authority: &str| {
        format!(
            "[smtp]\nurl = \"smtp://127.0.0.1:{}?tls=required\"\nfrom = \"no-reply@id.example.jp\"\n\
             retry_seconds = 1\n{authority}",
            sink.port()
        )
    };
    let known = format!("ca_file = \"{}\"\n", vouched.authority.display());
    for (configuration, arrives) in [(settings(&known), true), (settings(""), false)] {
        let options = Options {
            configuration,
            ..Options::default()
        };
        let server = Server::start_with(Backend::Sqlite, options).await;
        let login = if arrives { "hanako" } else { "jiro" };
        let person = server.confirmed_person(login);
        let browser = Actor::new(&server);
        server.secret(&change_password(&browser, &person).await);
        if arrives {
            assert!(sink.wait_for(&person.email, "パスワード").await.encrypted);
        } else {
            tools::until("a failure that is counted", async || {
                let metrics = browser.open("/metrics").await.body;
                metrics.contains("musubi_mail_failures_total")
            })
            .await;
            assert!(sink.to(&person.email).is_empty());
        }
    }
    let plain = MailSink::start();
    let configuration = format!(
        "[smtp]\nurl = \"smtp://127.0.0.1:{}?tls=required\"\nfrom = \"no-reply@id.example.jp\"\nretry_seconds = 1\n",
        plain.port()
    );
    let options = Options {
        configuration,
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let saburo = server.confirmed_person("saburo");
    let browser = Actor::new(&server);
    server.secret(&change_password(&browser, &saburo).await);
    tools::until("a failure that is counted", async || {
        let metrics = browser.open("/metrics").await.body;
        metrics.contains("musubi_mail_failures_total") || metrics.contains("musubi_mails_given_up_total")
    })
    .await;
    assert!(plain.mails().is_empty(), "a server without TLS is told nothing");
}

#[tokio::test]
async fn a_hub_without_a_mail_server_says_so_and_a_wrong_setting_stops_the_start() {
    let server = Server::start(Backend::Sqlite).await;
    assert!(
        server.printed().contains("no mail is sent"),
        "{}",
        server.printed()
    );
    let page = Actor::new(&server).open("/recover").await;
    assert!(page.body.contains("sends no mail"), "{}", page.body);
    for (setting, says) in [
        ("url = \"smtp://127.0.0.1:25\"", "smtp.from"),
        ("url = \"http://127.0.0.1\"\nfrom = \"a@b.example\"", "smtp.url"),
        ("url = \"smtp://127.0.0.1\"\nfrom = \"nobody\"", "smtp.from"),
    ] {
        let configuration = format!("[smtp]\n{setting}\n");
        let options = Options {
            configuration,
            ..Options::default()
        };
        let output = Server::prepare(Backend::Sqlite, options).output(&["serve"]);
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && printed.contains(says), "{printed}");
    }
}

#[tokio::test]
async fn an_address_is_the_persons_once_they_have_entered_the_code_and_the_old_one_is_told() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink).await;
        let hanako = server.confirmed_person("hanako");
        let browser = Actor::new(&server);
        let page = browser.account("/account/profile", &hanako).await;
        let sent = browser
            .send(&page.form("/account/email").fill("email", "Ｎｅｗ@example.jp"))
            .await;
        let code = sink.wait_for("new@example.jp", "確認番号").await.code();
        let form = sent.form("/account/email/confirm");
        let wrong = browser.send(&form.clone().fill("code", "00000000")).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert!(!wrong.body.contains("new@example.jp"), "not hers yet");
        let other = Actor::new(&server);
        let jiro = server.person("jiro");
        let his = other.account("/account/profile", &jiro).await;
        let csrf = his.form("/account/email").value("csrf").unwrap().to_owned();
        let stolen = other
            .send(&form.clone().fill("code", &code).forge("csrf", &csrf))
            .await;
        assert_eq!(
            stolen.status,
            StatusCode::BAD_REQUEST,
            "her code is worth nothing to him"
        );
        let done = browser.send(&form.clone().fill("code", &code)).await;
        assert!(done.body.contains("new@example.jp"), "{}", done.body);
        sink.wait_for(&hanako.email, "変更されました").await;
        sink.wait_for("new@example.jp", "確認しました").await;
        let again = browser.send(&form.fill("code", &code)).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn whose_address_it_is_shows_only_to_who_reads_its_mail_and_nobody_is_bombed() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let (hanako, eve) = (server.confirmed_person("hanako"), server.person("eve"));
    let browser = Actor::new(&server);
    let page = browser.account("/account/profile", &eve).await;
    let form = page.form("/account/email");
    let ask = async |address: &str| browser.send(&form.clone().fill("email", address)).await;
    let (taken, free) = (ask(&hanako.email).await, ask("free@example.jp").await);
    assert_eq!((taken.status, free.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(taken.body.len(), free.body.len());
    let code = sink.wait_for(&hanako.email, "確認番号").await.code();
    let refused = browser
        .send(
            &ask(&hanako.email)
                .await
                .form("/account/email/confirm")
                .fill("code", &code),
        )
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "a newer code was sent");
    let mut last = StatusCode::OK;
    for _ in 0..8 {
        last = ask(&hanako.email).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert!(sink.to(&hanako.email).len() <= 5);
    for address in [
        "hanako@example.jp\r\nBcc: eve@evil.example",
        "a@b.example, c@d.example",
        "<script>@example.jp",
        "a@b",
        "",
    ] {
        let page = ask(address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
        assert_eq!(html::scripts(&page.body), Vec::<String>::new());
    }
}
