//! Connections: how many, how long a request's head may take and how large it may be, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use platform::certificates::Chain;
use rustix::process::{Resource, Rlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tower::Service as _;

use super::signals::Stop;
use super::tls::Tls;

/// Connections at one time; the next one waits to be accepted.
const MOST: usize = 10_000;
/// Files that the process may have open, if the system lets it: a connection is one.
const FILES: u64 = MOST as u64 + 1_000;
/// A request's line and headers arrive within this time; a connection that rests longer is closed.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// A TLS handshake is done within this time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Bytes of a request's line and headers (RFC 6585 §5: 431 beyond that).
const HEAD_BYTES: usize = 64 * 1024;
/// How long requests under way may take after the hub was asked to stop.
const GRACE: Duration = Duration::from_secs(20);
/// After the system refused a connection for want of files or memory.
const RECOVERY: Duration = Duration::from_millis(50);

/// Accepts connections until `stop`, then finishes the requests under way.
pub async fn serve(listener: TcpListener, app: Router, tls: Option<Tls>, mut stop: Stop) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES);
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST));
    loop {
        let accepted = tokio::select! {
            () = stop.asked() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let (app, http, watcher) = (app.clone(), http.clone(), graceful.watcher());
        let Some(tls) = tls.clone() else {
            let service = service_fn(move |request| answer(app.clone(), peer, None, request));
            let connection = watcher.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                ended(connection.await);
                drop(place);
            });
            continue;
        };
        tokio::spawn(async move {
            if let Some((stream, shown)) = shake_hands(&tls, stream).await {
                let service = service_fn(move |request| answer(app.clone(), peer, shown.clone(), request));
                ended(
                    watcher
                        .watch(http.serve_connection(TokioIo::new(stream), service))
                        .await,
                );
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests took too long and were given up");
    }
}

fn ended(connection: Result<(), hyper::Error>) {
    if let Err(error) = connection {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn shake_hands(tls: &Tls, stream: TcpStream) -> Option<(TlsStream<TcpStream>, Option<Arc<Chain>>)> {
    match tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
        Ok(Ok((stream, shown))) => Some((stream, shown.map(Arc::new))),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("a TLS handshake took too long");
            None
        }
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written whole: waiting for more would only delay them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY was refused");
            }
            Some((stream, peer, place))
        }
        // The caller went away before it was accepted.
        Err(error) if is_the_callers(&error) => None,
        Err(error) => {
            tracing::error!(%error, "a connection could not be accepted");
            tokio::time::sleep(RECOVERY).await;
            None
        }
    }
}

fn is_the_callers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn answer(
    mut app: Router,
    peer: SocketAddr,
    shown: Option<Arc<Chain>>,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(shown) = shown {
        request.extensions_mut().insert(shown);
    }
    app.call(request).await
}

/// Asks the system for enough files. Many begin a process with 1,024, which is fewer than the connections of one clinic.
pub fn allow_many() {
    let Rlimit { current, maximum } = rustix::process::getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |maximum| FILES.min(maximum));
    if current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum,
        };
        if let Err(error) = rustix::process::setrlimit(Resource::Nofile, raised) {
            tracing::debug!(%error, "the limit of open files could not be raised");
        }
    }
}
