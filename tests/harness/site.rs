//! A web site of somebody outside: it answers what the test lets it say, and remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What a site was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header lines in lower case.
    pub headers: String,
    /// The body.
    pub body: String,
}

/// A site on loopback over plain HTTP.
#[derive(Debug, Clone)]
pub struct Site {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Status line, further header lines, body; by path.
    answers: HashMap<String, (String, String, String)>,
    asked: Vec<Asked>,
}

impl Site {
    /// Starts one that knows nothing.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let site = Self {
            port,
            shared: Arc::default(),
        };
        let shared = site.shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shared.clone()));
            }
        });
        site
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Answers `path` with JSON from now on.
    pub fn serve(&self, path: &str, json: &serde_json::Value) {
        self.say(
            path,
            "200 OK",
            "content-type: application/json\r\n",
            &json.to_string(),
        );
    }

    /// Answers `path` with just this from now on; each header line ends with CR and LF.
    pub fn say(&self, path: &str, status: &str, headers: &str, body: &str) {
        let answer = (status.to_owned(), headers.to_owned(), body.to_owned());
        let mut shared = self.shared.lock().expect("the site");
        shared.answers.insert(path.to_owned(), answer);
    }

    /// Everything that it was asked, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.lock().expect("the site").asked.clone()
    }

    /// How often it was asked for a path.
    pub fn times(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }
}

async fn answer(stream: TcpStream, shared: Arc<Mutex<Shared>>) {
    let mut stream = BufReader::new(stream);
    let Some(asked) = read(&mut stream).await else {
        return;
    };
    let (status, headers, body) = {
        let mut shared = shared.lock().expect("the site");
        let path = asked.path.split('?').next().unwrap_or_default();
        let nothing = || ("404 Not Found".to_owned(), String::new(), String::new());
        let answer = shared.answers.get(path).cloned().unwrap_or_else(nothing);
        shared.asked.push(asked);
        answer
    };
    let length = body.len();
    let text =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    // Whoever hung up does not want it.
    let _ = stream.write_all(text.as_bytes()).await;
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        headers.push_str(&line);
        headers.push('\n');
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
