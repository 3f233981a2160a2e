//! Header injection: a line break in what somebody writes becomes a header of an answer or of a letter; a host that a
//! request names becomes the host of a link.

use harness::party::{Pkce, http, send};
use harness::{Actor, Backend, Mail, MailSink, Options, Party, Person, Server, tools};
use reqwest::Method;
use serde_json::json;

const BREAKS: [&str; 8] = [
    "\r\nBcc: eve@evil.example",
    "\nBcc: eve@evil.example",
    "\rBcc: eve@evil.example",
    "\r\n\r\n<p>another letter</p>",
    "%0d%0aBcc: eve@evil.example",
    "\u{2028}Bcc: eve@evil.example",
    "=?utf-8?q?=0D=0ABcc:_eve@evil.example?=",
    "\u{0}Bcc: eve@evil.example",
];

async fn with_mail(sink: &MailSink) -> Server {
    let options = Options {
        configuration: format!("{}[limits]\nmails_per_address = 1000\n", sink.configuration()),
        ..Options::default()
    };
    Server::start_with(Backend::Sqlite, options).await
}

/// A letter that goes to one person and has the headers that a letter has.
fn assert_plain(mail: &Mail, to: &str) {
    assert_eq!(mail.to, [to], "the envelope");
    for (name, value) in &mail.headers {
        let name = name.to_ascii_lowercase();
        assert!(
            !["bcc", "cc", "reply-to"].contains(&name.as_str()),
            "{name}: {value}"
        );
        assert!(!value.contains("evil.example") || ["to", "subject", "from"].contains(&name.as_str()));
    }
    for once in ["from", "to", "subject", "date", "message-id", "content-type"] {
        let count = mail
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(once));
        assert_eq!(count.count(), 1, "{once}: {:?}", mail.headers);
    }
}

async fn recover(browser: &Actor, name: &str) -> u16 {
    let page = browser.open("/recover").await;
    let form = page.form("/recover").fill("name", name).press("mail");
    browser.send(&form).await.status.as_u16()
}

#[tokio::test]
async fn header_injection_by_reset_mails_a_name_makes_no_header_and_no_second_letter() {
    let sink = MailSink::start();
    let server = with_mail(&sink).await;
    let administrator = Party::service(&server, "musubi:people.write");
    let token = administrator
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let browser = Actor::new(&server);
    let mut reached = 0;
    for (index, text) in BREAKS.iter().enumerate() {
        let login = format!("p{index}");
        let email = format!("{login}@example.jp");
        let name = format!("Hanako{text}");
        // By the command line, which takes what an administrator writes, and by the API.
        let arguments = [
            "user",
            "create",
            "--login",
            &login,
            "--email",
            &email,
            "--email-verified",
            "--name",
            &name,
            "--password-stdin",
        ];
        if !text.contains('\u{0}') {
            let made = tools::output(
                server.command(&arguments).arg("--json"),
                &format!("blue kettle {}", tools::unique()),
            );
            if made.status.success() {
                assert_eq!(recover(&browser, &login).await, 200);
                let mail = sink.wait_for(&email, "アカウント").await;
                assert_plain(&mail, &email);
                reached += 1;
            }
        }
        let person =
            json!({"login": format!("{login}-api"), "email": format!("x{email}{text}"), "name": "Hanako"});
        let request = http()
            .post(server.url("/api/v1/people"))
            .bearer_auth(token.text("access_token"))
            .json(&person);
        let reply = send(request, &server.secrets()).await;
        assert!(
            reply.status.is_client_error() || !text.contains(['\r', '\n', '\u{0}']),
            "{text:?}: {} {}",
            reply.status,
            reply.text
        );
    }
    assert!(reached > 0, "some of these names can be had");
    assert!(
        sink.mails()
            .iter()
            .all(|mail| !mail.to.iter().any(|to| to.contains("evil")))
    );
}

#[tokio::test]
async fn header_injection_by_reset_mails_an_address_is_one_address_or_none() {
    let sink = MailSink::start();
    let server = with_mail(&sink).await;
    let hanako = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    let page = browser.account("/account/profile", &hanako).await;
    let form = page.form("/account/email");
    let mut addresses: Vec<String> = BREAKS
        .iter()
        .map(|text| format!("new@example.jp{text}"))
        .collect();
    for wrong in [
        "new@example.jp,eve@evil.example",
        "new@example.jp;eve@evil.example",
        "new@example.jp eve@evil.example",
        "<eve@evil.example>new@example.jp",
        "\"new@example.jp\" <eve@evil.example>",
        "new@example.jp\u{3000}eve@evil.example",
        "new@example.jp> SIZE=1\r\nRCPT TO:<eve@evil.example",
        "@example.jp",
        "new@",
        "new",
    ] {
        addresses.push(wrong.to_owned());
    }
    for address in addresses {
        let page = browser.send(&form.clone().fill("email", &address)).await;
        assert_eq!(page.status.as_u16(), 400, "{address:?}");
    }
    for text in BREAKS {
        recover(&browser, &format!("hanako{text}")).await;
        recover(&browser, &format!("hanako@example.jp{text}")).await;
    }
    recover(&browser, "hanako").await;
    sink.wait_for(&hanako.email, "アカウントを使えるようにするために")
        .await;
    for mail in sink.mails() {
        assert_plain(&mail, &hanako.email);
    }
}

#[tokio::test]
async fn header_injection_no_host_that_a_request_names_stands_in_a_letter() {
    let sink = MailSink::start();
    let server = with_mail(&sink).await;
    let hanako: Person = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    let form = browser.open("/recover").await.form("/recover");
    let form = form.fill("name", &hanako.login).press("mail");
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-server", "evil.example"),
        ("x-host", "evil.example"),
        ("x-original-url", "https://evil.example/"),
        ("x-rewrite-url", "https://evil.example/"),
        ("forwarded", "for=1.2.3.4;host=evil.example;proto=https"),
        ("referer", "https://evil.example/"),
        ("user-agent", "Mozilla evil.example"),
        ("accept-language", "evil.example"),
    ] {
        let request = browser
            .request(Method::POST, "/recover")
            .header(name, value)
            .form(&form.fields);
        assert_eq!(browser.once(request).await.status.as_u16(), 303, "{name}");
    }
    tools::until("the letters are there", async || {
        sink.to(&hanako.email).len() >= 9
    })
    .await;
    for mail in sink.mails() {
        assert_plain(&mail, &hanako.email);
        for text in [&mail.text, &mail.html, &mail.subject] {
            assert!(!text.contains("evil.example"), "{text}");
        }
        assert!(mail.text.contains(&server.issuer()), "{}", mail.text);
    }
}

#[tokio::test]
async fn header_injection_nothing_that_is_sent_back_breaks_out_of_its_header() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    browser
        .authorize(&party.request(&Pkce::new(), &[]), &hanako)
        .await;
    for text in [
        "x\r\nSet-Cookie: evil=1",
        "x\nLocation: https://evil.example/",
        "x\r\n\r\n<script>",
        "\u{85}x\u{2028}",
    ] {
        let request = party.request(&Pkce::new(), &[("state", text)]);
        let page = browser.once(browser.request(Method::GET, &request)).await;
        assert_eq!(page.status.as_u16(), 303);
        assert_eq!(page.headers.get_all("location").iter().count(), 1);
        let location = page.headers["location"].to_str().unwrap();
        assert!(location.starts_with("https://rp.example/"), "{location}");
        assert!(!location.contains(['\r', '\n', ' ', '<']), "{location}");
        assert!(browser.cookie("evil").is_none());
        // To the letter it comes back.
        let page = browser.open(&request).await;
        assert_eq!(page.returned("state").as_deref(), Some(text));
        for path in [
            "/signin?ui_locales=",
            "/oauth/logout?state=",
            "/device?user_code=",
            "/account?done=",
        ] {
            let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let page = browser
                .once(browser.request(Method::GET, &format!("{path}{encoded}")))
                .await;
            for cookie in page.headers.get_all("set-cookie") {
                assert!(!cookie.to_str().unwrap().contains("evil"), "{path}");
            }
            let location = page.headers.get("location").map(|value| value.to_str().unwrap());
            assert!(
                location.is_none_or(|location| !location.contains("evil")),
                "{path}"
            );
        }
    }
}
