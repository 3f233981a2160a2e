//! A rule as columns of `consent_grant`, and back. What cannot be read back is an error and never skipped: it might forbid.

use platform::clock::Instant;
use platform::database::Value;
use platform::values;
use uuid::Uuid;

use super::model::{Effect, Grantee, Rule};
use super::period::Period;
use super::words::{Actions, Depth, Kinds, Purposes};

/// A row of `consent_grant` that is not what this version writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rule of a consent cannot be read")]
pub struct Unreadable;

/// The columns of a rule, as the database gives them.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub effect: String,
    pub grantee_kind: String,
    pub grantee_key: String,
    pub organisation_id: Option<Uuid>,
    pub occupation: Option<String>,
    pub kinds: i64,
    pub actions: i64,
    pub purposes: i64,
    pub depth: i32,
    pub data: (Option<i64>, Option<i64>),
    pub valid: (Option<i64>, Option<i64>),
}

/// The columns `effect` to `valid_until`, in their order.
pub(crate) fn columns(rule: &Rule) -> Vec<Value> {
    let effect = match rule.effect {
        Effect::Permit => "permit",
        Effect::Deny => "deny",
    };
    let (kind, key, organisation, occupation) = match &rule.grantee {
        Grantee::Everyone => ("everyone", String::new(), None, None),
        Grantee::Person(person) => ("person", person.to_string(), None, None),
        Grantee::Relation(word) => ("relation", word.clone(), None, None),
        Grantee::Client(client) => ("client", client.clone(), None, None),
        Grantee::Staff { person, organisation } => ("staff", person.to_string(), Some(*organisation), None),
        Grantee::Organisation {
            organisation,
            below,
            occupation,
        } => (
            if *below {
                "organisation_tree"
            } else {
                "organisation"
            },
            organisation.to_string(),
            Some(*organisation),
            occupation.clone(),
        ),
    };
    let micros = |moment: Option<Instant>| moment.map(Instant::as_micros);
    values![
        effect,
        kind,
        key,
        organisation.map(crate::ids::OrganisationId::uuid),
        occupation,
        rule.kinds.bits(),
        rule.actions.bits(),
        rule.purposes.bits(),
        rule.depth.level(),
        micros(rule.data.start()),
        micros(rule.data.end()),
        micros(rule.valid.start()),
        micros(rule.valid.end())
    ]
}

/// The rule of a row.
pub(super) fn rule(row: &Columns) -> Result<Rule, Unreadable> {
    let effect = match row.effect.as_str() {
        "permit" => Effect::Permit,
        "deny" => Effect::Deny,
        _ => return Err(Unreadable),
    };
    let organisation = || row.organisation_id.map(Into::into).ok_or(Unreadable);
    let person = || row.grantee_key.parse().map_err(|_| Unreadable);
    let grantee = match row.grantee_kind.as_str() {
        "everyone" if effect == Effect::Deny => Grantee::Everyone,
        "person" => Grantee::Person(person()?),
        "relation" => Grantee::Relation(row.grantee_key.clone()),
        "client" => Grantee::Client(row.grantee_key.clone()),
        "staff" => Grantee::Staff {
            person: person()?,
            organisation: organisation()?,
        },
        kind @ ("organisation" | "organisation_tree") => Grantee::Organisation {
            organisation: organisation()?,
            below: kind == "organisation_tree",
            occupation: row.occupation.clone(),
        },
        _ => return Err(Unreadable),
    };
    let period = |(from, until): (Option<i64>, Option<i64>)| {
        Period::between(from.map(Instant::from_micros), until.map(Instant::from_micros))
    };
    Ok(Rule {
        effect,
        grantee,
        kinds: Kinds::from_bits(row.kinds).ok_or(Unreadable)?,
        actions: Actions::from_bits(row.actions).ok_or(Unreadable)?,
        purposes: Purposes::from_bits(row.purposes).ok_or(Unreadable)?,
        depth: Depth::from_level(row.depth).ok_or(Unreadable)?,
        data: period(row.data),
        valid: period(row.valid),
    })
}
