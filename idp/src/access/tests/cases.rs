//! The cases that the rules were written for, each by its words.

use platform::clock::Instant;
use uuid::Uuid;

use super::worlds::{NOW, organisation, person};
use crate::access::{
    Action, Actions, Asker, Because, Contract, Decision, Depth, Effect, Emergency, Facts, Grant, Grantee,
    Kind, Kinds, Operator, Period, Purpose, Purposes, Question, Reach, Reason, Rule, Standing, decide,
    deepest,
};

const HANAKO: u128 = 0;
const DOCTOR: u128 = 1;

fn read(asker: Asker<'_>, purpose: Purpose) -> Question<'_> {
    Question {
        asker,
        subject: person(HANAKO),
        action: Action::Read,
        kind: Kind::Vitals,
        depth: Depth::Values,
        purpose,
        data: Period::ALWAYS,
        at: Instant::from_micros(NOW),
    }
}

fn by(who: u128) -> Asker<'static> {
    Asker {
        person: Some(person(who)),
        ..Asker::default()
    }
}

fn grant(effect: Effect, grantee: Grantee) -> Grant {
    Grant {
        id: Uuid::from_u128(1).into(),
        consent: Uuid::from_u128(2).into(),
        rule: Rule {
            effect,
            grantee,
            kinds: Kinds::of(&[Kind::Vitals]),
            actions: Actions::of(&[Action::Read]),
            purposes: Purposes::of(&[Purpose::Care]),
            depth: Depth::Values,
            data: Period::ALWAYS,
            valid: Period::ALWAYS,
        },
        ended_at: None,
    }
}

fn hospital(occupation: &str) -> Standing {
    Standing {
        organisation: organisation(1),
        above: vec![organisation(1), organisation(0)],
        occupation: Some(occupation.to_owned()),
    }
}

fn reason(decision: &Decision) -> Option<Reason> {
    match decision {
        Decision::Deny(denied) => Some(denied.reason),
        Decision::Permit(_) => None,
    }
}

#[test]
fn ones_own_data_is_ones_own_whatever_one_forbids_to_everyone() {
    let mut nobody = grant(Effect::Deny, Grantee::Everyone);
    nobody.rule.depth = Depth::Aggregate;
    nobody.rule.purposes = Purposes::ALL;
    let facts = Facts {
        grants: &[nobody],
        ..Facts::default()
    };
    let Decision::Permit(permit) = decide(&read(by(HANAKO), Purpose::Own), &facts) else {
        panic!("refused");
    };
    assert_eq!(permit.because, [Because::Own]);
    assert!(!permit.obligations.notify);
}

#[test]
fn a_client_that_one_forbids_does_not_even_see_it_for_oneself() {
    let mut no = grant(Effect::Deny, Grantee::Client("diary".to_owned()));
    no.rule.depth = Depth::Aggregate;
    no.rule.purposes = Purposes::ALL;
    let facts = Facts {
        grants: &[no],
        ..Facts::default()
    };
    let asker = Asker {
        client: Some("diary"),
        ..by(HANAKO)
    };
    assert_eq!(
        reason(&decide(&read(asker, Purpose::Own), &facts)),
        Some(Reason::Forbidden)
    );
}

#[test]
fn a_hospitals_physician_sees_what_its_clerk_does_not() {
    let whole = [grant(
        Effect::Permit,
        Grantee::Organisation {
            organisation: organisation(0),
            below: true,
            occupation: None,
        },
    )];
    for (occupation, expected) in [("physician", None), ("clerk", Some(Reason::Occupation))] {
        let standings = [hospital(occupation)];
        let facts = Facts {
            grants: &whole,
            standings: &standings,
            ..Facts::default()
        };
        assert_eq!(
            reason(&decide(&read(by(DOCTOR), Purpose::Care), &facts)),
            expected,
            "{occupation}"
        );
    }
    let outside = Facts {
        grants: &whole,
        ..Facts::default()
    };
    assert_eq!(
        reason(&decide(&read(by(DOCTOR), Purpose::Care), &outside)),
        Some(Reason::NoConsent)
    );
}

#[test]
fn the_reason_is_the_one_that_stood_in_the_way() {
    let to_doctor = || grant(Effect::Permit, Grantee::Person(person(DOCTOR)));
    let with = |grants: &[Grant], question: &Question<'_>| {
        let facts = Facts {
            grants,
            ..Facts::default()
        };
        reason(&decide(question, &facts))
    };
    let care = read(by(DOCTOR), Purpose::Care);
    assert_eq!(with(&[to_doctor()], &care), None);
    assert_eq!(with(&[], &care), Some(Reason::NoConsent));
    assert_eq!(
        with(&[to_doctor()], &read(by(DOCTOR), Purpose::Research)),
        Some(Reason::Purpose)
    );
    let deep = Question {
        depth: Depth::Everything,
        ..care
    };
    assert_eq!(with(&[to_doctor()], &deep), Some(Reason::TooDeep));
    let mut no = grant(Effect::Deny, Grantee::Everyone);
    no.rule.depth = Depth::Aggregate;
    assert_eq!(with(&[to_doctor(), no], &care), Some(Reason::Forbidden));
    let mut past = to_doctor();
    past.rule.data = Period::between(None, Some(Instant::from_micros(10)));
    let today = Question {
        data: Period::between(Some(Instant::from_micros(NOW)), None),
        ..care
    };
    assert_eq!(with(&[past], &today), Some(Reason::OtherTime));
    let mut over = to_doctor();
    over.ended_at = Some(Instant::from_micros(NOW));
    assert_eq!(with(&[over], &care), Some(Reason::NoConsent));
    let reach: [Reach; 0] = [];
    let narrow = Question {
        asker: Asker {
            reach: Some(&reach),
            ..by(DOCTOR)
        },
        ..care
    };
    assert_eq!(with(&[to_doctor()], &narrow), Some(Reason::Scope));
}

#[test]
fn a_service_of_an_operator_needs_a_contract_even_for_ones_own_data() {
    let operator = Operator {
        above: vec![organisation(1), organisation(0)],
    };
    let asker = Asker {
        operator: Some(&operator),
        ..by(HANAKO)
    };
    let question = read(asker, Purpose::Own);
    let mut contract = Contract {
        id: Uuid::from_u128(9).into(),
        organisation: organisation(0),
        kinds: Kinds::of(&[Kind::Vitals]),
        actions: Actions::of(&[Action::Read]),
        valid: Period::between(Some(Instant::from_micros(0)), Some(Instant::from_micros(NOW + 1))),
        ended_at: None,
    };
    let with = |contracts: &[Contract]| {
        let facts = Facts {
            contracts,
            ..Facts::default()
        };
        reason(&decide(&question, &facts))
    };
    assert_eq!(with(&[]), Some(Reason::Contract));
    assert_eq!(with(std::slice::from_ref(&contract)), None);
    contract.ended_at = Some(Instant::from_micros(NOW));
    assert_eq!(with(std::slice::from_ref(&contract)), Some(Reason::Contract));
}

#[test]
fn an_emergency_opens_for_that_purpose_alone_and_the_person_hears_of_it() {
    let emergencies = [Emergency {
        id: Uuid::from_u128(7).into(),
        organisation: organisation(1),
        valid: Period::between(
            Some(Instant::from_micros(NOW)),
            Some(Instant::from_micros(NOW + 10)),
        ),
        ended_at: None,
    }];
    let at = |standing: Standing, question: &Question<'_>| {
        let standings = [standing];
        let facts = Facts {
            emergencies: &emergencies,
            standings: &standings,
            ..Facts::default()
        };
        decide(question, &facts)
    };
    let question = read(by(DOCTOR), Purpose::Emergency);
    let Decision::Permit(permit) = at(hospital("physician"), &question) else {
        panic!("refused");
    };
    assert!(permit.obligations.notify);
    assert_eq!(permit.obligations.until, Some(Instant::from_micros(NOW + 10)));
    // Not for another purpose, not to change anything, not by a clerk, not elsewhere, not later.
    assert!(!at(hospital("physician"), &read(by(DOCTOR), Purpose::Care)).permits());
    let write = Question {
        action: Action::Update,
        ..question
    };
    assert!(!at(hospital("physician"), &write).permits());
    assert!(!at(hospital("clerk"), &question).permits());
    let elsewhere = Standing {
        organisation: organisation(0),
        above: vec![organisation(0)],
        occupation: Some("physician".to_owned()),
    };
    assert!(!at(elsewhere, &question).permits());
    let later = Question {
        at: Instant::from_micros(NOW + 10),
        ..question
    };
    assert!(!at(hospital("physician"), &later).permits());
}

#[test]
fn whoever_asks_too_deep_is_shown_how_deep_they_may_go() {
    let grants = [grant(Effect::Permit, Grantee::Person(person(DOCTOR)))];
    let facts = Facts {
        grants: &grants,
        ..Facts::default()
    };
    let question = Question {
        depth: Depth::Everything,
        ..read(by(DOCTOR), Purpose::Care)
    };
    let Decision::Permit(permit) = deepest(&question, &facts) else {
        panic!("refused");
    };
    assert_eq!(permit.obligations.depth, Depth::Values);
}
