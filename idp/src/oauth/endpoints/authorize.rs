//! `GET|POST /oauth/authorize` (OpenID Connect Core 1.0 §3.1.2) and `GET /oauth/continue`, where a request goes on after
//! the person signed in or answered.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::FamilyId;
use crate::log::Action;
use crate::oauth::authorization::{
    AuthorizationRequest, CodeGrant, Codes, Interaction, Interactions, Refusal, Standing, Step, next_step,
    parse,
};
use crate::oauth::clients::{Client, RedirectVerified};
use crate::oauth::tokens::{read_hint, subject};
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::ErrorKind;
use crate::realms::Realm;
use crate::signin::{SignedIn, signed_in};

const ISSUE: Action = Action::new("authorization.issue");
const REFUSE: Action = Action::new("authorization.refuse");

/// A request in the query.
pub async fn by_query(State(hub): State<Shared>, call: Call) -> Response {
    let parameters = call.query();
    begin(&hub, &call, parameters.map_err(Refusal::from)).await
}

/// A request in a form.
pub async fn by_form(State(hub): State<Shared>, call: Call) -> Response {
    let malformed = OAuthError::new(
        ErrorCode::InvalidRequest,
        "authorization.form",
        "the request is not a form",
    );
    let parameters = call.form().ok_or(Refusal::Page(malformed));
    begin(
        &hub,
        &call,
        parameters.and_then(|form| form.map_err(Refusal::from)),
    )
    .await
}

async fn begin(hub: &Hub, call: &Call, parameters: Result<Parameters, Refusal>) -> Response {
    let asked = parameters
        .as_ref()
        .ok()
        .and_then(|parameters| parameters.get("ui_locales"));
    let Ok(view) = View::new(hub, call, asked) else {
        return unavailable();
    };
    let parsed = match parameters {
        Ok(parameters) => read(hub, call, &parameters).await,
        Err(refusal) => Err(refusal),
    };
    match parsed {
        Ok((request, redirect, client)) => proceed(hub, view, &request, &redirect, &client, None).await,
        Err(refusal) => refuse(hub, view, refusal).await,
    }
}

async fn read(
    hub: &Hub,
    call: &Call,
    parameters: &Parameters,
) -> Result<(AuthorizationRequest, RedirectVerified, Arc<Client>), Refusal> {
    let unknown = Refusal::Page(OAuthError::new(
        ErrorCode::InvalidClient,
        "authorization.client",
        "client_id is missing or is not one of a client here",
    ));
    let Some(client_id) = parameters.get("client_id") else {
        return Err(unknown);
    };
    let found = hub.clients.find(&call.realm, client_id).await;
    let client = found
        .map_err(|error| Refusal::Page(error.into()))?
        .ok_or(unknown)?;
    let keys = hub
        .keys
        .verification_keys(call.realm.id)
        .await
        .map_err(|error| Refusal::Page(error.into()))?;
    let hinted = |hint: &str| {
        let claims = read_hint(hint, &keys, &call.realm.issuer)?;
        (claims.aud == client.id).then_some(claims.sub)
    };
    let (request, redirect) = parse(parameters, &client, hinted, hub.clock.now())?;
    Ok((request, redirect, client))
}

/// Goes on with a request that waited.
pub async fn go_on(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.error(ErrorKind::BadRequest, "request.query");
    };
    let id = query.get("interaction").unwrap_or_default();
    let found = Interactions::new(&hub.ephemeral, &call.realm)
        .find(id, Some(view.browser()))
        .await;
    let interaction = match found {
        Ok(Some(interaction)) => interaction,
        Ok(None) => return view.error(ErrorKind::SessionExpired, "authorization.interaction.unknown"),
        Err(error) => return view.oauth_error(error),
    };
    match reopen(&hub, &call.realm, &interaction).await {
        Ok((client, redirect)) => {
            proceed(
                &hub,
                view,
                &interaction.request,
                &redirect,
                &client,
                Some((id, &interaction)),
            )
            .await
        }
        Err(error) => view.oauth_error(error),
    }
}

/// The client of a request that waited, with its redirect URI verified again: it may have changed since.
pub async fn reopen(
    hub: &Hub,
    realm: &Realm,
    interaction: &Interaction,
) -> Result<(Arc<Client>, RedirectVerified), OAuthError> {
    let gone = OAuthError::new(
        ErrorCode::InvalidClient,
        "authorization.client.gone",
        "the client is not here any more",
    );
    let request = &interaction.request;
    let found = hub.clients.find(realm, &request.client_id).await?;
    let client = found.ok_or(gone)?;
    let redirect = RedirectVerified::verify(&client, Some(&request.redirect_uri)).ok_or(gone)?;
    Ok((client, redirect))
}

async fn proceed(
    hub: &Hub,
    view: View<'_>,
    request: &AuthorizationRequest,
    redirect: &RedirectVerified,
    client: &Client,
    waiting: Option<(&str, &Interaction)>,
) -> Response {
    match step(hub, &view, request, client, waiting).await {
        Ok((Step::SignIn { .. }, _)) => wait(hub, view, request, waiting, "/signin").await,
        Ok((Step::Consent, _)) => wait(hub, view, request, waiting, "/oauth/consent").await,
        Ok((Step::Refuse(code), _)) => {
            let error = OAuthError::new(
                code,
                "authorization.prompt_none",
                "the person must be asked, and may not be",
            );
            let refusal = Refusal::Redirect {
                redirect: redirect.clone(),
                state: request.state.clone(),
                error,
            };
            refuse(hub, view, refusal).await
        }
        Ok((Step::Issue, Some(who))) => {
            // Of two answers to one interaction, only one can take it.
            if let Some((id, _)) = waiting {
                let interactions = Interactions::new(&hub.ephemeral, &view.call.realm);
                match interactions.take(id, Some(view.browser())).await {
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        return view.error(ErrorKind::SessionExpired, "authorization.interaction.used");
                    }
                    Err(error) => return view.oauth_error(error),
                }
            }
            match issue(hub, view.call, request, client, &who).await {
                Ok(code) => {
                    let location = answer(
                        &view.call.realm,
                        redirect,
                        request.state.as_deref(),
                        &[("code", &code)],
                    );
                    view.redirect(&location)
                }
                Err(error) => view.oauth_error(error),
            }
        }
        Ok((Step::Issue, None)) => view.error(ErrorKind::SessionExpired, "authorization.session"),
        Err(error) => view.oauth_error(error),
    }
}

async fn step(
    hub: &Hub,
    view: &View<'_>,
    request: &AuthorizationRequest,
    client: &Client,
    waiting: Option<(&str, &Interaction)>,
) -> Result<(Step, Option<SignedIn>), OAuthError> {
    let realm = &view.call.realm;
    let who = signed_in(hub, view.call).await?;
    let consented = match &who {
        Some(who) => hub.consents.scope(realm, who.person.id, &client.id).await?,
        None => Arc::default(),
    };
    let known_as = who.as_ref().map(|who| subject(realm, who.person.id, client));
    let standing = Standing {
        session: who.as_ref().map(|who| who.session.as_ref()),
        subject: known_as.as_deref(),
        consented: &consented,
        asked_now: waiting.is_some_and(|(_, interaction)| interaction.asked_now),
    };
    Ok((next_step(request, &standing, hub.clock.now()), who))
}

/// Lets the request wait for the person, who is sent to `page`.
async fn wait(
    hub: &Hub,
    view: View<'_>,
    request: &AuthorizationRequest,
    waiting: Option<(&str, &Interaction)>,
    page: &str,
) -> Response {
    let id = match waiting {
        Some((id, _)) => Ok(id.to_owned()),
        None => {
            Interactions::new(&hub.ephemeral, &view.call.realm)
                .begin(&hub.entropy, view.browser(), request.clone())
                .await
        }
    };
    match id {
        Ok(id) => view.redirect(&format!("{page}?interaction={id}")),
        Err(error) => view.oauth_error(error),
    }
}

async fn issue(
    hub: &Hub,
    call: &Call,
    request: &AuthorizationRequest,
    client: &Client,
    who: &SignedIn,
) -> Result<String, OAuthError> {
    let session = &who.session;
    let grant = CodeGrant {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        person: who.person.id,
        sid: session.sid,
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        pkce: request.pkce.clone(),
        authenticated_at: session.authenticated_at,
        amr: session.amr.clone(),
        wants_auth_time: request.max_age.is_some() || client.metadata.require_auth_time,
        family: FamilyId::new(&hub.entropy, hub.clock.now())?,
    };
    let mut entry = call
        .permit(ISSUE)
        .person(who.person.id)
        .session(session.sid)
        .client(client.id.clone());
    entry.key = who.person.key.clone();
    hub.record(entry).await?;
    let life = Duration::from_secs(hub.settings.tokens.code_seconds.min(600));
    Codes::new(&hub.ephemeral, &call.realm)
        .issue(&hub.entropy, &grant, life)
        .await
}

/// Where an answer goes: the verified redirect URI with the parameters, `state` and `iss` (RFC 9207).
fn answer(
    realm: &Realm,
    redirect: &RedirectVerified,
    state: Option<&str>,
    parameters: &[(&str, &str)],
) -> String {
    let mut all = parameters.to_vec();
    if let Some(state) = state {
        all.push(("state", state));
    }
    all.push(("iss", &realm.issuer));
    redirect.with(&all)
}

/// Tells whoever may be told that there will be no code.
pub async fn refuse(hub: &Hub, view: View<'_>, refusal: Refusal) -> Response {
    let error = match &refusal {
        Refusal::Page(error) | Refusal::Redirect { error, .. } => *error,
    };
    if let Err(unavailable) = hub.record(view.call.deny(REFUSE, error.id)).await {
        return view.oauth_error(unavailable);
    }
    match refusal {
        Refusal::Page(error) => view.oauth_error(error),
        Refusal::Redirect {
            redirect,
            state,
            error,
        } => {
            let parameters = [
                ("error", error.code.as_str()),
                ("error_description", error.description),
            ];
            let location = answer(&view.call.realm, &redirect, state.as_deref(), &parameters);
            view.redirect(&location)
        }
    }
}
