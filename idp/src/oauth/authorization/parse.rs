//! From parameters to a request. Who may be told about an error depends on how far the request got.

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::from_base64url;
use platform::http::{Parameters, ParametersError};

use super::model::{AuthorizationRequest, Pkce, Prompt};
use crate::oauth::clients::{AuthMethod, Client, GrantType, RedirectVerified};
use crate::oauth::{ErrorCode, OAuthError, Scope, authorization_details, resources};

/// Why there is no request. Only the second kind holds a place that an answer may be sent to.
#[derive(Debug)]
pub enum Refusal {
    /// The person is told by a page.
    Page(OAuthError),
    /// The client is told at its redirect URI.
    Redirect {
        /// Where.
        redirect: RedirectVerified,
        /// Returned as it came.
        state: Option<String>,
        /// What.
        error: OAuthError,
    },
}

/// The longest value that is carried through (`state`, `nonce`).
const LONGEST: usize = 2048;
/// How many classes of sign-in a request may name.
const MOST_CLASSES: usize = 20;

fn invalid(id: &'static str, description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, description)
}

impl From<ParametersError> for Refusal {
    fn from(_: ParametersError) -> Self {
        Self::Page(invalid(
            "authorization.parameters",
            "a parameter is doubled or not UTF-8",
        ))
    }
}

/// Reads a request of `client` at the realm of `issuer`. `hinted` gives the subject of an `id_token_hint`.
pub fn parse(
    parameters: &Parameters,
    client: &Client,
    issuer: &str,
    hinted: impl FnOnce(&str) -> Option<String>,
    now: Instant,
) -> Result<(AuthorizationRequest, RedirectVerified), Refusal> {
    let redirect =
        RedirectVerified::verify(client, parameters.get("redirect_uri")).ok_or(Refusal::Page(invalid(
            "authorization.redirect_uri",
            "the redirect URI is missing or is not one that the client registered",
        )))?;
    let state = parameters.get("state").map(str::to_owned);
    match read(parameters, (client, issuer), &redirect, hinted, now) {
        Ok(request) => Ok((request, redirect)),
        Err(error) => Err(Refusal::Redirect {
            redirect,
            state,
            error,
        }),
    }
}

fn read(
    parameters: &Parameters,
    (client, issuer): (&Client, &str),
    redirect: &RedirectVerified,
    hinted: impl FnOnce(&str) -> Option<String>,
    now: Instant,
) -> Result<AuthorizationRequest, OAuthError> {
    refuse_unsupported(parameters)?;
    match parameters.get("response_type") {
        Some("code") if client.may_use(GrantType::AuthorizationCode) => {}
        Some("code") => {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "authorization.grant",
                "the client did not register for the authorization code grant",
            ));
        }
        Some(_) => {
            return Err(OAuthError::new(
                ErrorCode::UnsupportedResponseType,
                "authorization.response_type",
                "the only response type is code",
            ));
        }
        None => return Err(invalid("authorization.response_type", "response_type is missing")),
    }
    let bounded = |name: &str| match parameters.get(name) {
        Some(value) if value.len() > LONGEST => {
            Err(invalid("authorization.too_long", "a parameter is too long"))
        }
        value => Ok(value.map(str::to_owned)),
    };
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: redirect.uri().to_owned(),
        redirect_uri_given: parameters.get("redirect_uri").is_some(),
        scope: scope(parameters, client)?,
        state: bounded("state")?,
        nonce: bounded("nonce")?,
        pkce: pkce(parameters, client)?,
        prompt: prompt(parameters.get("prompt").unwrap_or_default())?,
        max_age: max_age(parameters, client)?,
        hinted: id_token_hint(parameters, hinted)?,
        login_hint: parameters
            .get("login_hint")
            .map(|hint| hint.chars().take(128).collect()),
        ui_locales: parameters
            .get("ui_locales")
            .map(|locales| locales.chars().take(200).collect()),
        acr_values: acr_values(parameters, client)?,
        acr_essential: false,
        asked_at: now,
        resources: resources::read(parameters, client, issuer)?,
        authorization_details: authorization_details::read(parameters, client)?,
        dpop_jkt: dpop_jkt(parameters)?,
    })
}

fn refuse_unsupported(parameters: &Parameters) -> Result<(), OAuthError> {
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return Err(OAuthError::new(
                code,
                "authorization.unsupported",
                "request objects are not taken here",
            ));
        }
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(invalid(
            "authorization.response_mode",
            "the only response mode is query",
        )),
    }
}

/// Scopes that the client may not have are left out (RFC 6749 §3.3); what is left must not be empty.
fn scope(parameters: &Parameters, client: &Client) -> Result<Scope, OAuthError> {
    let wrong = |description| OAuthError::new(ErrorCode::InvalidScope, "authorization.scope", description);
    let asked =
        Scope::parse(parameters.get("scope").unwrap_or_default()).map_err(|_| wrong("scope is malformed"))?;
    let mut granted = asked.intersection(&client.scope);
    if !client.may_use(GrantType::RefreshToken) {
        // Nothing would come of it (OpenID Connect Core 1.0 §11).
        granted = granted.filtered(|scope| scope != "offline_access");
    }
    if granted.is_empty() {
        return Err(wrong(
            "none of the scopes asked for is one that the client may have",
        ));
    }
    Ok(granted)
}

/// Public clients must use PKCE (RFC 9700 §2.1.1); `plain` is never taken, so there is nothing to downgrade to.
fn pkce(parameters: &Parameters, client: &Client) -> Result<Option<Pkce>, OAuthError> {
    let wrong = |description| Err(invalid("authorization.pkce", description));
    match (
        parameters.get("code_challenge"),
        parameters.get("code_challenge_method"),
    ) {
        (None, None) if client.metadata.token_endpoint_auth_method == AuthMethod::None => {
            wrong("a public client must send a code_challenge")
        }
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) => match Pkce::new(challenge) {
            Some(pkce) => Ok(Some(pkce)),
            None => wrong("code_challenge is not the SHA-256 of a verifier"),
        },
        _ => wrong("code_challenge goes with code_challenge_method S256"),
    }
}

fn prompt(text: &str) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    for value in text.split(' ').filter(|value| !value.is_empty()) {
        match value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => {
                return Err(invalid(
                    "authorization.prompt",
                    "prompt has a value that is not known",
                ));
            }
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
        return Err(invalid("authorization.prompt", "prompt none stands alone"));
    }
    Ok(prompt)
}

/// A JWK thumbprint: 256 bits in base64url (RFC 9449 §10).
fn dpop_jkt(parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    match parameters.get("dpop_jkt") {
        None => Ok(None),
        Some(jkt) if from_base64url(jkt).is_some_and(|bytes| bytes.len() == 32) => Ok(Some(jkt.to_owned())),
        Some(_) => Err(invalid(
            "authorization.dpop_jkt",
            "dpop_jkt is not a JWK thumbprint",
        )),
    }
}

fn max_age(parameters: &Parameters, client: &Client) -> Result<Option<Duration>, OAuthError> {
    let seconds = match parameters.get("max_age") {
        None => client.metadata.default_max_age,
        Some(text) => Some(
            text.parse::<u64>()
                .map_err(|_| invalid("authorization.max_age", "max_age is a number of seconds"))?,
        ),
    };
    Ok(seconds.map(Duration::from_secs))
}

/// Classes of sign-in, as the request or else the client's registration names them.
fn acr_values(parameters: &Parameters, client: &Client) -> Result<Vec<String>, OAuthError> {
    let Some(text) = parameters.get("acr_values") else {
        return Ok(client.metadata.default_acr_values.clone());
    };
    let values: Vec<String> = text
        .split(' ')
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect();
    if text.len() > LONGEST || values.len() > MOST_CLASSES {
        return Err(invalid("authorization.acr_values", "acr_values is too long"));
    }
    Ok(values)
}

fn id_token_hint(
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
