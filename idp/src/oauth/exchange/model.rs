//! Whether a token is exchanged, and for what.

use platform::clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oauth::Scope;
use crate::oauth::tokens::{AccessClaims, Actor};

/// Through how many hands a token may go.
pub const MAX_DEPTH: usize = 4;
/// The most clients or audiences of one policy.
const MOST: usize = 50;
/// Scopes that are between the person and the client they were given to.
const PERSONAL: [&str; 2] = ["openid", "offline_access"];

/// What a client may exchange. Only an administrator gives one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangePolicy {
    /// Whose tokens, by the `client_id` that they were made for.
    pub subject_clients: Vec<String>,
    /// Where the new tokens may be used.
    pub audiences: Vec<String>,
    /// What they may reach.
    pub scope: String,
}

impl ExchangePolicy {
    /// Whether it is one that can be kept.
    pub fn is_well_formed(&self) -> bool {
        let bounded = |list: &[String]| list.len() <= MOST && list.iter().all(|one| one.len() <= 500);
        bounded(&self.subject_clients) && bounded(&self.audiences) && Scope::parse(&self.scope).is_ok()
    }
}

/// What a client asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The scopes; absent: all that may be.
    pub scope: Option<Scope>,
    /// The audiences and resources; none: the policy's only one.
    pub audiences: Vec<String>,
}

/// What it gets.
#[derive(Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What the token reaches.
    pub scope: Scope,
    /// Where.
    pub audiences: Vec<String>,
    /// Who acts, and who acted before.
    pub act: Actor,
    /// When it is over at the latest.
    pub ends: Instant,
}

/// Why it gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no policy for the client.
    NoPolicy,
    /// The subject token is not one that the client may exchange.
    Subject,
    /// The subject token is for somebody else to act with (`may_act`).
    MayAct,
    /// The actor token is not the client's own, or has gone through hands itself.
    Actor,
    /// It went through too many hands.
    Depth,
    /// An audience is not one of the policy's.
    Audience,
    /// A scope is not one of the policy's and of the subject token's.
    Scope,
}

/// Decides. Both tokens carry now.
pub fn decide(
    client_id: &str,
    policy: Option<&ExchangePolicy>,
    subject: &AccessClaims,
    actor: Option<&AccessClaims>,
    asked: &Asked,
) -> Result<Exchange, Refused> {
    let policy = policy.ok_or(Refused::NoPolicy)?;
    if !policy.subject_clients.contains(&subject.client_id) || subject.grant.is_none() {
        return Err(Refused::Subject);
    }
    if actor.is_some_and(|actor| actor.client_id != client_id || actor.act.is_some()) {
        return Err(Refused::Actor);
    }
    let act = Actor {
        sub: actor.map_or(client_id, |actor| actor.sub.as_str()).to_owned(),
        iss: None,
        client_id: Some(client_id.to_owned()),
        act: subject.act.clone().map(Box::new),
    };
    if subject
        .may_act
        .as_ref()
        .is_some_and(|allowed| !is_allowed(allowed, &act))
    {
        return Err(Refused::MayAct);
    }
    if depth(&act) > MAX_DEPTH {
        return Err(Refused::Depth);
    }
    let ends = [Some(subject), actor]
        .into_iter()
        .flatten()
        .map(|claims| claims.times.exp.map(|exp| exp.0))
        .min()
        .flatten()
        .ok_or(Refused::Subject)?;
    Ok(Exchange {
        scope: scope(policy, subject, asked.scope.as_ref())?,
        audiences: audiences(policy, &asked.audiences)?,
        act,
        ends,
    })
}

/// Whether `may_act` names who acts: everything that it says must be so.
fn is_allowed(allowed: &Actor, act: &Actor) -> bool {
    allowed.sub == act.sub
        && allowed.iss.is_none()
        && allowed
            .client_id
            .as_ref()
            .is_none_or(|client| Some(client) == act.client_id.as_ref())
}

fn depth(act: &Actor) -> usize {
    std::iter::successors(Some(act), |one| one.act.as_deref()).count()
}

fn scope(policy: &ExchangePolicy, subject: &AccessClaims, asked: Option<&Scope>) -> Result<Scope, Refused> {
    let parse = |text: &str| Scope::parse(text).map_err(|_| Refused::Scope);
    let most = parse(&policy.scope)?
        .intersection(&parse(&subject.scope)?)
        .filtered(|scope| !PERSONAL.contains(&scope));
    match asked {
        Some(asked) if asked.is_empty() || !most.covers(asked) => Err(Refused::Scope),
        Some(asked) => Ok(asked.clone()),
        None if most.is_empty() => Err(Refused::Scope),
        None => Ok(most),
    }
}

fn audiences(policy: &ExchangePolicy, asked: &[String]) -> Result<Vec<String>, Refused> {
    match (asked, policy.audiences.as_slice()) {
        ([], [only]) => Ok(vec![only.clone()]),
        ([], _) => Err(Refused::Audience),
        (asked, known) if asked.iter().all(|one| known.contains(one)) => Ok(asked.to_vec()),
        _ => Err(Refused::Audience),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims(changes: &Value) -> AccessClaims {
        let mut claims = json!({
            "iss": "https://id.example", "sub": "person", "aud": "https://id.example", "client_id": "portal",
            "exp": 2000, "iat": 1000, "jti": "1", "scope": "openid vitals.read meals.read",
            "musubi_grant": "019439a1-0000-7000-8000-000000000001",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        serde_json::from_value(claims).unwrap()
    }

    fn policy() -> ExchangePolicy {
        ExchangePolicy {
            subject_clients: vec!["portal".to_owned()],
            audiences: vec!["https://records.example".to_owned()],
            scope: "vitals.read vitals.write openid".to_owned(),
        }
    }

    fn ask(changes: &Value, asked: &Asked) -> Result<Exchange, Refused> {
        decide("gateway", Some(&policy()), &claims(changes), None, asked)
    }

    #[test]
    fn the_new_token_reaches_what_policy_and_subject_share_and_ends_no_later() {
        let exchange = ask(&json!({}), &Asked::default()).unwrap();
        assert_eq!(exchange.scope.to_string(), "vitals.read");
        assert_eq!(exchange.audiences, ["https://records.example"]);
        assert_eq!(exchange.ends, Instant::from_micros(2_000_000_000));
        assert_eq!(exchange.act.sub, "gateway");
    }

    #[test]
    fn nothing_is_exchanged_without_a_policy_or_beyond_it() {
        let none = decide("gateway", None, &claims(&json!({})), None, &Asked::default());
        assert_eq!(none, Err(Refused::NoPolicy));
        for (changes, refused) in [
            (json!({"client_id": "other"}), Refused::Subject),
            (json!({"musubi_grant": null}), Refused::Subject),
            (json!({"exp": null}), Refused::Subject),
            (json!({"scope": "openid"}), Refused::Scope),
            (json!({"may_act": {"sub": "other"}}), Refused::MayAct),
            (
                json!({"may_act": {"sub": "gateway", "client_id": "other"}}),
                Refused::MayAct,
            ),
            (
                json!({"may_act": {"sub": "gateway", "iss": "https://else.example"}}),
                Refused::MayAct,
            ),
        ] {
            assert_eq!(ask(&changes, &Asked::default()), Err(refused), "{changes}");
        }
        assert!(ask(&json!({"may_act": {"sub": "gateway"}}), &Asked::default()).is_ok());
        for wider in ["vitals.write", "meals.read", "openid", "musubi:admin", ""] {
            let asked = Asked {
                scope: Some(Scope::parse(wider).unwrap()),
                ..Asked::default()
            };
            assert_eq!(ask(&json!({}), &asked), Err(Refused::Scope), "{wider}");
        }
        let asked = Asked {
            audiences: vec![
                "https://records.example".to_owned(),
                "https://evil.example".to_owned(),
            ],
            ..Asked::default()
        };
        assert_eq!(ask(&json!({}), &asked), Err(Refused::Audience));
    }

    #[test]
    fn an_actor_is_the_client_itself_and_no_chain_of_its_own() {
        let asked = Asked::default();
        let by = |actor: &Value| {
            let actor = claims(actor);
            decide(
                "gateway",
                Some(&policy()),
                &claims(&json!({})),
                Some(&actor),
                &asked,
            )
        };
        let own = json!({"client_id": "gateway", "sub": "gateway", "musubi_grant": null, "exp": 1500});
        let exchange = by(&own).unwrap();
        assert_eq!(
            exchange.ends,
            Instant::from_micros(1_500_000_000),
            "the sooner of the two"
        );
        assert_eq!(
            by(&json!({"client_id": "other", "sub": "gateway"})),
            Err(Refused::Actor)
        );
        let chained = json!({"client_id": "gateway", "sub": "gateway", "act": {"sub": "x"}});
        assert_eq!(by(&chained), Err(Refused::Actor));
    }

    #[test]
    fn everybody_who_acted_before_stays_in_the_chain_and_it_does_not_grow_for_ever() {
        let mut act = json!({"sub": "first"});
        for hands in 1..=MAX_DEPTH {
            let outcome = ask(&json!({"act": act}), &Asked::default());
            if hands == MAX_DEPTH {
                assert_eq!(outcome, Err(Refused::Depth));
            } else {
                let before = outcome.unwrap().act.act.unwrap();
                assert_eq!(serde_json::to_value(before).unwrap(), act);
            }
            act = json!({"sub": "next", "act": act});
        }
    }
}
