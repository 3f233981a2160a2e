//! Random worlds: people, organisations in a tree, affiliations, ties, consents as FHIR JSON, contracts, emergencies.

use platform::clock::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::{
    Action, Actions, Asker, Contract, Depth, Emergency, Facts, Grant, Kind, Kinds, Operator, Period, Purpose,
    Purposes, Question, Reach, Standing,
};
use crate::consent::{compile, fhir};
use crate::ids::{ConsentId, ContractId, EmergencyId, GrantId, OrganisationId, PersonId};

/// Now. Data is of times around it too.
pub(super) const NOW: i64 = 1_000;
pub(super) const PEOPLE: u128 = 4;
pub(super) const ORGANISATIONS: usize = 5;
pub(super) static OCCUPATIONS: [Option<&str>; 4] = [Some("physician"), Some("trainer"), Some("clerk"), None];
pub(super) static RELATIONS: [&str; 3] = ["child", "guardian", "friend"];
pub(super) static CLIENTS: [&str; 2] = ["diary", "clinic"];
/// The subject of every question is person 0.
pub(super) const SUBJECT: u128 = 0;

pub(super) fn person(number: u128) -> PersonId {
    Uuid::from_u128(0x100 + number).into()
}

pub(super) fn organisation(number: usize) -> OrganisationId {
    Uuid::from_u128(0x200 + number as u128).into()
}

/// An affiliation: who, where, as what.
pub(super) type Affiliation = (u128, usize, Option<&'static str>);

#[derive(Debug, Clone)]
pub(super) struct World {
    /// The parent of each organisation, which has a lower number; the first has none.
    pub parents: Vec<Option<usize>>,
    pub affiliations: Vec<Affiliation>,
    /// What somebody is to the subject.
    pub ties: Vec<(u128, &'static str)>,
    /// Consents of the subject.
    pub consents: Vec<Value>,
    /// With whom, kinds, actions, from, until.
    pub contracts: Vec<(usize, u32, u32, i64, i64)>,
    /// Who, where, from, until.
    pub emergencies: Vec<(u128, usize, i64, i64)>,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub person: Option<u128>,
    pub client: Option<&'static str>,
    pub operator: Option<usize>,
    pub reach: Option<Vec<Reach>>,
    pub action: Action,
    pub kind: Kind,
    pub depth: Depth,
    pub purpose: Purpose,
    pub data: (i64, i64),
}

/// Few words, so that rules meet questions often.
pub(super) static KINDS: [Kind; 4] = [Kind::Vitals, Kind::Conditions, Kind::Billing, Kind::Meals];
pub(super) static ACTIONS: [Action; 3] = [Action::Read, Action::Create, Action::Export];
pub(super) static PURPOSES: [Purpose; 4] = [
    Purpose::Care,
    Purpose::Family,
    Purpose::Emergency,
    Purpose::Wellness,
];

fn chain(parents: &[Option<usize>], mut at: usize) -> Vec<OrganisationId> {
    let mut above = vec![organisation(at)];
    while let Some(parent) = parents[at] {
        above.push(organisation(parent));
        at = parent;
    }
    above
}

fn rfc(micros: i64) -> String {
    Instant::from_micros(micros).to_rfc3339()
}

fn fhir_period() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        3 => Just(None),
        2 => (0_i64..2_000, 0_i64..1_000, 0_u8..3).prop_map(|(start, length, which)| {
            Some(match which {
                0 => json!({"start": rfc(start)}),
                1 => json!({"end": rfc(start)}),
                _ => json!({"start": rfc(start), "end": rfc(start + length)}),
            })
        }),
    ]
}

fn code(system: &str, code: &str) -> Value {
    json!({"system": system, "code": code})
}

fn actor() -> impl Strategy<Value = Value> {
    let of = |role: Value, system: &str, value: String| json!({"role": {"coding": role}, "reference": {"identifier": {"system": system, "value": value}}});
    let grantee = |word: &str| code(fhir::GRANTEES, word);
    prop_oneof![
        (1..PEOPLE).prop_map(move |who| of(
            json!([grantee("person")]),
            fhir::PERSON,
            person(who).to_string()
        )),
        prop::sample::select(&RELATIONS[..]).prop_map(move |word| of(
            json!([grantee("relation")]),
            fhir::RELATION,
            word.to_owned()
        )),
        prop::sample::select(&CLIENTS[..]).prop_map(move |id| of(
            json!([grantee("client")]),
            fhir::CLIENT,
            id.to_owned()
        )),
        (1..PEOPLE, 0..ORGANISATIONS).prop_map(move |(who, at)| {
            let at = code(fhir::ORGANISATION, &organisation(at).to_string());
            of(
                json!([grantee("staff"), at]),
                fhir::PERSON,
                person(who).to_string(),
            )
        }),
        (
            0..ORGANISATIONS,
            any::<bool>(),
            prop::sample::select(&OCCUPATIONS[..])
        )
            .prop_map(move |(at, below, occupation)| {
                let mut role = vec![grantee(if below {
                    "organisation_tree"
                } else {
                    "organisation"
                })];
                role.extend(occupation.map(|word| code(fhir::OCCUPATION, word)));
                of(json!(role), fhir::ORGANISATION, organisation(at).to_string())
            }),
    ]
}

fn some<T: Clone + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Vec<T>> {
    prop::sample::subsequence(all, 1..=all.len())
}

fn purpose_code(purpose: Purpose) -> Value {
    match purpose.hl7() {
        Some(hl7) => code(fhir::HL7_PURPOSES, hl7),
        None => code(fhir::PURPOSES, purpose.as_str()),
    }
}

/// A provision; one that forbids leaves things out now and then.
fn provision(permit: bool) -> impl Strategy<Value = Value> {
    let kept = move || {
        if permit {
            Just(true).boxed()
        } else {
            any::<bool>().boxed()
        }
    };
    (
        (prop::collection::vec(actor(), 1..3), kept()),
        (some(&KINDS), kept()),
        (some(&ACTIONS), kept()),
        (some(&PURPOSES), kept()),
        prop::option::of(prop::sample::select(Depth::ALL)),
        (fhir_period(), fhir_period()),
    )
        .prop_map(move |(actors, kinds, actions, purposes, depth, (period, data))| {
            let mut one = json!({"type": if permit { "permit" } else { "deny" }});
            let members = one.as_object_mut().unwrap();
            if actors.1 {
                members.insert("actor".to_owned(), json!(actors.0));
            }
            if kinds.1 {
                let codes: Vec<Value> = kinds
                    .0
                    .iter()
                    .map(|kind| code(fhir::KINDS, kind.as_str()))
                    .collect();
                members.insert("class".to_owned(), json!(codes));
            }
            if actions.1 {
                let codes = actions
                    .0
                    .iter()
                    .map(|one| json!({"coding": [code(fhir::ACTIONS, one.as_str())]}));
                members.insert("action".to_owned(), codes.collect());
            }
            if purposes.1 {
                members.insert(
                    "purpose".to_owned(),
                    purposes.0.into_iter().map(purpose_code).collect(),
                );
            }
            if let Some(depth) = depth {
                let depth = json!([{"url": fhir::DEPTH, "valueCode": depth.as_str()}]);
                members.insert("modifierExtension".to_owned(), depth);
            }
            if let Some(period) = period {
                members.insert("period".to_owned(), period);
            }
            if let Some(data) = data {
                members.insert("dataPeriod".to_owned(), data);
            }
            one
        })
}

pub(super) fn consent() -> impl Strategy<Value = Value> {
    let permit =
        (provision(true), prop::collection::vec(provision(false), 0..2)).prop_map(|(mut one, inner)| {
            if !inner.is_empty() {
                one["provision"] = json!(inner);
            }
            one
        });
    let part = prop_oneof![3 => permit.boxed(), 1 => provision(false).boxed()];
    (prop::collection::vec(part, 1..4), prop::bool::weighted(0.85)).prop_map(|(parts, active)| {
        json!({
            "resourceType": "Consent",
            "status": if active { "active" } else { "inactive" },
            "scope": {"coding": [code("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")]},
            "category": [{"coding": [code("http://loinc.org", "59284-0")]}],
            "patient": {"identifier": {"system": fhir::PERSON, "value": person(SUBJECT).to_string()}},
            "dateTime": rfc(0),
            "performer": [{"identifier": {"system": fhir::PERSON, "value": person(SUBJECT).to_string()}}],
            "policyRule": {"coding": [code("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN")]},
            "provision": {"type": "deny", "provision": parts},
        })
    })
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let parents = (0..ORGANISATIONS)
        .map(|number| {
            if number == 0 {
                Just(None).boxed()
            } else {
                prop::option::of(0..number).boxed()
            }
        })
        .collect::<Vec<_>>();
    let affiliation = (
        0..PEOPLE,
        0..ORGANISATIONS,
        prop::sample::select(&OCCUPATIONS[..]),
    );
    (
        parents,
        prop::collection::vec(affiliation, 0..5),
        prop::collection::vec((1..PEOPLE, prop::sample::select(&RELATIONS[..])), 0..4),
        prop::collection::vec(consent(), 0..5),
        prop::collection::vec(
            (
                0..ORGANISATIONS,
                any::<u32>(),
                any::<u32>(),
                0_i64..2_000,
                0_i64..2_000,
            ),
            0..3,
        ),
        prop::collection::vec((1..PEOPLE, 0..ORGANISATIONS, 0_i64..2_000, 0_i64..2_000), 0..3),
    )
        .prop_map(
            |(parents, affiliations, ties, consents, contracts, emergencies)| World {
                parents,
                affiliations,
                ties,
                consents,
                contracts,
                emergencies,
            },
        )
}

fn reach() -> impl Strategy<Value = Reach> {
    (
        0..2_u128,
        some(&KINDS),
        some(&ACTIONS),
        some(&PURPOSES),
        prop::sample::select(Depth::ALL),
    )
        .prop_map(|(subject, kinds, actions, purposes, depth)| Reach {
            subject: person(subject),
            kinds: kinds.into_iter().collect(),
            actions: actions.into_iter().collect(),
            purposes: purposes.into_iter().collect(),
            depth,
        })
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    (
        prop::option::weighted(0.9, 0..PEOPLE),
        prop::option::of(prop::sample::select(&CLIENTS[..])),
        prop::option::weighted(0.2, 0..ORGANISATIONS),
        prop::option::weighted(0.3, prop::collection::vec(reach(), 0..3)),
        (
            prop::sample::select(&ACTIONS[..]),
            prop::sample::select(&KINDS[..]),
            prop::sample::select(Depth::ALL),
            prop::sample::select(&PURPOSES[..]),
        ),
        prop_oneof![Just((i64::MIN, i64::MAX)), (0_i64..2_000, 0_i64..2_000)],
    )
        .prop_map(
            |(person, client, operator, reach, (action, kind, depth, purpose), data)| Asked {
                person,
                client,
                operator,
                reach,
                action,
                kind,
                depth,
                purpose,
                data,
            },
        )
}

/// A world as the decision is given it.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub grants: Vec<Grant>,
    pub relations: Vec<String>,
    pub standings: Vec<Standing>,
    pub contracts: Vec<Contract>,
    pub emergencies: Vec<Emergency>,
    pub operator: Option<Operator>,
}

fn between(from: i64, until: i64) -> Period {
    Period {
        from: Instant::from_micros(from),
        until: Instant::from_micros(until),
    }
}

pub(super) fn kinds(bits: u32) -> Kinds {
    KINDS
        .iter()
        .enumerate()
        .filter(|(at, _)| bits & (1 << at) != 0)
        .map(|(_, one)| *one)
        .collect()
}

pub(super) fn actions(bits: u32) -> Actions {
    ACTIONS
        .iter()
        .enumerate()
        .filter(|(at, _)| bits & (1 << at) != 0)
        .map(|(_, one)| *one)
        .collect()
}

impl World {
    pub(super) fn load(&self, asked: &Asked) -> Loaded {
        let mut grants = Vec::new();
        for (number, consent) in self.consents.iter().enumerate() {
            let parsed: fhir::Consent = serde_json::from_value(consent.clone()).unwrap();
            let ended = parsed.status == fhir::Status::Inactive;
            for rule in compile(&parsed).unwrap() {
                grants.push(Grant {
                    id: GrantId::from(Uuid::from_u128(0x1000 + grants.len() as u128)),
                    consent: ConsentId::from(Uuid::from_u128(0x300 + number as u128)),
                    rule,
                    ended_at: ended.then(|| Instant::from_micros(NOW - 1)),
                });
            }
        }
        let is_asker = |who: u128| asked.person == Some(who);
        let contracts = self.contracts.iter().enumerate();
        let emergencies = self.emergencies.iter().enumerate();
        Loaded {
            grants,
            relations: self
                .ties
                .iter()
                .filter(|(who, _)| is_asker(*who))
                .map(|(_, word)| (*word).to_owned())
                .collect(),
            standings: self
                .affiliations
                .iter()
                .filter(|(who, ..)| is_asker(*who))
                .map(|(_, at, occupation)| Standing {
                    organisation: organisation(*at),
                    above: chain(&self.parents, *at),
                    occupation: occupation.map(str::to_owned),
                })
                .collect(),
            contracts: contracts
                .map(|(number, (at, kind_bits, action_bits, from, until))| Contract {
                    id: ContractId::from(Uuid::from_u128(0x400 + number as u128)),
                    organisation: organisation(*at),
                    kinds: kinds(*kind_bits),
                    actions: actions(*action_bits),
                    valid: between(*from, *until),
                    ended_at: None,
                })
                .collect(),
            emergencies: emergencies
                .filter(|(_, (who, ..))| is_asker(*who))
                .map(|(number, (_, at, from, until))| Emergency {
                    id: EmergencyId::from(Uuid::from_u128(0x500 + number as u128)),
                    organisation: organisation(*at),
                    valid: between(*from, *until),
                    ended_at: None,
                })
                .collect(),
            operator: asked.operator.map(|at| Operator {
                above: chain(&self.parents, at),
            }),
        }
    }
}

impl Loaded {
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            grants: &self.grants,
            relations: &self.relations,
            standings: &self.standings,
            contracts: &self.contracts,
            emergencies: &self.emergencies,
        }
    }

    pub(super) fn question<'a>(&'a self, asked: &'a Asked) -> Question<'a> {
        Question {
            asker: Asker {
                person: asked.person.map(person),
                client: asked.client,
                operator: self.operator.as_ref(),
                reach: asked.reach.as_deref(),
            },
            subject: person(SUBJECT),
            action: asked.action,
            kind: asked.kind,
            depth: asked.depth,
            purpose: asked.purpose,
            data: between(asked.data.0, asked.data.1),
            at: Instant::from_micros(NOW),
        }
    }
}

/// Purposes in a reach.
pub(super) fn has_purpose(purposes: Purposes, purpose: Purpose) -> bool {
    purposes.has(purpose)
}
