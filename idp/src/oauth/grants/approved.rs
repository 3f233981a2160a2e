//! What a person allowed elsewhere than in the client's own browser becomes a family of tokens: the device flow and
//! authentication by the back channel share this.

use std::time::Duration;

use super::TokenRequest;
use crate::credentials::{Asked, Level};
use crate::ids::{FamilyId, PersonId, SessionId};
use crate::log::Action;
use crate::oauth::clients::GrantType;
use crate::oauth::families::{Begun, FamilyDetails, NewFamily};
use crate::oauth::tokens::{Granted, Issue, TokenResponse, issue};
use crate::oauth::{OAuthError, Scope, resources};

/// What a person allowed.
pub struct Approval {
    /// Who.
    pub person: PersonId,
    /// In which session; it must live still.
    pub sid: SessionId,
    /// What.
    pub scope: Scope,
    /// Where the tokens may be used; nothing: at the realm's own resources.
    pub resources: Vec<String>,
    /// The classes that were asked for, the one that is liked best first.
    pub classes: Vec<String>,
    /// The consent that it rests on.
    pub place: &'static str,
}

/// Begins the family, on record first, and gives its tokens. `over` is what is said if the session ended, the person may
/// not sign in any more, or the consent was withdrawn since.
pub async fn tokens(
    request: TokenRequest<'_>,
    action: Action,
    approval: Approval,
    over: OAuthError,
) -> Result<TokenResponse, OAuthError> {
    let realm = &request.call.realm;
    let asked = request.resources()?;
    let places = resources::narrowed(&approval.resources, &asked, &realm.issuer)?.to_vec();
    let (new, begun) = begin(request, action, approval, over).await?;
    let granted = Granted {
        person: new.person,
        family: new.id,
        details: &new.details,
        nonce: None,
    };
    let tokens = Issue {
        resources: &places,
        granted: Some(&granted),
        binding: request.binding,
        refresh: begun.refresh.as_ref(),
        ..Issue::new(request.client, &new.scope)
    };
    issue(request.hub, realm, tokens).await
}

/// The class that tokens name: of those asked for the first that the sign-in meets, else its own.
fn acr(classes: &[String], amr: &str) -> String {
    let asked = Asked {
        classes,
        essential: false,
    };
    asked.answer(Level::of_methods(amr)).to_owned()
}

async fn begin(
    request: TokenRequest<'_>,
    action: Action,
    approval: Approval,
    over: OAuthError,
) -> Result<(NewFamily, Begun), OAuthError> {
    let TokenRequest {
        hub, call, client, ..
    } = request;
    let realm = &call.realm;
    let person = hub.people.by_id(realm, approval.person).await?;
    let person = person.filter(|person| person.may_sign_in()).ok_or(over)?;
    let session = hub.sessions.live(realm, approval.sid).await?.ok_or(over)?;
    let now = hub.clock.now();
    let offline = approval.scope.has("offline_access");
    let life = if offline {
        Duration::from_secs(hub.settings.tokens.refresh_days.saturating_mul(86_400))
    } else {
        hub.sessions.limits().absolute
    };
    let new = NewFamily {
        id: FamilyId::new(&hub.entropy, now)?,
        client_id: client.id.clone(),
        place: approval.place.to_owned(),
        person: approval.person,
        sid: (!offline).then_some(approval.sid),
        scope: approval.scope,
        details: FamilyDetails {
            wants_auth_time: true,
            acr: Some(acr(&approval.classes, &session.amr)),
            resources: approval.resources,
            binding: request.binding.filter(|_| client.is_public()).cloned(),
            ..FamilyDetails::of_sign_in(approval.sid, session.authenticated_at, &session.amr)
        },
        expires_at: session.authenticated_at.plus(life),
        takes_part: client.metadata.logout.wants_to_know(),
        rests_on: Vec::new(),
    };
    let mut entry = call
        .permit(action)
        .person(approval.person)
        .session(approval.sid)
        .client(client.id.clone());
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let refreshable = client.may_use(GrantType::RefreshToken);
    let begun = hub
        .families
        .begin(realm, &hub.entropy, now, &new, refreshable)
        .await?;
    Ok((new, begun.ok_or(over)?))
}
