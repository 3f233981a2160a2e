//! `GET|POST /oauth/authorize` (OpenID Connect Core 1.0 §3.1.2) and `GET /oauth/continue`, where a request goes on after
//! the person signed in or answered.

mod deliver;
mod issue;
pub(in crate::oauth::endpoints) mod source;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use platform::ephemeral::Slot;

use self::deliver::Tells;
pub use self::deliver::{About, refuse};
use crate::credentials::Level;
use crate::factors::reachable;
use crate::http::pages::{see_other, unavailable};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::authorization::{
    AuthorizationRequest, Destination, Interaction, Interactions, PushedRequests, Refusal, Standing, Step,
    next_step,
};
use crate::oauth::authorization_details::others;
use crate::oauth::clients::{AuthMethod, Client, RedirectVerified};
use crate::oauth::consents::{Recipient, implicit};
use crate::oauth::tokens::subject;
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::ErrorKind;
use crate::realms::Realm;
use crate::signin::{SignedIn, signed_in};

const INTERACTIONS_COUNTED_FOR: Duration = Duration::from_mins(30);

/// A request in the query.
pub async fn by_query(State(hub): State<Shared>, call: Call) -> Response {
    let parameters = call.query();
    begin(&hub, &call, parameters.map_err(Refusal::from)).await
}

/// A request in a form: the browser asks again by query, since it sends no cookies of ours with a form of another site.
pub async fn by_form(State(hub): State<Shared>, call: Call) -> Response {
    let malformed = OAuthError::new(
        ErrorCode::InvalidRequest,
        "authorization.form",
        "the request is not a form",
    );
    let parameters = call.form().ok_or(Refusal::Page(malformed));
    match parameters.and_then(|form| form.map_err(Refusal::from)) {
        Ok(form) => see_other(&format!("/oauth/authorize?{}", form.to_query())),
        Err(refusal) => begin(&hub, &call, Err(refusal)).await,
    }
}

async fn begin(hub: &Hub, call: &Call, parameters: Result<platform::http::Parameters, Refusal>) -> Response {
    let asked = parameters
        .as_ref()
        .ok()
        .and_then(|parameters| parameters.get("ui_locales"));
    let Ok(view) = View::new(hub, call, asked) else {
        return unavailable();
    };
    let parsed = match parameters {
        Ok(parameters) => source::read(hub, call, &parameters).await,
        Err(refusal) => Err((refusal, None)),
    };
    match parsed {
        Ok((request, to, client)) => proceed(hub, view, &request, &to, &client, None).await,
        Err((refusal, client)) => {
            let about = About {
                client: client.as_deref(),
                ..About::default()
            };
            refuse(hub, view, refusal, about).await
        }
    }
}

/// Goes on with a request that waited.
pub async fn go_on(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let id = query.get("interaction").unwrap_or_default();
    let found = Interactions::new(&hub.ephemeral, &call.realm)
        .find(id, Some(view.browser()))
        .await;
    let interaction = match found {
        Ok(Some(interaction)) => interaction,
        Ok(None) => {
            return view
                .refuse(
                    &hub,
                    ErrorKind::SessionExpired,
                    "authorization.interaction.unknown",
                )
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    match reopen(&hub, &call.realm, &interaction).await {
        Ok((client, to)) => {
            proceed(
                &hub,
                view,
                &interaction.request,
                &to,
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
) -> Result<(Arc<Client>, Destination), OAuthError> {
    let gone = OAuthError::new(
        ErrorCode::InvalidClient,
        "authorization.client.gone",
        "the client is not here any more",
    );
    let request = &interaction.request;
    let found = hub.clients.find(realm, &request.client_id).await?;
    let client = found.ok_or(gone)?;
    let redirect = RedirectVerified::verify(&client, Some(&request.redirect_uri)).ok_or(gone)?;
    let to = Destination {
        redirect,
        mode: request.response_mode,
        state: request.state.clone(),
    };
    Ok((client, to))
}

async fn proceed(
    hub: &Hub,
    view: View<'_>,
    request: &AuthorizationRequest,
    to: &Destination,
    client: &Client,
    waiting: Option<(&str, &Interaction)>,
) -> Response {
    match step(hub, &view, request, (client, &to.redirect), waiting).await {
        Ok((Step::SignIn { .. }, _)) => wait(hub, view, request, waiting, "/signin").await,
        Ok((Step::SignUp, _)) => wait(hub, view, request, waiting, "/signup").await,
        Ok((Step::StepUp, _)) => wait(hub, view, request, waiting, "/signin/step-up").await,
        Ok((Step::Consent, _)) => wait(hub, view, request, waiting, "/oauth/consent").await,
        Ok((Step::Refuse(code), who)) => {
            let error = match code {
                ErrorCode::AccessDenied => OAuthError::new(
                    code,
                    "authorization.details.person",
                    "the person whom authorization_details name does not allow this",
                ),
                ErrorCode::UnmetAuthenticationRequirements => OAuthError::new(
                    code,
                    "authorization.acr",
                    "the person cannot prove themselves as the request asks",
                ),
                _ => OAuthError::new(
                    code,
                    "authorization.prompt_none",
                    "the person must be asked, and may not be",
                ),
            };
            let refusal = Refusal::Redirect {
                to: to.clone(),
                error,
            };
            let about = About {
                client: Some(client),
                who: who.as_ref(),
                judged: true,
            };
            refuse(hub, view, refusal, about).await
        }
        Ok((Step::Issue, Some(who))) => {
            // Of two answers to one interaction, only one can take it.
            if let Some((id, _)) = waiting {
                let interactions = Interactions::new(&hub.ephemeral, &view.call.realm);
                match interactions.take(id, Some(view.browser())).await {
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        return view
                            .refuse(hub, ErrorKind::SessionExpired, "authorization.interaction.used")
                            .await;
                    }
                    Err(error) => return view.oauth_error(error),
                }
            }
            match used_up(hub, &view.call.realm, request).await {
                Ok(true) => {}
                Ok(false) => {
                    return view
                        .refuse(hub, ErrorKind::SessionExpired, "authorization.request_uri.used")
                        .await;
                }
                Err(error) => return view.oauth_error(error),
            }
            match issue::issue(hub, view.call, request, (client, &to.redirect), &who).await {
                Ok(given) => {
                    let given: Vec<(&str, &str)> = given
                        .iter()
                        .map(|(name, value)| (*name, value.as_str()))
                        .collect();
                    deliver::answer(hub, view, client, (to, Tells::OfThePerson), &given).await
                }
                Err(error) => view.oauth_error(error),
            }
        }
        Ok((Step::Issue, None)) => {
            view.refuse(hub, ErrorKind::SessionExpired, "authorization.session")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

/// A pushed request is good for one answer, whichever of the pages that it opened comes first.
async fn used_up(hub: &Hub, realm: &Realm, request: &AuthorizationRequest) -> Result<bool, OAuthError> {
    match &request.pushed {
        None => Ok(true),
        Some(reference) => PushedRequests::new(&hub.ephemeral, realm).use_up(reference).await,
    }
}

async fn step(
    hub: &Hub,
    view: &View<'_>,
    request: &AuthorizationRequest,
    (client, redirect): (&Client, &RedirectVerified),
    waiting: Option<(&str, &Interaction)>,
) -> Result<(Step, Option<SignedIn>), OAuthError> {
    let realm = &view.call.realm;
    let who = signed_in(hub, view.call).await?;
    let asked_now = waiting.and_then(|(_, interaction)| interaction.asked_now);
    let asked_now = asked_now.filter(|asked| who.as_ref().is_some_and(|who| who.person.id == *asked));
    let recipient = Recipient {
        client_id: client.id.clone(),
        place: redirect.place(),
    };
    let asks_always = is_anybody(client, redirect) || client.standing.asks_always();
    let consented = match &who {
        Some(_) if asked_now.is_none() && asks_always => Arc::default(),
        Some(who) => hub.consents.scope(realm, who.person.id, &recipient).await?,
        None => Arc::default(),
    };
    let known_as = who.as_ref().map(|who| subject(realm, who.person.id, client));
    let reachable = match &who {
        // Most requests ask for nothing, and cost no look at what the person has.
        Some(who) if !request.acr_values.is_empty() => {
            let kinds = hub.factors.kinds(realm, who.person.id).await?;
            reachable(&who.session.amr, &kinds)
        }
        _ => Level::Single,
    };
    let standing = Standing {
        reachable,
        session: who.as_ref().map(|who| who.session.as_ref()),
        subject: known_as.as_deref(),
        consented: &consented,
        asked_now: asked_now.is_some(),
    };
    let now = hub.clock.now();
    let next = next_step(request, &standing, now);
    if let Some(one) = who
        .as_ref()
        .filter(|_| matches!(next, Step::Consent | Step::Issue))
        && !allowed_by_others(hub, realm, request, one).await?
    {
        return Ok((Step::Refuse(ErrorCode::AccessDenied), who));
    }
    let open = matches!(next, Step::Consent | Step::Refuse(ErrorCode::ConsentRequired));
    match &who {
        // The operator's own client: an administrator has answered the question, unless the client wants it to be asked.
        Some(one) if open && client.standing.is_trusted() && !asks_always => {
            let given = Standing {
                consented: &consented.union(&request.wanted()),
                ..standing
            };
            let next = next_step(request, &given, now);
            if matches!(next, Step::Issue) {
                let to = (client, &recipient);
                implicit::grant(hub, view.call, one, to, &request.wanted()).await?;
            }
            Ok((next, who))
        }
        _ => Ok((next, who)),
    }
}

/// Whether the person whom the details name, if it is another, allows what is asked for. Tokens about others come by the
/// token endpoint alone, where they end with what allows them.
async fn allowed_by_others(
    hub: &Hub,
    realm: &Realm,
    request: &AuthorizationRequest,
    who: &SignedIn,
) -> Result<bool, OAuthError> {
    let asker = (who.person.id, request.client_id.as_str());
    match others(hub, realm, asker, request.authorization_details.as_ref()).await {
        Ok(None) => Ok(true),
        Ok(Some(_)) => Ok(!request.response_type.has_token()),
        Err(error) if error.code == ErrorCode::AccessDenied => Ok(false),
        Err(error) => Err(error),
    }
}

/// A public client whose answers go to the person's device: any program there may be it. Nobody can tell which one listens,
/// so that each request is the person's to allow (RFC 8252 §8.6).
fn is_anybody(client: &Client, redirect: &RedirectVerified) -> bool {
    client.metadata.token_endpoint_auth_method == AuthMethod::None && redirect.is_on_device()
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
        None => match within_limit(hub, view.call).await {
            Ok(true) => {
                Interactions::new(&hub.ephemeral, &view.call.realm)
                    .begin(&hub.entropy, view.browser(), request.clone())
                    .await
            }
            Ok(false) => {
                let kind = ErrorKind::TooManyRequests {
                    seconds: INTERACTIONS_COUNTED_FOR.as_secs(),
                };
                return view.error(kind, "authorization.limit");
            }
            Err(error) => Err(error),
        },
    };
    match id {
        Ok(id) => view.redirect(&format!("{page}?interaction={id}")),
        Err(error) => view.oauth_error(error),
    }
}

/// Requests that wait, by address: they are kept for people whom nobody knows yet, and must not crowd out others.
async fn within_limit(hub: &Hub, call: &Call) -> Result<bool, OAuthError> {
    let slot = Slot::new(call.realm.id, "interactions", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, INTERACTIONS_COUNTED_FOR).await?;
    Ok(count <= hub.settings.limits.interactions_per_address)
}
