//! A Consent resource as rules, and rules as a Consent resource.

use std::time::Duration;

use platform::clock::Instant;

use super::fhir::{
    self, ACTIONS, Actor, Base, CLIENT, CodeableConcept, Coding, Consent, DEPTH, DepthExtension, GRANTEES,
    HL7_PURPOSES, Identifier, KINDS, OCCUPATION, ORGANISATION, PERSON, PURPOSES, Provision, ProvisionType,
    RELATION, Reference,
};
use crate::access::{Action, Actions, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes, Rule};
use crate::ids::{OrganisationId, PersonId};

/// The most provisions in a consent, and the most rules that it is compiled into.
pub const MOST_RULES: usize = 64;
/// The longest word or identifier in it.
const LONGEST: usize = 200;

/// A consent that is not understood, or says what none of ours can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConsent {
    /// Not JSON of the shape that is understood, or with members that are not.
    #[error("the resource is not a Consent of the part of FHIR R4 that is understood")]
    Shape,
    /// A code of a system that is not known, or not in its place.
    #[error("a code is not one of those that are known in its place")]
    Code,
    /// A time that is none, or a period that ends before it begins.
    #[error("a time or a period is not valid")]
    Time,
    /// A provision that allows something and does not say to whom, what, which kinds or what for.
    #[error("a provision that allows something must say to whom, what, which kinds and what for")]
    Unbounded,
    /// Provisions within provisions other than what is forbidden of what is allowed.
    #[error("only what is allowed may have provisions in it, and only such as forbid")]
    Nesting,
    /// Too many provisions, or none.
    #[error("a consent has 1 to 64 rules")]
    Count,
}

/// The rules of a consent, in their order.
pub fn compile(consent: &Consent) -> Result<Vec<Rule>, InvalidConsent> {
    one_code(
        &consent.scope,
        "http://terminology.hl7.org/CodeSystem/consentscope",
        "patient-privacy",
    )?;
    one_code(
        &consent.policy_rule,
        "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "OPTIN",
    )?;
    match consent.category.as_slice() {
        [category] => one_code(category, "http://loinc.org", "59284-0")?,
        _ => return Err(InvalidConsent::Code),
    }
    if consent.provision.effect != ProvisionType::Deny {
        return Err(InvalidConsent::Unbounded);
    }
    let mut rules = Vec::new();
    for provision in &consent.provision.provision {
        let own = read(provision, None)?;
        if provision.effect == ProvisionType::Deny && !provision.provision.is_empty() {
            return Err(InvalidConsent::Nesting);
        }
        for inner in &provision.provision {
            if inner.effect != ProvisionType::Deny || !inner.provision.is_empty() {
                return Err(InvalidConsent::Nesting);
            }
            rules.extend(read(inner, Some(&own))?);
        }
        rules.extend(own);
    }
    if (1..=MOST_RULES).contains(&rules.len()) {
        Ok(rules)
    } else {
        Err(InvalidConsent::Count)
    }
}

/// A provision, a rule for each of its actors. One within another is narrowed to it.
fn read(provision: &Provision, outer: Option<&[Rule]>) -> Result<Vec<Rule>, InvalidConsent> {
    let effect = match provision.effect {
        ProvisionType::Permit => Effect::Permit,
        ProvisionType::Deny => Effect::Deny,
    };
    let (actors, kinds, actions, purposes) = (
        all(&provision.actor, grantee)?,
        all(&provision.class, kind)?,
        all(&provision.action, action)?,
        all(&provision.purpose, purpose)?,
    );
    let said = [
        actors.is_empty(),
        kinds.is_empty(),
        actions.is_empty(),
        purposes.is_empty(),
    ];
    if effect == Effect::Permit && said.contains(&true) {
        return Err(InvalidConsent::Unbounded);
    }
    let outer_of = |index: usize| outer.and_then(|outer| outer.get(index));
    let bound = outer_of(0);
    let grantees = match (actors.is_empty(), outer) {
        (false, _) => actors,
        (true, Some(outer)) => outer.iter().map(|rule| rule.grantee.clone()).collect(),
        (true, None) => vec![Grantee::Everyone],
    };
    let set = |empty: bool, set: Kinds| if empty { Kinds::ALL } else { set };
    let kinds = set(kinds.is_empty(), kinds.into_iter().collect());
    let actions = if actions.is_empty() {
        Actions::ALL
    } else {
        actions.into_iter().collect()
    };
    let purposes = if purposes.is_empty() {
        Purposes::ALL
    } else {
        purposes.into_iter().collect()
    };
    let (valid, data) = (
        period(provision.period.as_ref())?,
        period(provision.data_period.as_ref())?,
    );
    let rule = Rule {
        effect,
        grantee: Grantee::Everyone,
        kinds: bound.map_or(kinds, |outer| kinds.both(outer.kinds)),
        actions: bound.map_or(actions, |outer| actions.both(outer.actions)),
        purposes: bound.map_or(purposes, |outer| purposes.both(outer.purposes)),
        depth: depth(&provision.modifier_extension)?,
        data: bound.map_or(data, |outer| data.both(outer.data)),
        valid: bound.map_or(valid, |outer| valid.both(outer.valid)),
    };
    let rules = grantees.into_iter().map(|grantee| Rule {
        grantee,
        ..rule.clone()
    });
    Ok(rules.collect())
}

fn all<T, U>(list: &[T], one: impl Fn(&T) -> Result<U, InvalidConsent>) -> Result<Vec<U>, InvalidConsent> {
    if list.len() > MOST_RULES {
        return Err(InvalidConsent::Count);
    }
    list.iter().map(one).collect()
}

fn one_code(concept: &CodeableConcept, system: &str, code: &str) -> Result<(), InvalidConsent> {
    match concept.coding.as_slice() {
        [one] if one.system == system && one.code == code => Ok(()),
        _ => Err(InvalidConsent::Code),
    }
}

fn kind(coding: &Coding) -> Result<Kind, InvalidConsent> {
    let found = Kind::parse(&coding.code).filter(|_| coding.system == KINDS);
    found.ok_or(InvalidConsent::Code)
}

fn action(concept: &CodeableConcept) -> Result<Action, InvalidConsent> {
    match concept.coding.as_slice() {
        [one] if one.system == ACTIONS => Action::parse(&one.code).ok_or(InvalidConsent::Code),
        _ => Err(InvalidConsent::Code),
    }
}

fn purpose(coding: &Coding) -> Result<Purpose, InvalidConsent> {
    let mut all = Purpose::ALL.iter().copied();
    let found = all.find(|purpose| match purpose.hl7() {
        Some(code) => coding.system == HL7_PURPOSES && coding.code == code,
        None => coding.system == PURPOSES && coding.code == purpose.as_str(),
    });
    found.ok_or(InvalidConsent::Code)
}

fn depth(extensions: &[DepthExtension]) -> Result<Depth, InvalidConsent> {
    match extensions {
        [] => Ok(Depth::Aggregate),
        [one] if one.url == DEPTH => Depth::parse(&one.value_code).ok_or(InvalidConsent::Code),
        _ => Err(InvalidConsent::Code),
    }
}

fn moment(text: &str) -> Result<Instant, InvalidConsent> {
    let parsed = text.parse::<jiff::Timestamp>();
    parsed
        .map(|at| Instant::from_micros(at.as_microsecond()))
        .map_err(|_| InvalidConsent::Time)
}

/// FHIR counts the last moment in; ours end before a moment.
fn period(period: Option<&fhir::Period>) -> Result<Period, InvalidConsent> {
    let Some(period) = period else {
        return Ok(Period::ALWAYS);
    };
    let from = period.start.as_deref().map(moment).transpose()?;
    let last = period.end.as_deref().map(moment).transpose()?;
    let period = Period::between(from, last.map(|last| last.plus(Duration::from_micros(1))));
    if period.is_empty() {
        return Err(InvalidConsent::Time);
    }
    Ok(period)
}

fn grantee(actor: &Actor) -> Result<Grantee, InvalidConsent> {
    let Identifier { system, value } = &actor.reference.identifier;
    let (first, more) = actor.role.coding.split_first().ok_or(InvalidConsent::Code)?;
    let short = !value.is_empty() && value.len() <= LONGEST;
    if first.system != GRANTEES || !short {
        return Err(InvalidConsent::Code);
    }
    let person = || value.parse::<PersonId>().map_err(|_| InvalidConsent::Code);
    let organisation = |text: &str| text.parse::<OrganisationId>().map_err(|_| InvalidConsent::Code);
    match (first.code.as_str(), system.as_str(), more) {
        ("person", PERSON, []) => Ok(Grantee::Person(person()?)),
        ("relation", RELATION, []) => Ok(Grantee::Relation(value.clone())),
        ("client", CLIENT, []) => Ok(Grantee::Client(value.clone())),
        ("staff", PERSON, [at]) if at.system == ORGANISATION => Ok(Grantee::Staff {
            person: person()?,
            organisation: organisation(&at.code)?,
        }),
        (code @ ("organisation" | "organisation_tree"), ORGANISATION, more) => Ok(Grantee::Organisation {
            organisation: organisation(value)?,
            below: code == "organisation_tree",
            occupation: match more {
                [] => None,
                [one] if one.system == OCCUPATION && (1..=LONGEST).contains(&one.code.len()) => {
                    Some(one.code.clone())
                }
                _ => return Err(InvalidConsent::Code),
            },
        }),
        _ => Err(InvalidConsent::Code),
    }
}

/// What a consent is made of, beside its rules.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Whose data it is about.
    pub subject: PersonId,
    /// Who gives it.
    pub performer: PersonId,
    /// When.
    pub given_at: Instant,
}

/// The Consent resource that says what `rules` say, a provision for each.
pub fn resource(head: Head, rules: &[Rule]) -> Consent {
    Consent {
        resource_type: fhir::ResourceType::Consent,
        id: None,
        meta: None,
        status: fhir::Status::Active,
        scope: concept(
            "http://terminology.hl7.org/CodeSystem/consentscope",
            "patient-privacy",
        ),
        category: vec![concept("http://loinc.org", "59284-0")],
        patient: reference(PERSON, head.subject.to_string()),
        date_time: head.given_at.to_rfc3339(),
        performer: vec![reference(PERSON, head.performer.to_string())],
        policy_rule: concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        provision: Base {
            effect: ProvisionType::Deny,
            provision: rules.iter().map(provision).collect(),
        },
    }
}

fn provision(rule: &Rule) -> Provision {
    Provision {
        modifier_extension: vec![DepthExtension {
            url: DEPTH.to_owned(),
            value_code: rule.depth.as_str().to_owned(),
        }],
        effect: match rule.effect {
            Effect::Permit => ProvisionType::Permit,
            Effect::Deny => ProvisionType::Deny,
        },
        period: period_of(rule.valid),
        actor: actor(&rule.grantee).into_iter().collect(),
        action: rule
            .actions
            .iter()
            .map(|action| concept(ACTIONS, action.as_str()))
            .collect(),
        purpose: rule
            .purposes
            .iter()
            .map(|purpose| match purpose.hl7() {
                Some(code) => coding(HL7_PURPOSES, code),
                None => coding(PURPOSES, purpose.as_str()),
            })
            .collect(),
        class: rule
            .kinds
            .iter()
            .map(|kind| coding(KINDS, kind.as_str()))
            .collect(),
        data_period: period_of(rule.data),
        provision: Vec::new(),
    }
}

fn period_of(period: Period) -> Option<fhir::Period> {
    (period != Period::ALWAYS).then(|| fhir::Period {
        start: period.start().map(Instant::to_rfc3339),
        end: period
            .end()
            .map(|end| end.minus(Duration::from_micros(1)).to_rfc3339()),
    })
}

/// The actor that means a grantee; `None`: everyone.
pub(super) fn actor(grantee: &Grantee) -> Option<Actor> {
    let of = |word: &str, more: Option<Coding>, reference: Reference| {
        let coding = std::iter::once(coding(GRANTEES, word)).chain(more).collect();
        Some(Actor {
            role: CodeableConcept { coding },
            reference,
        })
    };
    match grantee {
        Grantee::Everyone => None,
        Grantee::Person(person) => of("person", None, reference(PERSON, person.to_string())),
        Grantee::Relation(word) => of("relation", None, reference(RELATION, word.clone())),
        Grantee::Client(client) => of("client", None, reference(CLIENT, client.clone())),
        Grantee::Staff { person, organisation } => of(
            "staff",
            Some(coding(ORGANISATION, &organisation.to_string())),
            reference(PERSON, person.to_string()),
        ),
        Grantee::Organisation {
            organisation,
            below,
            occupation,
        } => of(
            if *below {
                "organisation_tree"
            } else {
                "organisation"
            },
            occupation.as_deref().map(|word| coding(OCCUPATION, word)),
            reference(ORGANISATION, organisation.to_string()),
        ),
    }
}

fn concept(system: &str, code: &str) -> CodeableConcept {
    CodeableConcept {
        coding: vec![coding(system, code)],
    }
}

fn coding(system: &str, code: &str) -> Coding {
    Coding {
        system: system.to_owned(),
        code: code.to_owned(),
    }
}

fn reference(system: &str, value: String) -> Reference {
    Reference {
        identifier: Identifier {
            system: system.to_owned(),
            value,
        },
        display: None,
    }
}
