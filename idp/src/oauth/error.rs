//! Errors of OAuth 2.0 (RFC 6749 §4.1.2.1, §5.2; OpenID Connect Core 1.0 §3.1.2.6; RFC 6750 §3.1; RFC 7591 §3.2.2;
//! RFC 8707 §2; RFC 9396 §5; RFC 9449 §5, §8).

/// A code that a specification defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// RFC 6749: a parameter is missing, doubled or malformed.
    InvalidRequest,
    /// RFC 6749: the client did not prove who it is.
    InvalidClient,
    /// RFC 6749: the code or token is used, over, another client's, or none.
    InvalidGrant,
    /// RFC 6749: the client may not use this grant or response type.
    UnauthorizedClient,
    /// RFC 6749: no such grant type here.
    UnsupportedGrantType,
    /// RFC 6749: no such response type here.
    UnsupportedResponseType,
    /// RFC 6749: the scope is malformed, unknown or too wide.
    InvalidScope,
    /// RFC 6749: the person said no.
    AccessDenied,
    /// RFC 6749: try again later.
    TemporarilyUnavailable,
    /// RFC 6585: a limit is reached. On the wire it has the code of RFC 6749 that says the same.
    TooManyRequests,
    /// RFC 6749: something broke here.
    ServerError,
    /// RFC 8628: the person has not answered yet.
    AuthorizationPending,
    /// RFC 8628: polled too soon.
    SlowDown,
    /// RFC 8628: the time of the code is over.
    ExpiredToken,
    /// CIBA: the hint names nobody whom the client may ask.
    UnknownUserId,
    /// CIBA: the message cannot be shown to a person.
    InvalidBindingMessage,
    /// CIBA: the time of the token that says who is meant is over.
    ExpiredLoginHintToken,
    /// CIBA: the person lets themselves be asked only by who brings their code.
    MissingUserCode,
    /// CIBA: the code is not the person's.
    InvalidUserCode,
    /// CIBA: the person allowed it, and there are no tokens all the same.
    TransactionFailed,
    /// OpenID Connect: `prompt=none` and nobody is signed in, or not recently enough.
    LoginRequired,
    /// OpenID Connect: `prompt=none` and the person was not asked yet.
    ConsentRequired,
    /// OpenID Connect: the person cannot prove themselves as the client asks.
    UnmetAuthenticationRequirements,
    /// RFC 9101: the request object, or the one that `request_uri` names, is refused.
    InvalidRequestObject,
    /// RFC 9101: `request_uri` leads to nothing.
    InvalidRequestUri,
    /// OpenID Connect: `request_uri` is not taken.
    RequestUriNotSupported,
    /// OpenID Connect: `registration` is not taken.
    RegistrationNotSupported,
    /// RFC 8707: a resource is unknown, or not one that the client may ask for.
    InvalidTarget,
    /// RFC 9396: details are malformed, of an unknown type, or wider than what was granted.
    InvalidAuthorizationDetails,
    /// RFC 9449: the proof is not one for this request.
    InvalidDpopProof,
    /// RFC 9449: the proof needs a nonce of ours.
    UseDpopNonce,
    /// RFC 6750: the token is used up, over, revoked or none of ours.
    InvalidToken,
    /// RFC 9470: the sign-in behind the token is worth too little here, or is too long ago.
    InsufficientUserAuthentication,
    /// RFC 6750: the token does not reach this far.
    InsufficientScope,
    /// RFC 7591: a redirect URI is refused.
    InvalidRedirectUri,
    /// RFC 7591: other metadata is refused.
    InvalidClientMetadata,
    /// RFC 7591: the software statement is none that holds.
    InvalidSoftwareStatement,
    /// RFC 7591: the software statement is not from somebody who is trusted here.
    UnapprovedSoftwareStatement,
}

impl ErrorCode {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::TemporarilyUnavailable | Self::TooManyRequests => "temporarily_unavailable",
            Self::ServerError => "server_error",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::UnknownUserId => "unknown_user_id",
            Self::InvalidBindingMessage => "invalid_binding_message",
            Self::ExpiredLoginHintToken => "expired_login_hint_token",
            Self::MissingUserCode => "missing_user_code",
            Self::InvalidUserCode => "invalid_user_code",
            Self::TransactionFailed => "transaction_failed",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidAuthorizationDetails => "invalid_authorization_details",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientUserAuthentication => "insufficient_user_authentication",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidSoftwareStatement => "invalid_software_statement",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
        }
    }
}

/// An error as the outside is told it. The description is static: nothing that was sent is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// The specification's code.
    pub code: ErrorCode,
    /// What is wrong, for the developer of the client.
    pub description: &'static str,
    /// Our stable id, for the access log.
    pub id: &'static str,
}

impl OAuthError {
    /// An error with its stable id (`token.code.replayed`) and a description.
    pub const fn new(code: ErrorCode, id: &'static str, description: &'static str) -> Self {
        Self {
            code,
            description,
            id,
        }
    }

    fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::error!(%cause, "a request could not be served");
        Self::new(
            ErrorCode::TemporarilyUnavailable,
            "unavailable",
            "the hub cannot answer at the moment; try again",
        )
    }
}

/// A part of the house did not answer: the caller is told to try again, and the operator's lines say why.
macro_rules! unavailable {
    ($($cause:ty),+ $(,)?) => {$(
        impl From<$cause> for OAuthError {
            fn from(cause: $cause) -> Self {
                Self::unavailable(&cause)
            }
        }
    )+};
}

unavailable!(
    crate::access::AccessError,
    crate::consent::ConsentError,
    crate::contracts::ContractError,
    crate::credentials::PasswordsError,
    crate::factors::FactorsError,
    crate::log::LogUnavailable,
    crate::mail::MailError,
    crate::numbers::NumbersError,
    crate::oauth::backchannel::BackchannelError,
    crate::oauth::clients::ClientsError,
    crate::oauth::families::FamilyError,
    crate::pages::UnknownZone,
    crate::people::PeopleError,
    crate::realms::RealmError,
    crate::sessions::SessionsError,
    crate::staff::StaffError,
    platform::database::DatabaseError,
    platform::entropy::EntropyFailed,
    platform::ephemeral::EphemeralError,
    platform::keys::KeyRingError,
    platform::keys::SigningKeyError,
    serde_json::Error,
);
