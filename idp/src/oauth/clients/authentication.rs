//! How a client proves who it is (RFC 6749 §2.3, RFC 7523 §2.2, OpenID Connect Core 1.0 §9).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::http::Parameters;
use platform::keys::{
    AlgorithmSet, NumericDate, RequiredType, TimeClaims, TimeRules, VerificationPolicy, validate_times,
};
use serde::Deserialize;

use super::keys::{self, KeysError};
use super::metadata::AuthMethod;
use super::model::Client;
use crate::http::Call;
use crate::hub::Hub;
use crate::oauth::replay::{Used, use_once};
use crate::oauth::{Audience, ErrorCode, OAuthError};
use crate::realms::Realm;

/// The one type of assertion (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The type by which an assertion may be told from every other kind of token.
const ASSERTION_TYPE: &str = "client-authentication+jwt";
/// The longest life of an assertion: bounds what must be remembered of its `jti`.
const ASSERTION_LIFE: Duration = Duration::from_mins(10);
const LEEWAY: Duration = Duration::from_secs(10);
/// How long a use is remembered: until no assertion that was good then is good still.
const MEMORY: Duration = Duration::from_secs(ASSERTION_LIFE.as_secs() + 2 * LEEWAY.as_secs());

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidClient,
    "client.unproven",
    "the client is unknown or did not prove who it is",
);

const UNREACHABLE_KEYS: OAuthError = OAuthError::new(
    ErrorCode::InvalidClient,
    "client.keys.unavailable",
    "the keys at the client's jwks_uri could not be fetched, or are not acceptable",
);

/// What a client offers. It prints how, and not what.
#[derive(PartialEq, Eq)]
pub enum Credentials<'r> {
    /// HTTP Basic.
    Basic {
        /// `client_id`.
        id: String,
        /// The secret.
        secret: String,
    },
    /// `client_id` and `client_secret` in the form.
    Post {
        /// `client_id`.
        id: &'r str,
        /// The secret.
        secret: &'r str,
    },
    /// A signed assertion in the form.
    Assertion {
        /// The assertion.
        jwt: &'r str,
        /// `client_id`, if it is given too.
        id: Option<&'r str>,
    },
    /// `client_id` alone.
    Public {
        /// `client_id`.
        id: &'r str,
    },
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Post { .. } => "Post",
            Self::Assertion { .. } => "Assertion",
            Self::Public { .. } => "Public",
        })
    }
}

/// A client that proved who it is, or a public client, which has nothing to prove it with.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient(Arc<Client>);

impl std::ops::Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

#[derive(Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: Audience,
    jti: String,
    #[serde(flatten)]
    times: TimeClaims,
}

impl<'r> Credentials<'r> {
    /// Reads what is offered; more than one way at once is refused (RFC 6749 §2.3).
    pub fn read(authorization: Option<&str>, form: &'r Parameters) -> Result<Self, OAuthError> {
        let malformed = |text| {
            Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "client.credentials.malformed",
                text,
            ))
        };
        let (id, secret) = (form.get("client_id"), form.get("client_secret"));
        let assertion = form.get("client_assertion");
        if usize::from(authorization.is_some())
            + usize::from(secret.is_some())
            + usize::from(assertion.is_some())
            > 1
        {
            return malformed("a client authenticates in one way at a time");
        }
        if let Some(header) = authorization {
            let (offered, secret) = basic(header).ok_or(UNKNOWN)?;
            if id.is_some_and(|id| id != offered) {
                return malformed("client_id differs from the one in the Authorization header");
            }
            return Ok(Self::Basic { id: offered, secret });
        }
        match (assertion, id, secret) {
            (Some(jwt), id, _) if form.get("client_assertion_type") == Some(JWT_BEARER) => {
                Ok(Self::Assertion { jwt, id })
            }
            (Some(_), ..) => malformed("client_assertion_type is not one that is taken"),
            (None, Some(id), Some(secret)) => Ok(Self::Post { id, secret }),
            (None, Some(id), None) => Ok(Self::Public { id }),
            (None, None, _) => Err(UNKNOWN),
        }
    }
}

/// HTTP Basic, with both halves form-encoded before (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let unescape = |text: &str| {
        let pair = format!("v={}", text.replace('&', "%26").replace('=', "%3D"));
        Parameters::parse(pair.as_bytes())
            .ok()?
            .get("v")
            .map(str::to_owned)
    };
    Some((unescape(id)?, unescape(secret)?))
}

/// Authenticates a client in the way that it registered, and in no other.
pub async fn authenticate(
    hub: &Hub,
    call: &Call,
    credentials: &Credentials<'_>,
) -> Result<AuthenticatedClient, OAuthError> {
    let realm = &call.realm;
    let claimed;
    let id = match credentials {
        Credentials::Basic { id, .. } => id.as_str(),
        Credentials::Post { id, .. } | Credentials::Public { id } => id,
        Credentials::Assertion { jwt, id } => {
            claimed = subject_of(jwt).ok_or(UNKNOWN)?;
            if id.is_some_and(|id| id != claimed) {
                return Err(UNKNOWN);
            }
            claimed.as_str()
        }
    };
    let found = hub.clients.find(realm, id).await?;
    let client = found.ok_or(UNKNOWN)?;
    let now = hub.clock.now();
    let proven = match (credentials, client.metadata.token_endpoint_auth_method) {
        (Credentials::Basic { secret, .. }, AuthMethod::ClientSecretBasic) => {
            client.has_secret(realm, secret, now)
        }
        (Credentials::Post { secret, .. }, AuthMethod::ClientSecretPost) => {
            client.has_secret(realm, secret, now)
        }
        (Credentials::Assertion { jwt, .. }, AuthMethod::PrivateKeyJwt) => {
            return assertion_holds(hub, realm, &client, jwt)
                .await
                .map(|()| AuthenticatedClient(client));
        }
        (Credentials::Public { .. }, AuthMethod::TlsClientAuth) => is_vouched_for(hub, call, &client),
        (Credentials::Public { .. }, AuthMethod::SelfSignedTlsClientAuth) => {
            has_registered(hub, call, &client).await?
        }
        (Credentials::Public { .. }, AuthMethod::None) => true,
        _ => false,
    };
    // FAPI 2.0 knows neither secrets nor public clients (Security Profile §5.3.2.1).
    let by_certificate = matches!(
        client.metadata.token_endpoint_auth_method,
        AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth
    );
    if proven && (by_certificate || !client.is_fapi()) {
        Ok(AuthenticatedClient(client))
    } else {
        Err(UNKNOWN)
    }
}

/// Whether an authority vouches for the certificate that was shown, as one of this client (RFC 8705 §2.1).
fn is_vouched_for(hub: &Hub, call: &Call, client: &Client) -> bool {
    match (call.certificate(), client.metadata.tokens.subject()) {
        (Some(chain), Some(subject)) => {
            subject.is_named_by(chain) && hub.authorities.vouch_for(chain, hub.clock.now())
        }
        _ => false,
    }
}

/// Whether the certificate that was shown is one that the client registered (RFC 8705 §2.2).
async fn has_registered(hub: &Hub, call: &Call, client: &Client) -> Result<bool, OAuthError> {
    let Some(chain) = call.certificate() else {
        return Ok(false);
    };
    let keys = keys::verification_keys(hub, &call.realm, client).await;
    let keys = keys.map_err(not_verified)?;
    Ok(keys.has_certificate(&chain.hash()))
}

/// Keys that cannot be had for the moment are another matter than those that do not fit.
fn not_verified(error: KeysError) -> OAuthError {
    match error {
        KeysError::Unavailable | KeysError::Refused => UNREACHABLE_KEYS,
        KeysError::None | KeysError::Verify(_) => UNKNOWN,
    }
}

/// Whether an assertion is for this server: by its issuer, its token endpoint or its back channel (CIBA §7.1). In FAPI 2.0
/// (Security Profile §5.3.2.1) by the issuer as the only string, so that an assertion for another server cannot be one for
/// this too.
fn is_here(aud: &Audience, realm: &Realm, client: &Client) -> bool {
    if client.is_fapi() {
        return *aud == Audience::One(realm.issuer.clone());
    }
    let endpoints = ["/oauth/token", "/oauth/backchannel"];
    aud.names(&realm.issuer) || endpoints.iter().any(|path| aud.names(&realm.url(path)))
}

/// The client that an assertion speaks of, before anything of it is verified: it only selects the keys.
fn subject_of(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    if jwt.len() > 16 * 1024 {
        return None;
    }
    let payload = platform::encoding::from_base64url(jwt.split('.').nth(1)?)?;
    serde_json::from_slice::<Claimed>(&payload)
        .ok()
        .map(|claimed| claimed.sub)
}

async fn assertion_holds(hub: &Hub, realm: &Realm, client: &Client, jwt: &str) -> Result<(), OAuthError> {
    let algorithms = match client.metadata.token_endpoint_auth_signing_alg {
        Some(algorithm) => AlgorithmSet::of(&[algorithm]),
        None if client.is_fapi() => AlgorithmSet::OF_FAPI,
        None => AlgorithmSet::ALL,
    };
    let policy = VerificationPolicy::new(algorithms, RequiredType::JwtAbsentOr(ASSERTION_TYPE));
    let verified = keys::verify(hub, realm, client, jwt, &policy)
        .await
        .map_err(not_verified)?;
    let claims: Assertion = verified.claims().map_err(|_| UNKNOWN)?;
    let here = is_here(&claims.aud, realm, client);
    if claims.iss != client.id || claims.sub != client.id || !here || claims.jti.is_empty() {
        return Err(UNKNOWN);
    }
    let rules = TimeRules {
        require_exp: true,
        leeway: LEEWAY,
        max_lifetime: Some(ASSERTION_LIFE),
    };
    let now = hub.clock.now();
    validate_times(&claims.times, now, &rules).map_err(|_| UNKNOWN)?;
    let name = format!("{} {}", client.id, claims.jti);
    let made = claims.times.iat.map(|NumericDate(at)| at);
    let refused = |id, text| Err(OAuthError::new(ErrorCode::InvalidClient, id, text));
    match use_once(hub, realm, "client-assertion", &name, made, MEMORY).await? {
        Used::ForTheFirstTime => Ok(()),
        Used::Before => refused("client.assertion.replayed", "the assertion was used before"),
        Used::MaybeBefore => refused(
            "client.assertion.older_than_memory",
            "the assertion may have been used before; make a new one",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn two_ways_of_authenticating_at_once_are_refused() {
        let form = form("client_id=a&client_secret=b");
        let refused = Credentials::read(Some("Basic YTpi"), &form).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn basic_credentials_are_form_encoded_before_they_are_base64() {
        let header = format!("Basic {}", STANDARD.encode("a%3Ab:s%20%2B%26c"));
        let none = form("");
        assert_eq!(
            Credentials::read(Some(&header), &none).unwrap(),
            Credentials::Basic {
                id: "a:b".to_owned(),
                secret: "s +&c".to_owned()
            }
        );
    }

    #[test]
    fn a_header_that_cannot_be_read_proves_nothing() {
        for header in ["Basic", "Basic !!", "Basic YQ==", "Bearer YTpi", "Basic /w=="] {
            assert_eq!(
                Credentials::read(Some(header), &form("")).unwrap_err().code,
                ErrorCode::InvalidClient,
                "{header}"
            );
        }
    }
}
