//! What each parameter of an authorization request has to be; one rule a function.

use std::time::Duration;

use platform::encoding::from_base64url;
use platform::http::Parameters;

use super::{Destination, LONGEST, invalid};
use crate::oauth::authorization::claims::ClaimsRequest;
use crate::oauth::authorization::model::{Pkce, Prompt};
use crate::oauth::clients::{AuthMethod, Client, GrantType, SecurityProfile};
use crate::oauth::response::UnsupportedResponseMode;
use crate::oauth::{Carrier, ErrorCode, OAuthError, ResponseMode, ResponseType, Scope};

/// How many classes of sign-in a request may name.
const MOST_CLASSES: usize = 20;

/// A request object has been opened by now, and a pushed request been fetched: neither holds another.
pub(super) fn unsupported(parameters: &Parameters) -> Result<(), OAuthError> {
    for (name, code) in [
        ("request", ErrorCode::InvalidRequestObject),
        ("request_uri", ErrorCode::InvalidRequestObject),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return Err(OAuthError::new(
                code,
                "authorization.unsupported",
                "a request holds no other request and no registration",
            ));
        }
    }
    Ok(())
}

/// The response type must be one that the client registered (RFC 6749 §3.1.1).
pub(super) fn response_type(parameters: &Parameters, client: &Client) -> Result<ResponseType, OAuthError> {
    let asked = parameters
        .get("response_type")
        .ok_or(invalid("authorization.response_type", "response_type is missing"))?;
    let asked: ResponseType = asked.parse().map_err(|_| {
        OAuthError::new(
            ErrorCode::UnsupportedResponseType,
            "authorization.response_type",
            "the response type is not supported",
        )
    })?;
    let codes = !asked.has_code() || client.may_use(GrantType::AuthorizationCode);
    let fapi = client.metadata.musubi_security_profile == SecurityProfile::Fapi2;
    let front = !asked.is_front_channel() || (client.may_use(GrantType::Implicit) && !fapi);
    if codes && front && client.metadata.response_types.contains(&asked) {
        return Ok(asked);
    }
    Err(OAuthError::new(
        ErrorCode::UnauthorizedClient,
        "authorization.grant",
        "the client did not register for this response type and its grants",
    ))
}

pub(super) fn response_mode(
    parameters: &Parameters,
    response_type: ResponseType,
    to: &Destination,
) -> Result<ResponseMode, OAuthError> {
    let wrong = |description| Err(invalid("authorization.response_mode", description));
    match ResponseMode::parse(parameters.get("response_mode"), response_type) {
        Ok(mode) if mode.carrier == Carrier::FormPost && !to.redirect.takes_forms() => {
            wrong("a form is posted to an http address only")
        }
        Ok(mode) => Ok(mode),
        Err(UnsupportedResponseMode::Unknown) => wrong("the response mode is not supported"),
        Err(UnsupportedResponseMode::TokensInQuery) => wrong("tokens are not returned in a query"),
    }
}

pub(super) fn bounded(parameters: &Parameters, name: &str) -> Result<Option<String>, OAuthError> {
    match parameters.get(name) {
        Some(value) if value.len() > LONGEST => {
            Err(invalid("authorization.too_long", "a parameter is too long"))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

/// An ID token that comes through the browser is tied to the request by its nonce (OpenID Connect Core 1.0 §3.2.2.1).
pub(super) fn nonce(
    parameters: &Parameters,
    response_type: ResponseType,
) -> Result<Option<String>, OAuthError> {
    let nonce = bounded(parameters, "nonce")?;
    if nonce.is_none() && response_type.has_id_token() {
        return Err(invalid(
            "authorization.nonce",
            "nonce is missing; an ID token from here needs it",
        ));
    }
    Ok(nonce)
}

/// Scopes that the client may not have are left out (RFC 6749 §3.3); what is left must not be empty.
pub(super) fn scope(
    parameters: &Parameters,
    client: &Client,
    response_type: ResponseType,
) -> Result<Scope, OAuthError> {
    let wrong = |description| OAuthError::new(ErrorCode::InvalidScope, "authorization.scope", description);
    let asked =
        Scope::parse(parameters.get("scope").unwrap_or_default()).map_err(|_| wrong("scope is malformed"))?;
    let mut granted = asked.intersection(&client.scope);
    if !client.may_use(GrantType::RefreshToken) || !response_type.has_code() {
        // Nothing would come of it (OpenID Connect Core 1.0 §11).
        granted = granted.filtered(|scope| scope != "offline_access");
    }
    if granted.is_empty() {
        return Err(wrong(
            "none of the scopes asked for is one that the client may have",
        ));
    }
    if response_type.has_id_token() && !granted.has("openid") {
        return Err(wrong("an ID token is given for scope openid only"));
    }
    Ok(granted)
}

/// Public clients must use PKCE (RFC 9700 §2.1.1), and those of FAPI 2.0 (§5.3.2.2); `plain` is never taken, so there
/// is nothing to downgrade to.
pub(super) fn pkce(parameters: &Parameters, client: &Client) -> Result<Option<Pkce>, OAuthError> {
    let wrong = |description| Err(invalid("authorization.pkce", description));
    let public = client.metadata.token_endpoint_auth_method == AuthMethod::None;
    let fapi = client.metadata.musubi_security_profile == SecurityProfile::Fapi2;
    match (
        parameters.get("code_challenge"),
        parameters.get("code_challenge_method"),
    ) {
        (None, None) if public || fapi => wrong("this client must send a code_challenge"),
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) => match Pkce::new(challenge) {
            Some(pkce) => Ok(Some(pkce)),
            None => wrong("code_challenge is not the SHA-256 of a verifier"),
        },
        _ => wrong("code_challenge goes with code_challenge_method S256"),
    }
}

/// `creates`: people may make accounts here. A value that the metadata does not name is refused (Initiating User
/// Registration 1.0 §4.2), and so are those that contradict each other.
pub(super) fn prompt(text: &str, creates: bool) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    for value in text.split(' ').filter(|value| !value.is_empty()) {
        match value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            "create" if creates => prompt.create = true,
            _ => {
                return Err(invalid(
                    "authorization.prompt",
                    "prompt has a value that is not supported here",
                ));
            }
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account || prompt.create) {
        return Err(invalid("authorization.prompt", "prompt none stands alone"));
    }
    if prompt.create && (prompt.login || prompt.select_account) {
        return Err(invalid(
            "authorization.prompt",
            "prompt create does not go with login or select_account",
        ));
    }
    Ok(prompt)
}

pub(super) fn max_age(parameters: &Parameters, client: &Client) -> Result<Option<Duration>, OAuthError> {
    let seconds = match parameters.get("max_age") {
        None => client.metadata.default_max_age,
        Some(text) => Some(
            text.parse::<u64>()
                .map_err(|_| invalid("authorization.max_age", "max_age is a number of seconds"))?,
        ),
    };
    Ok(seconds.map(Duration::from_secs))
}

pub(super) fn id_token_hint(
    parameters: &Parameters,
    hinted: impl FnOnce(&str) -> Option<String>,
) -> Result<Option<String>, OAuthError> {
    match parameters.get("id_token_hint") {
        None => Ok(None),
        Some(hint) => match hinted(hint) {
            Some(subject) => Ok(Some(subject)),
            None => Err(invalid(
                "authorization.id_token_hint",
                "id_token_hint is not an ID token of ours for this client",
            )),
        },
    }
}

/// The claims asked for by name, as far as the client may ever have them.
pub(super) fn claims(
    parameters: &Parameters,
    client: &Client,
    scope: &Scope,
) -> Result<ClaimsRequest, OAuthError> {
    let locales = parameters.get("claims_locales").unwrap_or_default();
    match parameters.get("claims") {
        // Without openid it is not a request of OpenID Connect, and the parameter is not ours to read.
        Some(text) if scope.has("openid") => ClaimsRequest::parse(text)
            .map(|claims| claims.within(&client.scope).in_locales(locales))
            .map_err(|_| {
                invalid(
                    "authorization.claims",
                    "the claims parameter is not the JSON that it should be",
                )
            }),
        _ => Ok(ClaimsRequest::default().in_locales(locales)),
    }
}

/// Who must be signed in, by hint or by claim; never two different people.
pub(super) fn one_subject(
    hinted: Option<String>,
    claims: &ClaimsRequest,
) -> Result<Option<String>, OAuthError> {
    match (hinted, claims.subject()) {
        (Some(hinted), Some(claimed)) if hinted != claimed => Err(invalid(
            "authorization.subject",
            "id_token_hint and claims name different subjects",
        )),
        (Some(hinted), _) => Ok(Some(hinted)),
        (None, claimed) => Ok(claimed.map(str::to_owned)),
    }
}

/// Classes of sign-in, and whether the client takes no other: as the claim `acr` is asked for, as `acr_values` says, or as
/// the client registered (OpenID Connect Core 1.0 §5.5.1.1, §3.1.2.1, Registration 1.0 §2).
pub(super) fn acr(
    parameters: &Parameters,
    client: &Client,
    claims: &ClaimsRequest,
) -> Result<(Vec<String>, bool), OAuthError> {
    let asked = claims.id_token.get("acr");
    if let Some(asked) = asked.filter(|asked| !asked.values.is_empty()) {
        let values = asked.values.iter().take(MOST_CLASSES).cloned().collect();
        return Ok((values, asked.essential));
    }
    let Some(text) = parameters.get("acr_values") else {
        return Ok((client.metadata.default_acr_values.clone(), false));
    };
    let values: Vec<String> = text
        .split(' ')
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect();
    if text.len() > LONGEST || values.len() > MOST_CLASSES {
        return Err(invalid("authorization.acr_values", "acr_values is too long"));
    }
    Ok((values, false))
}

/// A JWK thumbprint: 256 bits in base64url (RFC 9449 §10).
pub(super) fn dpop_jkt(parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    let Some(jkt) = parameters.get("dpop_jkt") else {
        return Ok(None);
    };
    if from_base64url(jkt).is_some_and(|bytes| bytes.len() == 32) {
        Ok(Some(jkt.to_owned()))
    } else {
        Err(invalid(
            "authorization.dpop_jkt",
            "dpop_jkt is not a JWK thumbprint",
        ))
    }
}
