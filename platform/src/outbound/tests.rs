//! Calls to real listeners, those of hostile servers among them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use url::Url;

use super::client::{Fetched, Limits, Message, Outbound, OutboundError, OutboundSetupError, Reach};
use super::names::Directory;
use crate::config;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    bytes: 1000,
};

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn outbound() -> Outbound {
    Outbound::new(&config::Outbound::default()).unwrap()
}

/// Names answer with these in turn, the last one for ever.
fn scripted(
    settings: &config::Outbound,
    answers: &[&[&str]],
) -> (Outbound, Arc<Mutex<VecDeque<Vec<IpAddr>>>>) {
    let answers: VecDeque<Vec<IpAddr>> = answers
        .iter()
        .map(|answer| answer.iter().map(|one| one.parse().unwrap()).collect())
        .collect();
    let script = Arc::new(Mutex::new(answers));
    let outbound = Outbound::with_directory(settings, Directory::Scripted(script.clone())).unwrap();
    (outbound, script)
}

/// A server on loopback that reads a request's head and does `serve` with the connection; counts its connections.
async fn server<F, S>(serve: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(TcpStream, String) -> S + Send + Sync + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let serve = Arc::new(serve);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let serve = serve.clone();
            tokio::spawn(async move {
                let head = head(&mut stream).await;
                serve(stream, head).await;
            });
        }
    });
    (port, count)
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// A server that answers every request with `response`, and gives back what it was sent.
async fn says(response: &'static str) -> (u16, Arc<AtomicUsize>, Arc<Mutex<String>>) {
    let seen = Arc::new(Mutex::new(String::new()));
    let kept = seen.clone();
    let (port, count) = server(move |mut stream, head| {
        *kept.lock().unwrap() = head;
        async move {
            let _ = stream.write_all(response.as_bytes()).await;
        }
    })
    .await;
    (port, count, seen)
}

async fn get(outbound: &Outbound, text: &str) -> Result<Fetched, OutboundError> {
    outbound.get(&url(text), Reach::Loopback, LIMITS).await
}

#[tokio::test]
async fn an_answer_comes_whole_with_its_status_and_type() {
    let (port, _, seen) = says(
        "HTTP/1.1 404 Not Found\r\ncontent-type: Application/JSON; charset=x\r\ncontent-length: 2\r\n\r\n{}",
    )
    .await;
    let fetched = get(&outbound(), &format!("http://127.0.0.1:{port}/keys?x=1"))
        .await
        .unwrap();
    assert_eq!(fetched.status, StatusCode::NOT_FOUND);
    assert_eq!(fetched.media_type().as_deref(), Some("application/json"));
    assert_eq!(fetched.body.as_ref(), b"{}");
    let head = seen.lock().unwrap().clone();
    assert!(head.starts_with("GET /keys?x=1 HTTP/1.1\r\n"), "{head}");
    for absent in ["cookie", "referer", "accept-encoding", "authorization"] {
        assert!(!head.to_ascii_lowercase().contains(absent), "{head}");
    }
}

#[tokio::test]
async fn a_message_is_posted_with_its_type_and_headers() {
    let (port, _, seen) = says("HTTP/1.1 204 No Content\r\n\r\n").await;
    let mut headers = HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, "Bearer x".parse().unwrap());
    let message = Message {
        content_type: "application/x-www-form-urlencoded",
        headers,
        body: Bytes::from_static(b"a=b"),
    };
    let to = url(&format!("http://localhost:{port}/notice"));
    let answer = outbound()
        .post(&to, Reach::Loopback, LIMITS, message)
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let head = seen.lock().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /notice "), "{head}");
    assert!(
        head.contains("content-type: application/x-www-form-urlencoded\r\n"),
        "{head}"
    );
    assert!(head.contains("authorization: bearer x\r\n"), "{head}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (inner, reached, _) = says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for status in ["301", "302", "303", "307", "308"] {
        let (port, _) = server(move |mut stream, _| async move {
            let answer = format!(
                "HTTP/1.1 {status} Go\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        })
        .await;
        let answer = get(&outbound(), &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(answer.unwrap_err(), OutboundError::Redirected, "{status}");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_that_says_it_is_too_large_is_not_read() {
    let (port, ..) = says("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n").await;
    let answer = get(&outbound(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.unwrap_err(), OutboundError::TooLarge);
}

#[tokio::test]
async fn an_answer_without_end_is_dropped_at_the_limit() {
    let (port, _) = server(|mut stream, _| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        while stream.write_all(b"4\r\nxxxx\r\n").await.is_ok() {}
    })
    .await;
    let answer = get(&outbound(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.unwrap_err(), OutboundError::TooLarge);
}

#[tokio::test]
async fn a_compressed_answer_is_not_inflated() {
    let (port, ..) = says("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nzzzz").await;
    let fetched = get(&outbound(), &format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap();
    assert_eq!(fetched.body.as_ref(), b"zzzz");
}

#[tokio::test]
async fn an_answer_that_trickles_in_is_given_up() {
    let (port, _) = server(|mut stream, _| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
            .await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let brief = Limits {
        time: Duration::from_millis(200),
        bytes: 1000,
    };
    let to = url(&format!("http://127.0.0.1:{port}/"));
    let answer = outbound().get(&to, Reach::Loopback, brief).await;
    assert_eq!(answer.unwrap_err(), OutboundError::TimedOut);
}

#[tokio::test]
async fn a_server_that_breaks_off_gives_no_answer() {
    let (port, ..) = says("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    let answer = get(&outbound(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.unwrap_err(), OutboundError::Unreachable);
    let (port, ..) = says("what?\r\n\r\n").await;
    let answer = get(&outbound(), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(answer.unwrap_err(), OutboundError::Unreachable);
}

#[tokio::test]
async fn a_realm_that_is_not_on_loopback_reaches_nothing_on_this_machine() {
    let (port, count, _) = says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for (text, error) in [
        (format!("http://127.0.0.1:{port}/"), OutboundError::Url),
        (format!("http://localhost:{port}/"), OutboundError::Url),
        (format!("https://127.0.0.1:{port}/"), OutboundError::Forbidden),
        (format!("https://2130706433:{port}/"), OutboundError::Forbidden),
        (format!("https://0x7f.1:{port}/"), OutboundError::Forbidden),
        (format!("https://0177.0.0.1:{port}/"), OutboundError::Forbidden),
        (format!("https://[::1]:{port}/"), OutboundError::Forbidden),
        (
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            OutboundError::Forbidden,
        ),
        (format!("https://127.0.0.1.:{port}/"), OutboundError::Forbidden),
        (format!("https://localhost:{port}/"), OutboundError::Forbidden),
        (format!("https://LOCALHOST:{port}/"), OutboundError::Forbidden),
    ] {
        let answer = outbound().get(&url(&text), Reach::Public, LIMITS).await;
        assert_eq!(answer.unwrap_err(), error, "{text}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_reach_of_a_loopback_realm_ends_at_this_machine() {
    for (text, error) in [
        ("https://10.0.0.1/", OutboundError::Forbidden),
        ("https://169.254.169.254/latest", OutboundError::Forbidden),
        ("https://[fd00:ec2::254]/", OutboundError::Forbidden),
        ("https://[64:ff9b::a9fe:a9fe]/", OutboundError::Forbidden),
        ("https://0.0.0.0/", OutboundError::Forbidden),
        ("http://10.0.0.1/", OutboundError::Url),
        ("http://rp.example/", OutboundError::Url),
        ("http://localhost.rp.example/", OutboundError::Url),
        ("https://user@rp.example/", OutboundError::Url),
        ("https://:secret@127.0.0.1/", OutboundError::Url),
        ("https://rp.example/#part", OutboundError::Url),
        ("file:///etc/passwd", OutboundError::Url),
        ("gopher://127.0.0.1/", OutboundError::Url),
        ("ftp://127.0.0.1/", OutboundError::Url),
        ("data:,x", OutboundError::Url),
    ] {
        assert_eq!(get(&outbound(), text).await.unwrap_err(), error, "{text}");
    }
    let long = format!("https://rp.example/{}", "x".repeat(2000));
    assert_eq!(get(&outbound(), &long).await.unwrap_err(), OutboundError::Url);
}

#[tokio::test]
async fn a_name_with_one_address_inside_is_refused_whole() {
    for inside in [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:192.168.0.1",
        "64:ff9b::c0a8:1",
    ] {
        let (outbound, _) = scripted(&config::Outbound::default(), &[&["1.1.1.1", inside]]);
        let answer = outbound
            .get(&url("https://rp.example/"), Reach::Public, LIMITS)
            .await;
        assert_eq!(answer.unwrap_err(), OutboundError::Forbidden, "{inside}");
    }
}

#[tokio::test]
async fn a_name_without_an_address_leads_nowhere() {
    let (outbound, _) = scripted(&config::Outbound::default(), &[&[]]);
    let answer = outbound
        .get(&url("https://rp.example/"), Reach::Public, LIMITS)
        .await;
    assert_eq!(answer.unwrap_err(), OutboundError::Unresolved);
}

/// The name server answers with an allowed address first and with a forbidden one from then on. Whoever resolved twice,
/// to check and to connect, would be led to the second.
#[tokio::test]
async fn the_address_that_is_connected_to_is_the_one_that_was_checked() {
    let pki = Pki::new();
    let port = pki.serve("rp.example").await;
    let settings = config::Outbound {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        ca_file: Some(pki.ca_file()),
        ..config::Outbound::default()
    };
    let (outbound, script) = scripted(&settings, &[&["127.0.0.1"], &["127.0.0.2"], &["10.0.0.1"]]);
    let to = url(&format!("https://rp.example:{port}/"));
    let first = outbound.get(&to, Reach::Public, LIMITS).await.unwrap();
    assert_eq!(first.body.as_ref(), b"{}");
    assert_eq!(
        script.lock().unwrap().len(),
        2,
        "a name is resolved once for a call"
    );
    for _ in 0..2 {
        let later = outbound.get(&to, Reach::Public, LIMITS).await;
        assert_eq!(later.unwrap_err(), OutboundError::Forbidden);
    }
}

#[tokio::test]
async fn a_certificate_is_believed_from_the_configured_authority_and_for_the_name_that_was_called() {
    let pki = Pki::new();
    let port = pki.serve("rp.example").await;
    let with = |ca_file| config::Outbound {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        ca_file,
        ..config::Outbound::default()
    };
    let call = async |settings: &config::Outbound, host: &str| {
        let (outbound, _) = scripted(settings, &[&["127.0.0.1"]]);
        let to = url(&format!("https://{host}:{port}/"));
        outbound
            .get(&to, Reach::Public, LIMITS)
            .await
            .map(|fetched| fetched.status)
    };
    let ours = with(Some(pki.ca_file()));
    assert_eq!(call(&ours, "rp.example").await, Ok(StatusCode::OK));
    assert_eq!(
        call(&ours, "other.example").await,
        Err(OutboundError::Unreachable)
    );
    let stranger = Pki::new();
    let theirs = with(Some(stranger.ca_file()));
    assert_eq!(call(&theirs, "rp.example").await, Err(OutboundError::Unreachable));
}

#[test]
fn a_file_of_authorities_that_has_none_is_refused_at_the_start() {
    let missing = config::Outbound {
        ca_file: Some("/nowhere/ca.pem".into()),
        ..config::Outbound::default()
    };
    assert!(matches!(
        Outbound::new(&missing),
        Err(OutboundSetupError::Unreadable { .. })
    ));
    let file = tempfile::NamedTempFile::new().unwrap();
    let empty = config::Outbound {
        ca_file: Some(file.path().to_owned()),
        ..config::Outbound::default()
    };
    assert!(matches!(
        Outbound::new(&empty),
        Err(OutboundSetupError::NotCertificates(_))
    ));
}

#[tokio::test]
async fn calls_to_one_host_wait_for_each_other_and_not_for_those_to_others() {
    let release = Arc::new(Semaphore::new(0));
    let (held, gate) = (Arc::new(AtomicUsize::new(0)), release.clone());
    let count = held.clone();
    let (slow, _) = server(move |mut stream, _| {
        let (count, gate) = (count.clone(), gate.clone());
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    })
    .await;
    let (quick, ..) = says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let outbound = outbound();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let (outbound, to) = (outbound.clone(), format!("http://127.0.0.1:{slow}/"));
            tokio::spawn(async move { get(&outbound, &to).await.map(|fetched| fetched.status) })
        })
        .collect();
    let most = config::Outbound::default().concurrent_per_host;
    while held.load(Ordering::SeqCst) < most {
        tokio::task::yield_now().await;
    }
    let other = get(&outbound, &format!("http://localhost:{quick}/"))
        .await
        .unwrap();
    assert_eq!(other.status, StatusCode::OK);
    assert_eq!(held.load(Ordering::SeqCst), most);
    release.add_permits(6);
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(StatusCode::OK));
    }
}

/// An authority of the test's own, and servers with certificates from it.
struct Pki {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Pki {
    fn new() -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = parameters.self_signed(&key).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), authority.pem()).unwrap();
        let issuer = rcgen::Issuer::new(parameters, key);
        Self { issuer, file }
    }

    fn ca_file(&self) -> std::path::PathBuf {
        self.file.path().to_owned()
    }

    /// A server that answers each request with `{}`.
    async fn serve(&self, name: &str) -> u16 {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            tokio_rustls::rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut request = [0; 1024];
                    let _ = stream.read(&mut request).await;
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                        .await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        port
    }
}
