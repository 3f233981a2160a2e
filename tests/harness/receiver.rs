//! A place of a relying party on loopback that keeps what it is sent, and answers well, badly or not at all.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::tools;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Received {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The fields of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect()
    }
}

/// How it answers.
#[derive(Debug, Clone)]
pub enum Manner {
    /// With this status and this header, if any.
    Answer(u16, Option<String>),
    /// Not at all.
    Hang,
}

#[derive(Debug)]
struct State {
    manner: Mutex<Manner>,
    received: Mutex<Vec<Received>>,
}

/// The place; it goes with this.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Opens one that answers 200.
    pub async fn start() -> Self {
        Self::start_on(tools::free_port()).await
    }

    /// Opens one on a port that was given out before.
    pub async fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
        let state = Arc::new(State {
            manner: Mutex::new(Manner::Answer(200, None)),
            received: Mutex::default(),
        });
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                tokio::spawn(async move { state.serve(stream).await });
            }
        });
        Self { port, state, task }
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Answers differently from now on.
    pub fn behave(&self, manner: Manner) {
        *self.state.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.state
            .received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until so many requests have come, and gives them.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        tools::until("a request at the receiver", || async {
            self.received().len() >= count
        })
        .await;
        self.received()
    }
}

impl State {
    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let received = read(&mut stream).await?;
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(received);
        let manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match manner {
            Manner::Answer(status, header) => {
                let header = header.map_or_else(String::new, |header| format!("{header}\r\n"));
                let answer = format!(
                    "HTTP/1.1 {status} Status\r\n{header}Cache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await.ok()?;
                stream.shutdown().await.ok()
            }
            // Until the other side gives up.
            Manner::Hang => stream.read(&mut [0; 1]).await.ok().map(drop),
        }
    }
}

/// One request with a body of a known length.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut received = Received {
        method,
        target,
        headers,
        body: String::new(),
    };
    let length: usize = received
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while bytes.len() < head + 4 + length {
        more(stream, &mut bytes).await?;
    }
    received.body = String::from_utf8(bytes[head + 4..head + 4 + length].to_vec()).ok()?;
    Some(received)
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&buffer[..count]);
    Some(())
}
