//! The token exchange grant (RFC 8693 §2).

use super::TokenRequest;
use crate::log::Action;
use crate::oauth::exchange::{Asked, Refused, decide};
use crate::oauth::tokens::{ActiveToken, Granted, Issue, TokenResponse, inspect, issue};
use crate::oauth::{ErrorCode, OAuthError, Scope};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.token_exchange");

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Our access tokens are JWTs: whoever says so says nothing wrong.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

const fn malformed(id: &'static str, text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, text)
}

/// Exchanges a token.
pub async fn exchange(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = request;
    if client.is_public() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "exchange.public",
            "a public client exchanges no tokens",
        ));
    }
    if form
        .get("requested_token_type")
        .is_some_and(|asked| asked != ACCESS_TOKEN)
    {
        return Err(malformed(
            "exchange.requested_type",
            "only access tokens are given",
        ));
    }
    let subject = token(&request, "subject_token", "subject_token_type")
        .await?
        .ok_or(malformed("exchange.subject.missing", "subject_token is missing"))?;
    let actor = token(&request, "actor_token", "actor_token_type").await?;
    let asked = asked(&request)?;
    let policy = client.metadata.grants.token_exchange.as_ref();
    let actor_claims = actor.as_ref().map(|actor| actor.claims.as_ref());
    let exchange = decide(&client.id, policy, &subject.claims, actor_claims, &asked).map_err(refusal)?;
    // What is about another person's data is bound by its details, and exchanged tokens have none.
    let family = subject.family.as_deref();
    let family = family.filter(|family| family.details.about.is_none());
    let family = family.ok_or(refusal(Refused::Subject))?;
    let person = hub.people.by_id(&call.realm, family.person).await?;
    let person = person
        .filter(|person| person.may_sign_in())
        .ok_or(refusal(Refused::Subject))?;

    let mut entry = call
        .permit(ACTION)
        .subject(family.person)
        .session(family.details.signed_in_as)
        .client(client.id.clone())
        .detail("subject_client", subject.claims.client_id.clone())
        .detail("scope", exchange.scope.to_string())
        .detail("audience", exchange.audiences.join(" "));
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let granted = Granted {
        person: family.person,
        family: family.id,
        details: &family.details,
        nonce: None,
    };
    let new = Issue {
        resources: &exchange.audiences,
        granted: Some(&granted),
        binding: request.binding,
        act: Some(&exchange.act),
        ends: Some(exchange.ends),
        ..Issue::new(client, &exchange.scope)
    };
    let mut response = issue(hub, &call.realm, new).await?;
    response.issued_token_type = Some(ACCESS_TOKEN);
    Ok(response)
}

/// A token among the parameters, that is one of ours and carries now. A type without a token, or the other way round, is
/// an error (§2.1).
async fn token(
    request: &TokenRequest<'_>,
    name: &'static str,
    kind: &'static str,
) -> Result<Option<ActiveToken>, OAuthError> {
    let unacceptable = malformed(
        "exchange.token.type",
        "the type of a token is missing, or not one that is taken",
    );
    let (text, kind) = match (request.form.get(name), request.form.get(kind)) {
        (None, None) => return Ok(None),
        (Some(text), Some(kind)) => (text, kind),
        _ => return Err(unacceptable),
    };
    if kind != ACCESS_TOKEN && kind != JWT {
        return Err(unacceptable);
    }
    match inspect(request.hub, &request.call.realm, text).await {
        Ok(active) => Ok(Some(active)),
        Err(error) if error.code == ErrorCode::InvalidToken => Err(malformed(
            "exchange.token.invalid",
            "a token is none of ours, or carries no more",
        )),
        Err(error) => Err(error),
    }
}

fn asked(request: &TokenRequest<'_>) -> Result<Asked, OAuthError> {
    let form = request.form;
    let scope = match form.get("scope") {
        None => None,
        Some(scope) => Some(Scope::parse(scope).map_err(|_| refusal(Refused::Scope))?),
    };
    let audiences = form.all("audience").chain(form.all("resource"));
    Ok(Asked {
        scope,
        audiences: audiences.map(str::to_owned).collect(),
    })
}

const fn refusal(refused: Refused) -> OAuthError {
    match refused {
        Refused::NoPolicy => OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "exchange.policy",
            "nobody allowed this client to exchange tokens",
        ),
        Refused::Subject => malformed(
            "exchange.subject",
            "the subject token is not one that this client may exchange",
        ),
        Refused::MayAct => malformed(
            "exchange.may_act",
            "the subject token names somebody else who may act",
        ),
        Refused::Actor => malformed(
            "exchange.actor",
            "the actor token is not the client's own, or is one that was exchanged",
        ),
        Refused::Depth => malformed("exchange.depth", "the token went through too many hands"),
        Refused::Audience => OAuthError::new(
            ErrorCode::InvalidTarget,
            "exchange.audience",
            "an audience or resource is missing, or not one that this client may ask for",
        ),
        Refused::Scope => OAuthError::new(
            ErrorCode::InvalidScope,
            "exchange.scope",
            "scope is malformed, or wider than what may be exchanged",
        ),
    }
}
