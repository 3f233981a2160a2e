//! The calls themselves.

use std::error::Error as _;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use moka::sync::Cache;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response};
use tokio::sync::{OnceCell, Semaphore};
use url::{Host, Url};

use super::names::{Directory, NameRefused, Names, Rule};
use crate::config;

/// The longest URL that is called, in bytes.
const URL_BYTES: usize = 2000;
/// How many hosts' calls are counted at once; an idle one is forgotten.
const HOSTS: u64 = 10_000;

/// How far a call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet and the networks of `outbound.allow`.
    Public,
    /// These and this machine, there over `http` too: for a realm whose issuer is itself on loopback.
    Loopback,
}

/// What one call may cost. The time is never longer than `outbound.total_seconds`.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The whole call: waiting for its turn, resolving, connecting, the answer to its last byte.
    pub time: Duration,
    /// The longest body of an answer.
    pub bytes: usize,
}

/// What is posted. It prints its type, and neither tokens in its headers nor its body.
#[derive(Clone)]
pub struct Message {
    /// Its media type.
    pub content_type: &'static str,
    /// Further headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Message({})", self.content_type)
    }
}

/// An answer, whole. Redirects are none.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Fetched {
    /// The media type of the body in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let text = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(text.split(';').next()?.trim().to_ascii_lowercase())
    }
}

/// Why a call came to nothing. The texts are for the operator and the client's developer: they hold nothing that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not a URL that may be called.
    #[error("the address is not an https URL without user name and fragment")]
    Url,
    /// It leads to an address that may not be called.
    #[error("the address leads to a network that may not be called")]
    Forbidden,
    /// The name has no address.
    #[error("the name of the host has no address")]
    Unresolved,
    /// Nobody answered there, or not as the owner of the name, or not in HTTP.
    #[error("nobody who is entitled to answered in HTTP")]
    Unreachable,
    /// It took too long.
    #[error("the answer took too long")]
    TimedOut,
    /// The answer is larger than the limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer is a redirect.
    #[error("the answer sends elsewhere, and redirects are not followed")]
    Redirected,
    /// The hub itself cannot call, for want of certificate authorities.
    #[error("the hub has no certificate authorities to trust; set outbound.ca_file")]
    NoAuthorities,
}

/// `[outbound]` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutboundSetupError {
    /// The file cannot be read.
    #[error("outbound.ca_file, {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a list of certificates.
    #[error("outbound.ca_file, {}, has no certificate in PEM form, or one that cannot be read", .0.display())]
    NotCertificates(PathBuf),
}

/// Calls to addresses that somebody outside named; cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    settings: config::Outbound,
    authorities: Vec<Certificate>,
    directory: Directory,
    places: Semaphore,
    hosts: Cache<String, Arc<Semaphore>>,
    /// One client for each [`Reach`], made when it is needed first: the trusted authorities cost memory.
    public: OnceCell<Client>,
    loopback: OnceCell<Client>,
}

impl Outbound {
    /// With the settings; a file of authorities is read here.
    pub fn new(settings: &config::Outbound) -> Result<Self, OutboundSetupError> {
        Self::with_directory(settings, Directory::System)
    }

    pub(super) fn with_directory(
        settings: &config::Outbound,
        directory: Directory,
    ) -> Result<Self, OutboundSetupError> {
        let authorities = settings.ca_file.as_deref().map(certificates).transpose()?;
        Ok(Self(Arc::new(Inner {
            authorities: authorities.unwrap_or_default(),
            directory,
            places: Semaphore::new(settings.concurrent.max(1)),
            hosts: Cache::builder()
                .max_capacity(HOSTS)
                .time_to_idle(Duration::from_mins(5))
                .build(),
            public: OnceCell::new(),
            loopback: OnceCell::new(),
            settings: settings.clone(),
        })))
    }

    /// Gets what is at `url`.
    pub async fn get(&self, url: &Url, reach: Reach, limits: Limits) -> Result<Fetched, OutboundError> {
        let json = HeaderValue::from_static("application/json, */*;q=0.5");
        self.call(url, reach, limits, |client| {
            client.request(Method::GET, url.clone()).header(ACCEPT, json)
        })
        .await
    }

    /// Posts a message to `url`.
    pub async fn post(
        &self,
        url: &Url,
        reach: Reach,
        limits: Limits,
        message: Message,
    ) -> Result<Fetched, OutboundError> {
        self.call(url, reach, limits, |client| {
            client
                .request(Method::POST, url.clone())
                .headers(message.headers)
                .header(CONTENT_TYPE, message.content_type)
                .body(message.body)
        })
        .await
    }

    /// Whether `url` may be called, as far as it can be told without resolving its name.
    fn check(&self, url: &Url, reach: Reach) -> Result<(), OutboundError> {
        let well_formed = url.as_str().len() <= URL_BYTES
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        let host = url.host().filter(|_| well_formed).ok_or(OutboundError::Url)?;
        match url.scheme() {
            "https" => {}
            "http" if reach == Reach::Loopback && is_this_machine(&host) => {}
            _ => return Err(OutboundError::Url),
        }
        let literal = match host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(v4) => v4.into(),
            Host::Ipv6(v6) => v6.into(),
        };
        if self.0.rule(reach).permits(literal) {
            Ok(())
        } else {
            Err(OutboundError::Forbidden)
        }
    }

    async fn call(
        &self,
        url: &Url,
        reach: Reach,
        limits: Limits,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Fetched, OutboundError> {
        self.check(url, reach)?;
        let time = limits
            .time
            .min(Duration::from_secs(self.0.settings.total_seconds));
        let host = url.host_str().unwrap_or_default().to_owned();
        let whole = async {
            let crowd = self.0.crowd(host);
            let _to_host = crowd.acquire().await;
            let _place = self.0.places.acquire().await;
            let response = request(self.0.client(reach).await?).send().await;
            receive(response.map_err(|error| cause(&error))?, limits.bytes).await
        };
        let done = tokio::time::timeout(time, whole).await;
        let done = done.unwrap_or(Err(OutboundError::TimedOut));
        if let Err(error) = done {
            tracing::debug!(host = url.host_str(), %error, "a call to an address that a client named failed");
        }
        done
    }
}

impl Inner {
    fn rule(&self, reach: Reach) -> Rule {
        Rule {
            reach,
            allow: self.settings.allow.as_slice().into(),
        }
    }

    fn crowd(&self, host: String) -> Arc<Semaphore> {
        let room = self.settings.concurrent_per_host.max(1);
        self.hosts.get_with(host, || Arc::new(Semaphore::new(room)))
    }

    async fn client(&self, reach: Reach) -> Result<&Client, OutboundError> {
        let cell = match reach {
            Reach::Public => &self.public,
            Reach::Loopback => &self.loopback,
        };
        cell.get_or_try_init(|| async { self.build(reach) })
            .await
            .map_err(|error| {
                tracing::error!(%error, "no HTTP client for outbound calls");
                OutboundError::NoAuthorities
            })
    }

    fn build(&self, reach: Reach) -> Result<Client, reqwest::Error> {
        let names = Names {
            directory: self.directory.clone(),
            rule: self.rule(reach),
        };
        Client::builder()
            .tls_backend_rustls()
            .tls_certs_merge(self.authorities.iter().cloned())
            .dns_resolver(Arc::new(names))
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .user_agent("Musubi")
            .connect_timeout(Duration::from_secs(self.settings.connect_seconds))
            // A connection serves one call: the next one resolves and checks again.
            .pool_max_idle_per_host(0)
            .build()
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(v4) => v4.is_loopback(),
        Host::Ipv6(v6) => v6.is_loopback(),
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, OutboundSetupError> {
    let pem = std::fs::read(path).map_err(|source| OutboundSetupError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(OutboundSetupError::NotCertificates(path.to_owned())),
    }
}

/// The whole answer, if it is one and not larger than `limit`. What exceeds it is never kept.
async fn receive(mut response: Response, limit: usize) -> Result<Fetched, OutboundError> {
    if response.status().is_redirection() {
        return Err(OutboundError::Redirected);
    }
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).is_ok_and(|announced| announced > limit) {
        return Err(OutboundError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(|error| cause(&error))? {
        if body.len() + piece.len() > limit {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Fetched {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body: body.freeze(),
    })
}

/// What lies at the bottom of an error of the HTTP client.
fn cause(error: &reqwest::Error) -> OutboundError {
    let mut inner = error.source();
    while let Some(one) = inner {
        match one.downcast_ref::<NameRefused>() {
            Some(NameRefused::Forbidden) => return OutboundError::Forbidden,
            Some(NameRefused::Unresolved) => return OutboundError::Unresolved,
            None => inner = one.source(),
        }
    }
    if error.is_timeout() {
        OutboundError::TimedOut
    } else {
        OutboundError::Unreachable
    }
}
