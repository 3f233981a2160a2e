//! Who calls, and how far that reaches.

use crate::admin::refusal::{INVALID_TOKEN, NO_TOKEN, Refusal};
use crate::admin::scope::{ApiScope, HUB_SCOPES, OWN_DELEGATIONS, PREFIX};
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::{PersonId, SessionId};
use crate::log::Entry;
use crate::oauth::step_up::Proven;
use crate::oauth::tokens::{ActiveToken, verify_access};
use crate::oauth::{Challenge, Scope};
use crate::realms::Realm;
use http::StatusCode;

/// What stands behind a call, and what it may reach.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The client that the token was made for.
    pub client: String,
    /// The person on whose powers it rests; `None` for a service by itself.
    pub person: Option<PersonId>,
    /// The session of that person's sign-in.
    pub session: Option<SessionId>,
    /// What it reaches: scope of the token ∩ scope of the client ∩ powers of the person, as they are now.
    pub scope: Scope,
    /// The sign-in behind the token; `None` for a service by itself.
    proven: Option<Proven>,
    governs_hub: bool,
}

/// Whether the realm is the one that the configuration names: only there do scopes over the hub itself carry.
fn governs_hub(hub: &Hub, realm: &Realm) -> bool {
    hub.settings.realm.issuer == realm.issuer
}

/// Verifies the access token of `call` and that it reaches as far as `needed`.
///
/// Without a token, and with one that does not carry in this realm: 401. With one that does not reach: 403. The
/// challenges are those of RFC 6750 §3.
pub async fn authorise(hub: &Hub, call: &Call, needed: ApiScope) -> Result<Authority, Refusal> {
    let authority = identify(hub, call).await?;
    authority.require(hub, needed)?;
    Ok(authority)
}

/// Verifies the access token of `call`, whatever it reaches.
pub(super) async fn identify(hub: &Hub, call: &Call) -> Result<Authority, Refusal> {
    if call.access_token().is_none() {
        return Err(NO_TOKEN);
    }
    let active = verify_access(hub, call).await?;
    // A client that was removed, or whose scope was narrowed, leaves tokens behind that say otherwise.
    let client = hub
        .clients
        .find(&call.realm, &active.claims.client_id)
        .await?
        .ok_or(INVALID_TOKEN)?;
    let held = held(hub, call, &active).await?;
    let governs_hub = governs_hub(hub, &call.realm);
    let scope = active.scope.intersection(&client.scope).filtered(|scope| {
        let of_the_hub = HUB_SCOPES.contains(&scope);
        (governs_hub || !of_the_hub)
            && held
                .as_ref()
                .is_none_or(|held| scope == OWN_DELEGATIONS.name || held.iter().any(|power| power == scope))
    });
    Ok(Authority {
        client: client.id.clone(),
        person: active.family.as_ref().map(|family| family.person),
        session: active.family.as_ref().map(|family| family.details.signed_in_as),
        scope,
        proven: Proven::by(&active.claims),
        governs_hub,
    })
}

/// The powers of the person behind a token; `None` where there is no person.
async fn held(hub: &Hub, call: &Call, active: &ActiveToken) -> Result<Option<Vec<String>>, Refusal> {
    let Some(family) = &active.family else {
        return Ok(None);
    };
    let person = hub.people.by_id(&call.realm, family.person).await?;
    if !person.is_some_and(|person| person.may_sign_in()) {
        return Err(INVALID_TOKEN);
    }
    Ok(Some(hub.people.powers(&call.realm, family.person).await?))
}

impl Authority {
    /// Whether it reaches as far as `needed`, and the sign-in behind it is enough for that.
    pub fn require(&self, hub: &Hub, needed: ApiScope) -> Result<(), Refusal> {
        if self.scope.has(needed.name) {
            let rules = &hub.settings.step_up;
            return match self.proven {
                Some(proven) => proven
                    .check(rules, [needed.name], hub.clock.now())
                    .map_err(Refusal::step_up),
                None => Ok(()),
            };
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "token.scope",
            "The access token does not reach this far",
        )
        .challenge(Challenge::scope(needed.name)))
    }

    /// Asks of a person behind the call that they signed in at most so many seconds ago.
    pub fn is_fresh(&self, hub: &Hub, seconds: u64) -> Result<(), Refusal> {
        match self.proven {
            Some(proven) => proven
                .is_younger(seconds, hub.clock.now())
                .map_err(Refusal::step_up),
            None => Ok(()),
        }
    }

    /// Refuses to pass on, or to let back in, powers that the caller does not hold. Scopes of others than this API are
    /// no powers here; those over the hub are none in a realm where they do not carry.
    pub fn holds_all<'a>(&self, powers: impl IntoIterator<Item = &'a str>) -> Result<(), Refusal> {
        let beyond = powers
            .into_iter()
            .filter(|power| power.starts_with(PREFIX) && (self.governs_hub || !HUB_SCOPES.contains(power)))
            .any(|power| !self.scope.has(power));
        if beyond { Err(BEYOND) } else { Ok(()) }
    }

    /// Refuses to pass on any scope of this API that the caller does not hold here, also one that carries nowhere yet.
    pub fn may_pass_on(&self, scope: &Scope) -> Result<(), Refusal> {
        let beyond = scope
            .iter()
            .any(|one| one.starts_with(PREFIX) && one != OWN_DELEGATIONS.name && !self.scope.has(one));
        if beyond { Err(BEYOND) } else { Ok(()) }
    }

    /// A log row with the names of who did it.
    pub(super) fn sign(&self, mut entry: Entry) -> Entry {
        entry.actor = self.person;
        entry.session = self.session;
        entry.client = Some(self.client.clone());
        entry
    }
}

/// The caller would pass on, or let back in, what they do not hold.
pub(super) const BEYOND: Refusal = Refusal::new(
    StatusCode::FORBIDDEN,
    "power.beyond_own",
    "This would pass on powers that the caller does not hold",
);
