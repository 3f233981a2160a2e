//! Who is meant (CIBA §7.1): by a name, by an ID token from here, or by a token that the client made.
//!
//! A `login_hint_token` is a JWT that the client signs with one of its registered keys:
//!
//! | claim | is |
//! |---|---|
//! | `iss` | the `client_id` |
//! | `aud` | the issuer of the realm |
//! | `exp` | required, at most an hour ahead; afterwards the answer is `expired_login_hint_token` |
//! | `sub_id` | a subject identifier of RFC 9493: `iss_sub` (the person as this client knows them), `email` (an address that its owner confirmed) or `opaque` (`id` is the login name) |
//!
//! `typ` is `login-hint+jwt`, or absent. It only names somebody: what it costs to use it twice is what any hint costs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use platform::keys::{
    AlgorithmSet, RequiredType, TimeClaims, TimeError, TimeRules, VerificationPolicy, validate_times,
};
use serde::Deserialize;

use crate::hub::Hub;
use crate::oauth::clients::{Client, keys};
use crate::oauth::logout::Hint as IdTokenHint;
use crate::oauth::tokens::subject;
use crate::oauth::{Audience, ErrorCode, OAuthError};
use crate::people::{IdentifierKind, Person};
use crate::realms::Realm;

const TYPE: &str = "login-hint+jwt";
const RULES: TimeRules = TimeRules {
    require_exp: true,
    leeway: Duration::from_secs(10),
    max_lifetime: Some(Duration::from_hours(1)),
};

const ID_TOKEN: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "backchannel.id_token_hint",
    "id_token_hint is not an ID token of ours for this client",
);
const TOKEN: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "backchannel.login_hint_token",
    "login_hint_token is not one that this client signed, for this hub, with a subject identifier that is taken",
);
const EXPIRED: OAuthError = OAuthError::new(
    ErrorCode::ExpiredLoginHintToken,
    "backchannel.login_hint_token.expired",
    "the login_hint_token has expired",
);

/// A hint as it came. It prints its kind.
#[derive(PartialEq, Eq)]
pub enum Hint {
    /// `login_hint`: a login name or an e-mail address.
    Login(String),
    /// `id_token_hint`.
    IdToken(String),
    /// `login_hint_token`.
    Token(String),
}

impl fmt::Debug for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Login(_) => "Login",
            Self::IdToken(_) => "IdToken",
            Self::Token(_) => "Token",
        })
    }
}

/// Whom a hint names.
#[derive(Debug, PartialEq, Eq)]
pub enum Meant {
    /// Whoever has this name.
    Named(IdentifierKind, String),
    /// Whom the client knows by this subject.
    Known(String),
    /// Nobody here.
    Nobody,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    #[serde(flatten)]
    times: TimeClaims,
    sub_id: SubjectIdentifier,
}

/// The formats of RFC 9493 §3.2 that are taken.
#[derive(Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
enum SubjectIdentifier {
    IssSub { iss: String, sub: String },
    Email { email: String },
    Opaque { id: String },
}

/// Reads a hint: what is not one is an error, whether or not there is anybody whom it names.
pub async fn read(hub: &Hub, realm: &Realm, client: &Client, hint: &Hint) -> Result<Meant, OAuthError> {
    match hint {
        Hint::Login(name) => Ok(named(name)),
        Hint::IdToken(token) => {
            let keys = hub.keys.hint_keys(realm.id).await?;
            match IdTokenHint::read(token, &keys, &realm.issuer) {
                IdTokenHint::Ours(claims) if claims.aud == client.id => Ok(Meant::Known(claims.sub)),
                _ => Err(ID_TOKEN),
            }
        }
        Hint::Token(token) => {
            let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtAbsentOr(TYPE));
            let verified = keys::verify(hub, realm, client, token, &policy).await;
            let claims: Claims = verified.map_err(|_| TOKEN)?.claims().map_err(|_| TOKEN)?;
            if claims.iss != client.id || !claims.aud.names(&realm.issuer) {
                return Err(TOKEN);
            }
            match validate_times(&claims.times, hub.clock.now(), &RULES) {
                Ok(()) => Ok(meant(claims.sub_id, &realm.issuer)),
                Err(TimeError::Expired) => Err(EXPIRED),
                Err(_) => Err(TOKEN),
            }
        }
    }
}

fn named(name: &str) -> Meant {
    let kind = if name.contains('@') {
        IdentifierKind::Email
    } else {
        IdentifierKind::Login
    };
    Meant::Named(kind, name.to_owned())
}

fn meant(identifier: SubjectIdentifier, issuer: &str) -> Meant {
    match identifier {
        SubjectIdentifier::IssSub { iss, sub } if iss == issuer => Meant::Known(sub),
        SubjectIdentifier::IssSub { .. } => Meant::Nobody,
        SubjectIdentifier::Email { email } => Meant::Named(IdentifierKind::Email, email),
        SubjectIdentifier::Opaque { id } => Meant::Named(IdentifierKind::Login, id),
    }
}

/// The person who is meant, if they may sign in, and if an address that names them is theirs.
pub async fn find(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    meant: &Meant,
) -> Result<Option<Arc<Person>>, OAuthError> {
    let found = match meant {
        Meant::Nobody => None,
        Meant::Named(kind, name) => {
            let found = hub.people.by_identifier(realm, *kind, name).await?;
            found
                .filter(|person| *kind == IdentifierKind::Login || person.profile.email_verified)
                .map(Arc::new)
        }
        Meant::Known(sub) => match hub.consents.person_of(realm, &client.id, sub).await? {
            None => None,
            // What was written down may be of another time of the client: the subject says so itself.
            Some(id) if subject(realm, id, client) != *sub => None,
            Some(id) => hub.people.by_id(realm, id).await?,
        },
    };
    Ok(found.filter(|person| person.may_sign_in()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(identifier: Value) -> Option<Meant> {
        let identifier = serde_json::from_value(identifier).ok()?;
        Some(meant(identifier, "https://id.example"))
    }

    #[test]
    fn a_subject_identifier_names_somebody_in_one_of_three_ways() {
        let known = |iss: &str| of(json!({"format": "iss_sub", "iss": iss, "sub": "s"}));
        assert_eq!(known("https://id.example"), Some(Meant::Known("s".to_owned())));
        assert_eq!(known("https://else.example"), Some(Meant::Nobody));
        assert_eq!(
            of(json!({"format": "email", "email": "h@example.jp"})),
            Some(Meant::Named(IdentifierKind::Email, "h@example.jp".to_owned()))
        );
        assert_eq!(
            of(json!({"format": "opaque", "id": "hanako"})),
            Some(Meant::Named(IdentifierKind::Login, "hanako".to_owned()))
        );
        for other in [
            json!({"format": "phone_number", "phone_number": "+81300000000"}),
            json!({"format": "email"}),
            json!({"id": "hanako"}),
            json!("hanako"),
        ] {
            assert_eq!(of(other.clone()), None, "{other}");
        }
    }
}
