//! Where a request comes from: the parameters themselves, a request object among them or at an address of the client
//! (RFC 9101), or one that was pushed before (RFC 9126).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use platform::ephemeral::Slot;
use platform::http::Parameters;

use crate::http::Call;
use crate::hub::Hub;
use crate::oauth::authorization::reference;
use crate::oauth::authorization::request_object::{self, Strictness};
use crate::oauth::authorization::{
    AuthorizationRequest, Destination, PushedRequests, Refusal, destination, parse,
};
use crate::oauth::clients::keys::{self, KeysError};
use crate::oauth::clients::{ByReference, Client, ObjectSigning, RedirectVerified, SecurityProfile};
use crate::oauth::tokens::read_hint;
use crate::oauth::{ErrorCode, OAuthError};
use crate::realms::Realm;

/// How long requests from one network are counted together.
const COUNTED_FOR: Duration = Duration::from_mins(30);

type Found = (AuthorizationRequest, Destination, Arc<Client>);
/// With the client, once it is known.
type NotFound = (Refusal, Option<Arc<Client>>);

/// The request behind the parameters of an authorization endpoint's call.
pub(super) async fn read(hub: &Hub, call: &Call, parameters: &Parameters) -> Result<Found, NotFound> {
    let unknown = Refusal::Page(OAuthError::new(
        ErrorCode::InvalidClient,
        "authorization.client",
        "client_id is missing or is not one of a client here",
    ));
    let Some(client_id) = parameters.get("client_id") else {
        return Err((unknown, None));
    };
    let client = match hub.clients.find(&call.realm, client_id).await {
        Ok(Some(client)) => client,
        Ok(None) => return Err((unknown, None)),
        Err(error) => return Err((Refusal::Page(error.into()), None)),
    };
    let read = match parameters.get("request_uri") {
        Some(request_uri) if PushedRequests::is_ours(request_uri) => {
            pushed(hub, call, &client, parameters, request_uri).await
        }
        Some(request_uri) => referenced(hub, call, &client, parameters, request_uri).await,
        None => direct(hub, call, &client, parameters).await,
    };
    match read {
        Ok((request, to)) => Ok((request, to, client)),
        Err(refusal) => Err((refusal, Some(client))),
    }
}

/// A request that was pushed before. What stands beside `request_uri` is not looked at (RFC 9126 §4).
async fn pushed(
    hub: &Hub,
    call: &Call,
    client: &Client,
    parameters: &Parameters,
    request_uri: &str,
) -> Result<(AuthorizationRequest, Destination), Refusal> {
    if parameters.get("request").is_some() {
        return Err(sendable(parameters, client, TWICE));
    }
    let found = PushedRequests::new(&hub.ephemeral, &call.realm)
        .find(request_uri, &client.id)
        .await
        .map_err(Refusal::Page)?;
    let Some(mut request) = found else {
        // Where its answer was to go, and how, only the request itself could tell.
        return Err(Refusal::Page(OAuthError::new(
            ErrorCode::InvalidRequestUri,
            "authorization.request_uri.unknown",
            "request_uri is unknown, used, over, or another client's",
        )));
    };
    let redirect = RedirectVerified::verify(client, Some(&request.redirect_uri)).ok_or(Refusal::Page(
        OAuthError::new(
            ErrorCode::InvalidRequest,
            "authorization.redirect_uri",
            "the redirect URI is missing or is not one that the client registered",
        ),
    ))?;
    // The person comes only now: a sign-in between the push and this is one from before (`prompt`, `max_age`).
    request.asked_at = hub.clock.now();
    let to = Destination {
        redirect,
        mode: request.response_mode,
        state: request.state.clone(),
    };
    Ok((request, to))
}

const TWICE: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "authorization.request_twice",
    "request and request_uri do not go together",
);

/// A request at an address of the client, where its requests may come from there.
async fn referenced(
    hub: &Hub,
    call: &Call,
    client: &Client,
    parameters: &Parameters,
    request_uri: &str,
) -> Result<(AuthorizationRequest, Destination), Refusal> {
    match fetched(hub, call, client, parameters, request_uri).await {
        Ok(read) => judge(hub, call, client, &read).await,
        Err(error) => Err(sendable(parameters, client, error)),
    }
}

async fn fetched(
    hub: &Hub,
    call: &Call,
    client: &Client,
    parameters: &Parameters,
    request_uri: &str,
) -> Result<Parameters, OAuthError> {
    if parameters.get("request").is_some() {
        return Err(TWICE);
    }
    if reference::rule(hub, &call.realm, client).await? == ByReference::No {
        return Err(OAuthError::new(
            ErrorCode::RequestUriNotSupported,
            "authorization.request_uri",
            "request_uri of this client is taken from the pushed authorization request endpoint only",
        ));
    }
    must_be_pushed(client)?;
    within_limit(hub, call).await?;
    let object = reference::fetch(hub, &call.realm, client, request_uri).await?;
    object_of(hub, call, client, &object).await
}

/// Anybody can make the hub fetch what a client registered, if only so often.
async fn within_limit(hub: &Hub, call: &Call) -> Result<(), OAuthError> {
    let slot = Slot::new(call.realm.id, "references", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, COUNTED_FOR).await?;
    if count <= hub.settings.limits.interactions_per_address {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::TooManyRequests,
        "authorization.limit",
        "too many requests from this address; try again later",
    ))
}

/// Whether requests of the client that are not pushed count at all.
fn must_be_pushed(client: &Client) -> Result<(), OAuthError> {
    let fapi = client.metadata.musubi_security_profile == SecurityProfile::Fapi2;
    if client.metadata.objects.require_pushed_authorization_requests || fapi {
        return Err(OAuthError::new(
            ErrorCode::InvalidRequest,
            "authorization.not_pushed",
            "the client's requests are taken from the pushed authorization request endpoint only",
        ));
    }
    Ok(())
}

/// An error of a request that could not be read: it goes where the parameters beside it say, if that is verified.
fn sendable(parameters: &Parameters, client: &Client, error: OAuthError) -> Refusal {
    match destination(parameters, client) {
        Ok(to) => Refusal::Redirect { to, error },
        Err(_) => Refusal::Page(error),
    }
}

async fn direct(
    hub: &Hub,
    call: &Call,
    client: &Client,
    parameters: &Parameters,
) -> Result<(AuthorizationRequest, Destination), Refusal> {
    if let Err(error) = must_be_pushed(client) {
        return Err(sendable(parameters, client, error));
    }
    match opened(hub, call, client, parameters).await {
        Ok(Some(signed)) => judge(hub, call, client, &signed).await,
        Ok(None) => judge(hub, call, client, parameters).await,
        Err(error) => Err(sendable(parameters, client, error)),
    }
}

/// The parameters in a request object, if there is one or must be.
pub(crate) async fn opened(
    hub: &Hub,
    call: &Call,
    client: &Client,
    parameters: &Parameters,
) -> Result<Option<Parameters>, OAuthError> {
    let Some(object) = parameters.get("request") else {
        if client.metadata.objects.require_signed_request_object {
            return Err(OAuthError::new(
                ErrorCode::InvalidRequest,
                "authorization.not_signed",
                "the client's requests are taken as signed request objects only",
            ));
        }
        return Ok(None);
    };
    object_of(hub, call, client, object).await.map(Some)
}

/// The parameters in a request object, however it came.
async fn object_of(hub: &Hub, call: &Call, client: &Client, object: &str) -> Result<Parameters, OAuthError> {
    let fapi = client.metadata.musubi_security_profile == SecurityProfile::Fapi2;
    let strictness = if fapi {
        Strictness::Fapi2
    } else {
        Strictness::Standard
    };
    let realm = &call.realm;
    let object = decrypted(hub, realm, client, object)?;
    let now = hub.clock.now();
    if client.metadata.objects.request_object_signing_alg == Some(ObjectSigning::Unsigned)
        && reference::rule(hub, realm, client).await? == ByReference::Unsigned
    {
        let claims = request_object::unsigned(&object)?;
        return request_object::read(claims, client, &realm.issuer, strictness, now);
    }
    let verified = keys::verify(hub, realm, client, &object, &request_object::policy(client)).await;
    let verified = verified.map_err(|error| match error {
        KeysError::Unavailable => OAuthError::new(
            ErrorCode::TemporarilyUnavailable,
            "request_object.keys",
            "the client's keys cannot be fetched at the moment",
        ),
        KeysError::None | KeysError::Refused | KeysError::Verify(_) => OAuthError::new(
            ErrorCode::InvalidRequestObject,
            "request_object.signature",
            "the request object is not signed with a key and an algorithm of the client",
        ),
    })?;
    let claims = request_object::signed(&verified)?;
    request_object::read(claims, client, &realm.issuer, strictness, now)
}

/// The signed object in an encrypted one (RFC 9101 §6.1); a client that said that it encrypts sends nothing else.
fn decrypted<'o>(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    object: &'o str,
) -> Result<Cow<'o, str>, OAuthError> {
    let wrong = OAuthError::new(
        ErrorCode::InvalidRequestObject,
        "request_object.encryption",
        "the request object is not encrypted for this server as the client registered",
    );
    let wanted = client.metadata.objects.request_object_encryption_alg;
    if object.split('.').count() != 5 {
        return match wanted {
            None => Ok(Cow::Borrowed(object)),
            Some(_) => Err(wrong),
        };
    }
    let keys = realm.receiving_keys(hub.clock.now()).map_err(|_| wrong)?;
    let opened = keys.open(object).map_err(|_| wrong)?;
    let enc = client.metadata.objects.request_object_encryption_enc;
    let as_registered = wanted.is_none_or(|alg| alg.name() == opened.header.alg)
        && enc.is_none_or(|enc| opened.header.enc.as_deref() == Some(enc.name()));
    match String::from_utf8(opened.content) {
        Ok(signed) if as_registered => Ok(Cow::Owned(signed)),
        _ => Err(wrong),
    }
}

/// Reads the parameters that count.
pub(crate) async fn judge(
    hub: &Hub,
    call: &Call,
    client: &Client,
    parameters: &Parameters,
) -> Result<(AuthorizationRequest, Destination), Refusal> {
    let own = hub
        .keys
        .hint_keys(call.realm.id)
        .await
        .map_err(|error| Refusal::Page(error.into()))?;
    let hinted = |hint: &str| {
        let claims = read_hint(hint, &own, &call.realm.issuer)?;
        (claims.aud == client.id).then_some(claims.sub)
    };
    parse(parameters, client, &call.realm, hinted, hub.clock.now())
}
