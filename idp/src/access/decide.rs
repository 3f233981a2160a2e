//! The decision (DESIGN: "deny wins; no rule, no access").

use super::ceiling::{ceiling, is_licensed};
use super::model::{
    Because, Decision, Denied, Effect, Emergency, Facts, Grant, Grantee, Obligations, Permit, Question,
    Reason, Rule, Standing, lives,
};
use super::period::{Period, less, union};
use super::words::{Action, Depth, Purpose};
use crate::ids::ContractId;

/// What opens something, to data of which time, until when.
struct Opening {
    because: Because,
    data: Period,
    until: Period,
}

/// Answers a question from facts. Total, and a function of its arguments alone.
pub fn decide(question: &Question<'_>, facts: &Facts<'_>) -> Decision {
    let contract = match framed(question, facts) {
        Ok(contract) => contract,
        Err(reason) => return deny(reason),
    };
    let (openings, nearest) = openings(question, facts);
    let opened: Vec<Period> = openings.iter().map(|one| one.data.both(question.data)).collect();
    let opened = union(opened);
    if opened.is_empty() {
        return deny(if openings.is_empty() {
            nearest
        } else {
            Reason::OtherTime
        });
    }
    let mut left = opened;
    for grant in closings(question, facts) {
        left = less(&left, grant.rule.data);
        if left.is_empty() {
            return Decision::Deny(Denied {
                reason: Reason::Forbidden,
                by: Some(grant.consent),
            });
        }
    }
    let used = openings
        .iter()
        .filter(|one| left.iter().any(|part| !part.both(one.data).is_empty()));
    let until = used.clone().filter_map(|one| one.until.end()).min();
    let because: Vec<Because> = used.map(|one| one.because).collect();
    Decision::Permit(Permit {
        obligations: Obligations {
            depth: question.depth,
            data: left,
            notify: because.iter().any(|one| matches!(one, Because::Emergency(_))),
            until,
        },
        because,
        contract,
    })
}

/// The same question at the greatest depth that is permitted, no deeper than it asks for.
pub fn deepest(question: &Question<'_>, facts: &Facts<'_>) -> Decision {
    let asked = decide(question, facts);
    if asked.permits() {
        return asked;
    }
    let shallower = Depth::ALL.iter().rev().filter(|depth| **depth < question.depth);
    let mut answers = shallower.map(|depth| {
        let question = Question {
            depth: *depth,
            ..*question
        };
        decide(&question, facts)
    });
    answers.find(Decision::permits).unwrap_or(asked)
}

const fn deny(reason: Reason) -> Decision {
    Decision::Deny(Denied { reason, by: None })
}

/// Whether the token reaches it, and the contract with the operator opens it.
fn framed(question: &Question<'_>, facts: &Facts<'_>) -> Result<Option<ContractId>, Reason> {
    let asker = &question.asker;
    let reached = asker.reach.is_none_or(|parts| {
        parts.iter().any(|part| {
            part.subject == question.subject
                && part.kinds.has(question.kind)
                && part.actions.has(question.action)
                && part.purposes.has(question.purpose)
                && question.depth <= part.depth
        })
    });
    if !reached {
        return Err(Reason::Scope);
    }
    match asker.operator {
        None => Ok(None),
        Some(operator) => facts
            .contracts
            .iter()
            .find(|contract| contract.opens(operator, question))
            .map(|contract| Some(contract.id))
            .ok_or(Reason::Contract),
    }
}

/// All that opens it, and else the reason that came nearest to opening it.
fn openings(question: &Question<'_>, facts: &Facts<'_>) -> (Vec<Opening>, Reason) {
    let mut openings = Vec::new();
    let mut nearest = Reason::NoConsent;
    if is_own(question) {
        openings.push(Opening {
            because: Because::Own,
            data: Period::ALWAYS,
            until: Period::ALWAYS,
        });
    }
    for emergency in facts.emergencies {
        if serves(emergency, question, facts) {
            openings.push(Opening {
                because: Because::Emergency(emergency.id),
                data: Period::ALWAYS,
                until: emergency.valid,
            });
        }
    }
    for grant in applying(question, facts, Effect::Permit) {
        match opens(&grant.rule, question, facts) {
            Ok(()) => openings.push(Opening {
                because: Because::Consent {
                    consent: grant.consent,
                    grant: grant.id,
                },
                data: grant.rule.data,
                until: grant.rule.valid,
            }),
            Err(reason) => nearest = nearest.max(reason),
        }
    }
    (openings, nearest)
}

/// The rules of one effect that are of this kind of data, of this action, and apply now.
fn applying<'f>(
    question: &Question<'_>,
    facts: &Facts<'f>,
    effect: Effect,
) -> impl Iterator<Item = &'f Grant> {
    let (kind, action, at) = (question.kind, question.action, question.at);
    facts.grants.iter().filter(move |grant| {
        grant.rule.effect == effect
            && grant.rule.kinds.has(kind)
            && grant.rule.actions.has(action)
            && lives(grant.rule.valid, grant.ended_at, at)
    })
}

/// Whether a rule opens what it applies to, else why not.
fn opens(rule: &Rule, question: &Question<'_>, facts: &Facts<'_>) -> Result<(), Reason> {
    let standings = match met(&rule.grantee, question, facts) {
        Met::Not => return Err(Reason::NoConsent),
        Met::AsThemselves => None,
        Met::AsStaff(standings) => Some(standings),
    };
    if !rule.purposes.has(question.purpose) {
        return Err(Reason::Purpose);
    }
    if question.depth > rule.depth {
        return Err(Reason::TooDeep);
    }
    // Staff in two occupations may do what one of them may.
    let room = standings.is_none_or(|standings| standings.iter().any(|one| leaves_room(one, question)));
    if room { Ok(()) } else { Err(Reason::Occupation) }
}

fn leaves_room(standing: &Standing, question: &Question<'_>) -> bool {
    ceiling(standing.occupation.as_deref()).allows(question.kind, question.depth, question.action)
}

/// The rules that close it. To the person themselves only those that close it to a client.
fn closings<'q, 'f>(question: &'q Question<'_>, facts: &'q Facts<'f>) -> impl Iterator<Item = &'f Grant> {
    let own = is_own(question);
    applying(question, facts, Effect::Deny).filter(move |grant| {
        let rule = &grant.rule;
        rule.purposes.has(question.purpose)
            && question.depth >= rule.depth
            && (!own || matches!(rule.grantee, Grantee::Client(_)))
            && !matches!(met(&rule.grantee, question, facts), Met::Not)
    })
}

/// As what the asker is meant by a rule.
enum Met<'f> {
    Not,
    AsThemselves,
    AsStaff(Vec<&'f Standing>),
}

fn met<'f>(grantee: &Grantee, question: &Question<'_>, facts: &Facts<'f>) -> Met<'f> {
    let asker = &question.asker;
    let themselves = |is: bool| if is { Met::AsThemselves } else { Met::Not };
    let staff = |works: &dyn Fn(&Standing) -> bool| {
        let standings: Vec<&Standing> = facts.standings.iter().filter(|one| works(one)).collect();
        if standings.is_empty() {
            Met::Not
        } else {
            Met::AsStaff(standings)
        }
    };
    match grantee {
        Grantee::Everyone => Met::AsThemselves,
        Grantee::Person(person) => themselves(asker.person == Some(*person)),
        Grantee::Relation(word) => themselves(asker.person.is_some() && facts.relations.contains(word)),
        Grantee::Client(client) => themselves(asker.client == Some(client.as_str())),
        Grantee::Staff { person, organisation } if asker.person == Some(*person) => {
            staff(&|one| one.above.contains(organisation))
        }
        Grantee::Staff { .. } => Met::Not,
        Grantee::Organisation {
            organisation,
            below,
            occupation,
        } => staff(&|one| {
            let there = one.organisation == *organisation || (*below && one.above.contains(organisation));
            there && (occupation.is_none() || one.occupation == *occupation)
        }),
    }
}

/// Whether an emergency opens it: to see and to find, for that purpose alone, and only while whoever declared it still
/// stands in that organisation in an occupation with a licence.
fn serves(emergency: &Emergency, question: &Question<'_>, facts: &Facts<'_>) -> bool {
    question.purpose == Purpose::Emergency
        && matches!(question.action, Action::Read | Action::Search)
        && question.asker.person.is_some()
        && lives(emergency.valid, emergency.ended_at, question.at)
        && facts.standings.iter().any(|one| {
            one.organisation == emergency.organisation
                && one.occupation.as_deref().is_some_and(is_licensed)
                && leaves_room(one, question)
        })
}

fn is_own(question: &Question<'_>) -> bool {
    question.asker.person == Some(question.subject)
}
