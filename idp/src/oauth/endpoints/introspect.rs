//! `POST /oauth/introspect` (RFC 7662), signed where the client asks for that, and encrypted where it registered for that
//! (RFC 9701).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use platform::keys::{NumericDate, TimeClaims};
use serde::Serialize;

use super::{answer, client_form};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::clients::AuthenticatedClient;
use crate::oauth::families::RefreshToken;
use crate::oauth::introspection::{Introspection, Standing, standing};
use crate::oauth::tokens::{Confirmation, Protection, inspect, protect, subject};
use crate::oauth::{ErrorCode, OAuthError};
use crate::people::Person;

const ACTION: Action = Action::new("token.introspect");
/// The media type of a signed answer, and as `typ` without its prefix (RFC 9701 §5).
const SIGNED: &str = "application/token-introspection+jwt";
const TYPE: &str = "token-introspection+jwt";

/// Why an answer says that the token is not active.
const UNKNOWN: &str = "introspect.unknown";
const STRANGER: &str = "introspect.stranger";

/// Says what a token is worth.
pub async fn introspect(State(hub): State<Shared>, call: Call) -> Response {
    let asked = match client_form::read(&hub, &call).await {
        Ok(asked) => asked,
        Err(refused) => return client_form::refuse(&hub, &call, ACTION, None, refused).await,
    };
    let missing = OAuthError::new(
        ErrorCode::InvalidRequest,
        "introspect.token.missing",
        "token is missing",
    );
    let client = &asked.client;
    let answered = match asked.parameters.get("token") {
        None => Err(missing),
        Some(token) => look(&hub, &call, client, token).await,
    };
    match answered {
        Ok(response) => response,
        Err(refused) => client_form::refuse(&hub, &call, ACTION, Some(client), refused).await,
    }
}

async fn look(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Response, OAuthError> {
    if let Some(offered) = RefreshToken::parse(&call.realm, token) {
        return look_at_refresh(hub, call, client, &offered).await;
    }
    look_at_access(hub, call, client, token).await
}

async fn look_at_access(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Response, OAuthError> {
    let active = match inspect(hub, &call.realm, token).await {
        Ok(active) => active,
        Err(error) if error.code == ErrorCode::InvalidToken => {
            return nothing(hub, call, client, UNKNOWN).await;
        }
        Err(error) => return Err(error),
    };
    let claims = &active.claims;
    let serves = &client.metadata.grants.serves;
    let is_audience = claims.aud.names(&client.id) || serves.iter().any(|one| claims.aud.names(one));
    if standing(client, &claims.client_id, is_audience) == Standing::Stranger {
        return nothing(hub, call, client, STRANGER).await;
    }
    let person = match &active.family {
        None => None,
        Some(family) => match hub.people.by_id(&call.realm, family.person).await? {
            Some(person) if person.may_sign_in() => Some(person),
            _ => return nothing(hub, call, client, UNKNOWN).await,
        },
    };
    let mut entry = about(call, client, person.as_deref());
    entry.session = active.family.as_ref().map(|family| family.details.signed_in_as);
    hub.record(entry).await?;
    let named = active.scope.has("profile") && client.scope.has("profile");
    let answer = Introspection::Access {
        active: true,
        token_type: match claims.cnf {
            Some(Confirmation::Key(_)) => "DPoP",
            Some(Confirmation::Certificate(_)) | None => "Bearer",
        },
        username: person
            .as_deref()
            .filter(|_| named)
            .map(|person| person.profile.login.as_str()),
        claims,
    };
    render(hub, call, client, &answer).await
}

/// A refresh token: its own client learns of it, as long as it can be used.
async fn look_at_refresh(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    offered: &RefreshToken,
) -> Result<Response, OAuthError> {
    let realm = &call.realm;
    let Some((family, true)) = hub.families.of_token(realm, offered).await? else {
        return nothing(hub, call, client, UNKNOWN).await;
    };
    if standing(client, &family.client_id, false) != Standing::Own {
        return nothing(hub, call, client, STRANGER).await;
    }
    let over = match family.sid {
        Some(sid) => !hub.sessions.is_live(realm, sid).await?,
        None => false,
    };
    let person = hub.people.by_id(realm, family.person).await?;
    let Some(person) =
        person.filter(|person| person.may_sign_in() && family.is_live(hub.clock.now()) && !over)
    else {
        return nothing(hub, call, client, UNKNOWN).await;
    };
    hub.record(about(call, client, Some(&person)).session(family.details.signed_in_as))
        .await?;
    let sub = subject(realm, family.person, client);
    let answer = Introspection::Refresh {
        active: true,
        iss: &realm.issuer,
        sub: &sub,
        client_id: &family.client_id,
        scope: family.scope.to_string(),
        exp: NumericDate(family.expires_at),
        username: family
            .scope
            .has("profile")
            .then_some(person.profile.login.as_str()),
    };
    render(hub, call, client, &answer).await
}

fn about(call: &Call, client: &AuthenticatedClient, person: Option<&Person>) -> Entry {
    let mut entry = call.permit(ACTION).client(client.id.clone());
    if let Some(person) = person {
        entry.subject = Some(person.id);
        entry.key = person.key.clone();
    }
    entry
}

/// The same answer for what is not there and for what the client may not know; the log tells them apart.
async fn nothing(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    because: &'static str,
) -> Result<Response, OAuthError> {
    hub.record(call.deny(ACTION, because).client(client.id.clone()))
        .await?;
    render(hub, call, client, &Introspection::INACTIVE).await
}

/// The claims of a signed answer (RFC 9701 §5): neither `sub` nor `exp`, so that it can be no token itself.
#[derive(Serialize)]
struct Signed<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(flatten)]
    times: TimeClaims,
    token_introspection: &'a Introspection<'a>,
}

async fn render(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    introspection: &Introspection<'_>,
) -> Result<Response, OAuthError> {
    if !call.header(&ACCEPT).is_some_and(wants_signed) {
        return Ok(answer::json(StatusCode::OK, introspection));
    }
    let claims = Signed {
        iss: &call.realm.issuer,
        aud: &client.id,
        times: TimeClaims {
            iat: Some(NumericDate(hub.clock.now())),
            ..TimeClaims::default()
        },
        token_introspection: introspection,
    };
    let members = &client.metadata.grants;
    let protection = Protection {
        algorithm: members.introspection_signed_response_alg,
        typ: Some(TYPE),
        encryption: members.introspection_encrypted_response_alg.map(|alg| {
            (
                alg,
                members.introspection_encrypted_response_enc.unwrap_or_default(),
            )
        }),
    };
    let token = protect(hub, &call.realm, client, protection, &claims).await?;
    let mut response = Response::new(Body::from(token));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(SIGNED));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Whether `Accept` names the media type of signed answers and does not rule it out.
fn wants_signed(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(SIGNED));
        named && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_answer_is_given_to_who_names_its_media_type() {
        for accept in [
            "application/token-introspection+jwt",
            "application/json;q=0.5, Application/Token-Introspection+JWT;q=1",
        ] {
            assert!(wants_signed(accept), "{accept}");
        }
        for accept in [
            "*/*",
            "application/json",
            "application/*",
            "application/jwt",
            "application/token-introspection+jwt;q=0",
        ] {
            assert!(!wants_signed(accept), "{accept}");
        }
    }
}
