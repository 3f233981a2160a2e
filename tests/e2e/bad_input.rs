//! Input that no well-meaning caller sends: a clear refusal, nothing echoed, never a 5xx, and the hub goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use harness::party::{Pkce, http};
use harness::{Actor, Backend, Party, Server, actor, html};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HOST};

/// Every path that somebody may send something to.
const PATHS: &[&str] = &[
    "/",
    "/signin",
    "/set-password",
    "/account",
    "/account/sessions/end",
    "/account/applications/withdraw",
    "/account/profile",
    "/account/profile/language",
    "/account/email",
    "/account/email/confirm",
    "/account/password",
    "/account/trusted",
    "/account/trusted/name",
    "/account/trusted/help",
    "/account/devices",
    "/account/services",
    "/account/consents/new",
    "/account/consents/place",
    "/account/log",
    "/recover",
    "/recover/sent",
    "/recover/link",
    "/recover/family",
    "/recover/stop",
    "/oauth/authorize",
    "/oauth/continue",
    "/oauth/consent",
    "/oauth/token",
    "/oauth/userinfo",
    "/oauth/jwks",
    "/oauth/register",
    "/oauth/register/x",
    "/oauth/logout",
    "/.well-known/openid-configuration",
    "/healthz",
    "/metrics",
    "/no/such/page",
];

const MARK: &str = "<script>alert(\"mark\")</script>";

#[tokio::test]
async fn nothing_that_is_sent_anywhere_gets_a_5xx_or_is_echoed() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let long = "a".repeat(30_000);
        let bodies: [(&str, Vec<u8>); 11] = [
            ("application/x-www-form-urlencoded", b"a=1&a=2".to_vec()),
            ("application/x-www-form-urlencoded", b"a=%ff&b=%zz&c=%".to_vec()),
            ("application/x-www-form-urlencoded", vec![0xff, 0xfe, 0x00, b'=', b'&']),
            ("application/x-www-form-urlencoded", format!("login={MARK}&password={MARK}&csrf={MARK}&interaction={MARK}&client_id={MARK}&grant_type={MARK}&token={MARK}&state={MARK}").into_bytes()),
            ("application/x-www-form-urlencoded", format!("login={long}&client_id={long}").into_bytes()),
            ("application/x-www-form-urlencoded", (0..200).map(|n| format!("p{n}=1&")).collect::<Vec<_>>().concat().into_bytes()),
            ("application/json", b"{\"client_name\":".to_vec()),
            ("application/json", "[".repeat(20_000).into_bytes()),
            ("application/json", b"null".to_vec()),
            ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--".to_vec()),
            ("", Vec::new()),
        ];
        for path in PATHS {
            for method in [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::PATCH,
                Method::OPTIONS,
            ] {
                for (kind, body) in &bodies {
                    let request = http()
                        .request(method.clone(), server.url(path))
                        .body(body.clone())
                        .bearer_auth("x.y.z");
                    let response = if kind.is_empty() {
                        request
                    } else {
                        request.header(CONTENT_TYPE, *kind)
                    }
                    .send()
                    .await
                    .unwrap();
                    let status = response.status();
                    assert!(!status.is_server_error(), "{method} {path} {kind} got {status}");
                    assert!(
                        !response.text().await.unwrap().contains(MARK),
                        "{method} {path} echoes"
                    );
                }
            }
        }
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn no_query_gets_a_5xx_or_is_echoed() {
    let server = Server::start(Backend::Sqlite).await;
    let encoded: String = url::form_urlencoded::byte_serialize(MARK.as_bytes()).collect();
    let long = "a".repeat(8_000);
    for path in PATHS {
        for query in [
            "a=1&a=2".to_owned(),
            "x=%ff%fe&y=%".to_owned(),
            format!(
                "interaction={encoded}&token={encoded}&client_id={encoded}&ui_locales={encoded}&done={encoded}"
            ),
            format!(
                "redirect_uri={encoded}&state={encoded}&post_logout_redirect_uri={encoded}&id_token_hint={encoded}"
            ),
            format!("client_id={long}&ui_locales={long}"),
            "&&&=&==".to_owned(),
        ] {
            let response = http()
                .get(server.url(&format!("{path}?{query}")))
                .header("accept", "text/html")
                .send()
                .await
                .unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            assert!(!status.is_server_error(), "GET {path}?{query} got {status}");
            let body = response.text().await.unwrap();
            assert!(!body.contains(MARK), "{path}?{query} echoes");
            if actor::is_page(&headers) {
                assert_eq!(html::scripts(&body), Vec::<String>::new(), "{path}?{query}");
            }
        }
    }
}

#[tokio::test]
async fn names_that_people_and_clients_choose_do_nothing_on_a_page() {
    let server = Server::start(Backend::Sqlite).await;
    let mut hanako = server.person("hanako");
    let party = Party::register_with(&server, serde_json::json!({"client_name": MARK})).await;
    let browser = Actor::new(&server);
    let page = browser
        .open(&party.request(&Pkce::new(), &[("login_hint", "\"><img src=x onerror=alert(1)>")]))
        .await;
    assert_eq!(html::scripts(&page.body), Vec::<String>::new());
    assert!(
        page.body.contains("&lt;script&gt;") || page.body.contains("&#60;script"),
        "the name is shown as text"
    );
    let password = std::mem::replace(&mut hanako.password, "wrong".to_owned());
    hanako.login = "\"><script>x</script>".to_owned();
    let refused = browser.sign_in(&page, &hanako).await;
    assert_eq!(html::scripts(&refused.body), Vec::<String>::new());
    (hanako.login, hanako.password) = ("hanako".to_owned(), password);
    let consent = browser.sign_in(&refused, &hanako).await;
    assert_eq!(html::scripts(&consent.body), Vec::<String>::new());
    assert!(consent.has_form("/oauth/consent"));
    browser.send(&consent.form("/oauth/consent").press("allow")).await;
    assert_eq!(
        html::scripts(&browser.open("/account").await.body),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_doubled_parameter_is_refused_wherever_it_decides_something() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let request = party.request(&Pkce::new(), &[]);
    for doubled in [
        "client_id=x",
        "redirect_uri=https%3A%2F%2Fevil.example%2F",
        "scope=openid",
        "state=x",
        "response_type=code",
    ] {
        let page = browser.open(&format!("{request}&{doubled}")).await;
        assert!(
            page.away.is_none() && page.status.as_u16() == 400,
            "{doubled}: {} {:?}",
            page.status,
            page.away
        );
    }
    let service = Party::service(&server, "a");
    let form = [
        ("grant_type", "client_credentials"),
        ("grant_type", "client_credentials"),
    ];
    service.token(&form).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_body_that_is_too_large_or_of_another_kind_is_refused_clearly() {
    let server = Server::start(Backend::Sqlite).await;
    let service = Party::service(&server, "a");
    let big = "x".repeat(70_000);
    for path in [
        "/oauth/token",
        "/oauth/register",
        "/signin",
        "/oauth/authorize",
        "/oauth/consent",
    ] {
        let response = http()
            .post(server.url(path))
            .form(&[("a", &big)])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 413, "{path}");
    }
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
    ] {
        let request = service
            .token_request()
            .basic_auth(service.id(), Some(service.secret()));
        let request = request
            .header(CONTENT_TYPE, kind)
            .body("grant_type=client_credentials");
        service
            .ask(|_, _| request)
            .await
            .assert_error(400, "invalid_request");
    }
    let tokens = service.token(&[("grant_type", "client_credentials")]).await;
    assert!(tokens.status.is_success(), "and goes on");
}

#[tokio::test]
async fn a_forged_host_reaches_no_realm_and_changes_no_address() {
    let server = Server::start(Backend::Sqlite).await;
    let path = "/.well-known/openid-configuration";
    for host in [
        "evil.example",
        "localhost",
        "localhost:1",
        &format!("localhost:{}.evil.example", server.port()),
    ] {
        let response = http()
            .get(server.url(path))
            .header(HOST, host)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 404, "{host}");
        let body = response.text().await.unwrap();
        assert!(!body.contains("evil"), "{host} is echoed");
    }
    let honest = http()
        .get(server.url(path))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let forged = http()
        .get(server.url(path))
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.example;proto=https")
        .send()
        .await
        .unwrap();
    assert_eq!(forged.text().await.unwrap(), honest);
    for path in ["/healthz", "/readyz", "/metrics"] {
        let response = http()
            .get(server.url(path))
            .header(HOST, "10.0.0.1")
            .send()
            .await
            .unwrap();
        assert!(
            response.status().as_u16() != 404,
            "{path} answers on any host name"
        );
    }
}

/// What a raw request gets, its first line.
fn raw(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The hub may hang up before it has read all of it, which is an answer too.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.take(4096).read_to_end(&mut answer);
    String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_the_hub_goes_on() {
    let server = Server::start(Backend::Sqlite).await;
    let port = server.port();
    let close = "Connection: close\r\n\r\n";
    let requests = [
        format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\n{close}").into_bytes(),
        format!("GET / HTTP/1.1\r\n{close}").into_bytes(),
        format!("GET http://evil.example/signin HTTP/1.1\r\nHost: localhost:{port}\r\n{close}").into_bytes(),
        format!("POST /oauth/token HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n{close}0\r\n\r\n").into_bytes(),
        format!("GET /signin HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: musubi_session=\u{ff}\r\n{close}").into_bytes(),
        format!("GET /{} HTTP/1.1\r\nHost: localhost:{port}\r\n{close}", "a".repeat(100_000)).into_bytes(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"NONSENSE\r\n\r\n".to_vec(),
    ];
    for request in requests {
        let answer = raw(&server, &request);
        let shown = String::from_utf8_lossy(&request[..request.len().min(80)]).into_owned();
        assert!(!answer.starts_with("HTTP/1.1 5"), "{shown}: {answer}");
    }
    assert_eq!(
        http()
            .get(server.url("/healthz"))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
}
