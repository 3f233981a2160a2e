//! A call: a request whose realm is known, whose origin is established and whose body is bounded and read.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, Method, StatusCode};
use platform::certificates::{Chain, from_header};
use platform::http::{Cookies, Origin, Parameters, ParametersError, Problem, RequestId, SetCookie};

use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::realms::Realm;

/// One request to one realm. It prints neither its headers nor its body.
pub struct Call {
    /// The realm whose host was asked for.
    pub realm: Arc<Realm>,
    /// The caller's address.
    pub origin: Origin,
    /// The request's id.
    pub request: RequestId,
    /// The body, whole.
    pub body: Bytes,
    /// The certificate that the caller showed, here or to a trusted proxy.
    certificate: Option<Arc<Chain>>,
    parts: Parts,
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Call({} {})", self.parts.method, self.request)
    }
}

/// An access token as it was presented. It does not print.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presented<'c> {
    /// By itself (RFC 6750 §2.1).
    Bearer(&'c str),
    /// With a proof beside it (RFC 9449 §7.1).
    Dpop(&'c str),
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bearer(_) => "Bearer",
            Self::Dpop(_) => "DPoP",
        })
    }
}

/// Why a request did not become a call.
#[derive(Debug, Clone, Copy)]
pub enum Refused {
    /// No realm has this host.
    UnknownRealm,
    /// The request names more than one host.
    Host,
    /// The body is larger than `limits.body_bytes`, or broke off.
    Body,
    /// The database did not answer.
    Unavailable,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::UnknownRealm => Problem::new(
                StatusCode::NOT_FOUND,
                "realm.unknown",
                "No realm has this host name",
            )
            .detail("Check the address, or add the realm with `musubi realm add`."),
            Self::Host => Problem::new(
                StatusCode::BAD_REQUEST,
                "request.host",
                "The request does not name one host",
            ),
            Self::Body => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body.too_large",
                "The request is too large",
            ),
            Self::Unavailable => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The hub cannot answer at the moment",
            )
            .detail("Try again in a few seconds."),
        }
        .into_response()
    }
}

impl FromRequest<Shared> for Call {
    type Rejection = Refused;

    async fn from_request(request: Request, hub: &Shared) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| *peer);
        let id = parts.extensions.get::<RequestId>().copied();
        let (Some(peer), Some(request)) = (peer, id) else {
            return Err(Refused::Unavailable);
        };
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let certificate = shown(&parts, peer, hub);
        let origin = Origin::of(peer, &parts.headers, authority, &hub.proxies).map_err(|_| Refused::Host)?;
        let host = origin.host.as_deref().ok_or(Refused::UnknownRealm)?;
        let realm = hub.realms.by_host(host).await.map_err(|error| {
            tracing::error!(%error, "the realm could not be read");
            Refused::Unavailable
        })?;
        let realm = realm.ok_or(Refused::UnknownRealm)?;
        let body = to_bytes(body, hub.settings.limits.body_bytes)
            .await
            .map_err(|_| Refused::Body)?;
        Ok(Self {
            realm,
            origin,
            request,
            body,
            certificate,
            parts,
        })
    }
}

/// The certificate that a caller showed: in the handshake with us or, where that is set, to a trusted proxy that hands it
/// on. What others write into that header is not read.
fn shown(parts: &Parts, peer: SocketAddr, hub: &Hub) -> Option<Arc<Chain>> {
    if let Some(chain) = parts.extensions.get::<Arc<Chain>>() {
        return Some(chain.clone());
    }
    let name = hub.settings.server.client_certificate_header.as_deref()?;
    if !hub.proxies.contain(peer.ip()) {
        return None;
    }
    let mut values = parts.headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    from_header(value.to_str().ok()?).ok().map(Arc::new)
}

impl Call {
    /// The certificate that the caller holds the key of.
    pub fn certificate(&self) -> Option<&Chain> {
        self.certificate.as_deref()
    }

    /// A log row for something that was allowed in this call. The realm's key seals its detail until a person's does.
    pub fn permit(&self, action: Action) -> Entry {
        self.describe(Entry::permit(self.realm.id, action, self.realm.keys.data.clone()))
    }

    /// A log row for something that was refused in this call.
    pub fn deny(&self, action: Action, reason: &'static str) -> Entry {
        self.describe(Entry::deny(
            self.realm.id,
            action,
            reason,
            self.realm.keys.data.clone(),
        ))
    }

    fn describe(&self, entry: Entry) -> Entry {
        entry
            .request(self.request)
            .detail("address", self.origin.address.to_string())
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path that was asked for.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Path and query that were asked for.
    pub fn path_and_query(&self) -> &str {
        self.parts
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// The parameters of the query.
    pub fn query(&self) -> Result<Parameters, ParametersError> {
        Parameters::parse(self.parts.uri.query().unwrap_or_default().as_bytes())
    }

    /// The parameters of a form in the body; none if the body is something else.
    pub fn form(&self) -> Option<Result<Parameters, ParametersError>> {
        let kind = self.header(&CONTENT_TYPE)?;
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            .then(|| Parameters::parse(&self.body))
    }

    /// Whether the body says that it is JSON.
    pub fn is_json(&self) -> bool {
        self.is_of_type("application/json")
    }

    /// Whether the body says that it is a merge patch (RFC 7396).
    pub fn is_merge_patch(&self) -> bool {
        self.is_of_type("application/merge-patch+json")
    }

    fn is_of_type(&self, wanted: &str) -> bool {
        let kind = self.header(&CONTENT_TYPE).unwrap_or_default();
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case(wanted)
    }

    /// A header that is there exactly once.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        let mut all = self.parts.headers.get_all(name).iter();
        let first = all.next()?;
        if all.next().is_some() {
            None
        } else {
            first.to_str().ok()
        }
    }

    /// Whether a header is there at all.
    pub fn has(&self, name: &HeaderName) -> bool {
        self.parts.headers.contains_key(name)
    }

    /// Whether a header is there more than once.
    pub fn has_doubled(&self, name: &HeaderName) -> bool {
        self.parts.headers.get_all(name).iter().nth(1).is_some()
    }

    /// The `Authorization` header.
    pub fn authorization(&self) -> Option<&str> {
        self.header(&AUTHORIZATION)
    }

    /// An access token from the `Authorization` header, with the scheme that says what goes with it; never from the query
    /// or the body.
    pub fn access_token(&self) -> Option<Presented<'_>> {
        let (scheme, token) = self.authorization()?.split_once(' ')?;
        let token = token.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            Some(Presented::Bearer(token))
        } else if scheme.eq_ignore_ascii_case("dpop") {
            Some(Presented::Dpop(token))
        } else {
            None
        }
    }

    /// A bearer token that is no access token, such as those with which clients register (RFC 6750 §2.1).
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.authorization()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// A cookie by its name without prefix.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        Cookies::of(&self.parts.headers).get(&SetCookie::wire_name(name, self.realm.secure))
    }

    /// `Accept-Language`.
    pub fn accept_language(&self) -> Option<&str> {
        self.header(&ACCEPT_LANGUAGE)
    }

    /// `User-Agent`, cut to 300 bytes.
    pub fn user_agent(&self) -> Option<&str> {
        let text = self.header(&USER_AGENT)?;
        Some(text.get(..300).unwrap_or(text))
    }
}

/// Every route of this crate.
pub fn router() -> axum::Router<Shared> {
    axum::Router::new()
        .merge(crate::access::authzen::router())
        .merge(crate::account::endpoints::router())
        .merge(crate::admin::router())
        .merge(crate::calendar::api::router())
        .merge(crate::credentials::pages::router())
        .merge(crate::factors::endpoints::router())
        .merge(crate::fhir::endpoints::router())
        .merge(crate::log::tree::api::router())
        .merge(crate::oauth::endpoints::router())
        .merge(crate::pages::api::router())
        .merge(crate::recovery::endpoints::router())
        .merge(crate::scim::endpoints::router())
        .merge(crate::signin::pages::router())
        .merge(crate::signup::endpoints::router())
}
