//! What a client asks to be registered as: its body, with what others vouch for, within the realm's policy.

use std::sync::Arc;

use platform::json::parse_unique;
use serde_json::Value;

use crate::http::Call;
use crate::hub::Hub;
use crate::oauth::clients::sector::{self, SectorError};
use crate::oauth::clients::{InvalidMetadata, Metadata};
use crate::oauth::registration::{DEFAULT, Policy, Statement, StatementError, verify};
use crate::oauth::{ErrorCode, OAuthError};

const STATEMENT: &str = "software_statement";

/// What is to be registered.
pub(super) struct Requested {
    pub metadata: Metadata,
    /// The statement that vouches for a part of it.
    pub statement: Option<String>,
}

/// The policy of that name; the one for everybody if there is no name. `None`: it was removed.
pub(super) async fn policy(
    hub: &Hub,
    call: &Call,
    name: Option<&str>,
) -> Result<Option<Arc<Policy>>, OAuthError> {
    let found = hub.policies.find(&call.realm, name.unwrap_or(DEFAULT)).await?;
    Ok(found.or_else(|| name.is_none().then(Arc::default)))
}

/// What the body asks for. `kept`: the statement that vouches for the client already; what it says stays said.
pub(super) async fn requested(
    hub: &Hub,
    call: &Call,
    policy: &Policy,
    kept: Option<&str>,
) -> Result<Requested, OAuthError> {
    if !call.is_json() {
        return Err(invalid("the request is application/json"));
    }
    let mut body = parse_unique(&call.body)
        .map_err(|_| invalid("the body is not JSON in which every member occurs once"))?;
    let members = body
        .as_object_mut()
        .ok_or_else(|| invalid("client metadata is a JSON object"))?;
    let statement = statement(hub, call, policy, members.remove(STATEMENT), kept).await?;
    let body = statement
        .as_ref()
        .map_or_else(|| body.clone(), |statement| statement.over(&body));
    let metadata = Metadata::from_json(&body, call.realm.secure).map_err(refused)?;
    let metadata = policy.apply(metadata).map_err(|error| refused(error.into()))?;
    in_sector(hub, call, &metadata).await?;
    Ok(Requested {
        metadata,
        statement: statement.map(|statement| statement.text),
    })
}

async fn statement(
    hub: &Hub,
    call: &Call,
    policy: &Policy,
    given: Option<Value>,
    kept: Option<&str>,
) -> Result<Option<Statement>, OAuthError> {
    let given = match given {
        Some(Value::String(text)) => Some(text),
        None | Some(Value::Null) => None,
        Some(_) => return Err(statement_error(StatementError::Invalid)),
    };
    if let (None, Some(kept)) = (&given, kept) {
        return Ok(Statement::known(kept));
    }
    verify(hub, &call.realm, policy, given.as_deref())
        .await
        .map_err(statement_error)
}

/// The document behind `sector_identifier_uri` names every redirect URI (OpenID Connect Registration 1.0 §5): else a client
/// could join the sector of another, and learn the subjects there.
async fn in_sector(hub: &Hub, call: &Call, metadata: &Metadata) -> Result<(), OAuthError> {
    let Some(uri) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    match sector::check(&hub.outbound, call.realm.reach(), uri, metadata).await {
        Ok(()) => Ok(()),
        Err(SectorError::Unavailable) => Err(invalid(
            "the document at sector_identifier_uri could not be fetched",
        )),
        Err(SectorError::NotIn) => Err(invalid(
            "the document at sector_identifier_uri does not name every redirect URI",
        )),
    }
}

fn refused(error: InvalidMetadata) -> OAuthError {
    match error {
        InvalidMetadata::RedirectUri(text) => {
            OAuthError::new(ErrorCode::InvalidRedirectUri, "registration.redirect_uri", text)
        }
        InvalidMetadata::Other(text) => invalid(text),
    }
}

fn statement_error(error: StatementError) -> OAuthError {
    match error {
        StatementError::Missing => OAuthError::new(
            ErrorCode::InvalidSoftwareStatement,
            "registration.statement.missing",
            "a software statement is needed to register here",
        ),
        StatementError::Invalid => OAuthError::new(
            ErrorCode::InvalidSoftwareStatement,
            "registration.statement.invalid",
            "the software statement is malformed, over, not for this server, or not signed by its issuer",
        ),
        StatementError::Unapproved => OAuthError::new(
            ErrorCode::UnapprovedSoftwareStatement,
            "registration.statement.unapproved",
            "the issuer of the software statement is not trusted here",
        ),
        StatementError::Unavailable => OAuthError::new(
            ErrorCode::InvalidSoftwareStatement,
            "registration.statement.keys",
            "the keys of the software statement's issuer could not be fetched",
        ),
    }
}

/// Metadata that is refused.
pub(super) fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidClientMetadata,
        "registration.metadata",
        description,
    )
}
