//! What a person allowed elsewhere than in the client's own browser becomes a family of tokens: the device flow and
//! authentication by the back channel share this.

use std::time::Duration;

use super::TokenRequest;
use crate::credentials::{Asked, Level};
use crate::hub::Hub;
use crate::ids::{FamilyId, PersonId, SessionId};
use crate::log::{Action, Entry};
use crate::oauth::clients::{Client, GrantType};
use crate::oauth::device::Outcome;
use crate::oauth::families::{Begun, FamilyDetails, NewFamily};
use crate::oauth::tokens::{Confirmation, Granted, Issue, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError, Scope, resources};
use crate::realms::Realm;

/// What a client that polls is told, by the stable ids of its grant.
pub struct Polled {
    /// The person has not answered.
    pub pending: &'static str,
    /// It asked too soon.
    pub slow_down: &'static str,
    /// The person said no.
    pub denied: &'static str,
    /// The time is over.
    pub expired: &'static str,
    /// There is nothing to be had, or no more.
    pub unknown: OAuthError,
}

impl Polled {
    /// The error that goes with what came of a poll.
    pub const fn refusal(&self, outcome: Outcome) -> OAuthError {
        match outcome {
            Outcome::Pending => OAuthError::new(
                ErrorCode::AuthorizationPending,
                self.pending,
                "the person has not answered yet",
            ),
            Outcome::SlowDown => OAuthError::new(
                ErrorCode::SlowDown,
                self.slow_down,
                "polled too soon; wait five seconds longer from now on",
            ),
            Outcome::Denied => OAuthError::new(ErrorCode::AccessDenied, self.denied, "the person said no"),
            Outcome::Expired => OAuthError::new(
                ErrorCode::ExpiredToken,
                self.expired,
                "the time for an answer is over; begin again",
            ),
            Outcome::Tokens | Outcome::Used | Outcome::Kept | Outcome::Nothing => self.unknown,
        }
    }
}

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
    let TokenRequest {
        hub, call, client, ..
    } = request;
    let realm = &call.realm;
    let asked = request.resources()?;
    let places = resources::narrowed(&approval.resources, &asked, &realm.issuer)?.to_vec();
    let begun = begin(hub, realm, client, call.permit(action), approval, request.binding).await?;
    let (new, begun) = begun.ok_or(over)?;
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
        ..Issue::new(client, &new.scope)
    };
    issue(hub, realm, tokens).await
}

/// The class that tokens name: of those asked for the first that the sign-in meets, else its own.
fn acr(classes: &[String], amr: &str) -> String {
    let asked = Asked {
        classes,
        essential: false,
    };
    asked.answer(Level::of_methods(amr)).to_owned()
}

/// Begins the family; `entry`, completed with whom it is about, is on record first. `None` if what it rests on is over.
pub async fn begin(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    entry: Entry,
    approval: Approval,
    binding: Option<&Confirmation>,
) -> Result<Option<(NewFamily, Begun)>, OAuthError> {
    let person = hub.people.by_id(realm, approval.person).await?;
    let Some(person) = person.filter(|person| person.may_sign_in()) else {
        return Ok(None);
    };
    let Some(session) = hub.sessions.live(realm, approval.sid).await? else {
        return Ok(None);
    };
    let now = hub.clock.now();
    let offline = approval.scope.has("offline_access");
    let life = if offline {
        Duration::from_secs(hub.settings.tokens.refresh_days.saturating_mul(86_400))
    } else {
        realm.settings.session().absolute
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
            binding: binding.filter(|_| client.is_public()).cloned(),
            ..FamilyDetails::of_sign_in(approval.sid, session.authenticated_at, &session.amr)
        },
        expires_at: session.authenticated_at.plus(life),
        takes_part: client.metadata.logout.wants_to_know(),
        rests_on: Vec::new(),
    };
    let mut entry = entry
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
    Ok(begun.map(|begun| (new, begun)))
}
