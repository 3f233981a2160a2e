//! What one allows and forbids with one's data.

use super::super::pages::{
    Action, Actions, Choice, ConsentLine, ConsentNotice, ConsentProblem, ConsentReceipt, Consents,
    DeclaredLine, Depth, Emergency, EmergencyLine, EmergencyNotice, EmergencyProblem, Kind, Kinds, Level,
    NewConsent, PlaceChoice, Purpose, Purposes, RuleLine, Texts, WhoLine,
};
use super::{Sample, Words, add};

/// Rules that open, one of each sort of grantee that there is beside those of `closed`.
fn open<'a>(words: &Words<'a>) -> [RuleLine<'a>; 3] {
    let rule = RuleLine {
        forbids: false,
        who: WhoLine::Person(words.name),
        kinds: Kinds::of(&[Kind::Vitals, Kind::Exercise, Kind::Meals]),
        actions: Actions::of(&[Action::Read, Action::Search]),
        purposes: Purposes::of(&[Purpose::Family]),
        depth: Depth::Daily,
        until: Some(words.now),
    };
    let everything = RuleLine {
        who: WhoLine::Organisation {
            name: words.client,
            below: true,
            occupation: Some(words.scope),
        },
        kinds: Kinds::ALL,
        actions: Actions::ALL,
        purposes: Purposes::ALL,
        depth: Depth::Everything,
        until: None,
        ..rule
    };
    let staff = RuleLine {
        who: WhoLine::Staff {
            name: words.name,
            organisation: words.client,
        },
        depth: Depth::Values,
        ..rule
    };
    [rule, everything, staff]
}

/// Rules that close, at each depth.
fn closed<'a>(words: &Words<'a>) -> Vec<RuleLine<'a>> {
    let [rule, ..] = open(words);
    let whom = [
        WhoLine::Everyone,
        WhoLine::Relation("friend"),
        WhoLine::Relation(words.scope),
        WhoLine::Client(words.other_client),
    ];
    let rules = Depth::ALL.iter().zip(whom);
    rules
        .map(|(depth, who)| RuleLine {
            forbids: true,
            who,
            depth: *depth,
            ..rule
        })
        .collect()
}

pub(super) fn consents(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let (rules, closed) = (open(words), closed(words));
    let line = ConsentLine {
        id: words.id,
        url: words.local,
        rules: &rules,
        level: None,
        given_at: words.ago(90),
        by: None,
    };
    let consents = [
        line,
        ConsentLine {
            rules: &closed,
            by: Some(words.name),
            ..line
        },
        ConsentLine {
            level: Some(Level::Family),
            ..line
        },
    ];
    list(words, texts, samples, &consents);
    new(words, texts, samples);
    emergency(words, texts, samples);
    let receipt = ConsentReceipt {
        frame: words.frame(),
        name: words.name,
        consent: line,
        active: true,
        version: 2,
        signed_url: words.local,
    };
    add(samples, "account-consent", receipt.render(texts));
    let ended = ConsentReceipt {
        consent: ConsentLine {
            level: Some(Level::Quiet),
            by: Some(words.name),
            ..line
        },
        active: false,
        ..receipt
    };
    add(samples, "account-consent-ended", ended.render(texts));
}

fn list(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>, consents: &[ConsentLine<'_>]) {
    let page = Consents {
        frame: words.frame(),
        done: Some(ConsentNotice::Given),
        problem: None,
        ask_password: false,
        level: Some(Level::Family),
        choose: words.form(),
        consents,
        withdraw: words.form(),
        emergencies: &[EmergencyLine {
            place: words.client,
            name: words.name,
            at: words.ago(300),
            until: words.ago(60),
            reason: words.other_client,
        }],
        may_declare: true,
    };
    add(samples, "account-consents", page.render(texts));
    for (name, done) in [
        ("account-consents-withdrawn", ConsentNotice::Withdrawn),
        ("account-consents-level", ConsentNotice::Level),
    ] {
        let page = Consents {
            done: Some(done),
            level: None,
            consents: &[],
            emergencies: &[],
            may_declare: false,
            ..page
        };
        add(samples, name, page.render(texts));
    }
    for (name, problem) in [
        ("account-consents-problem-gone", ConsentProblem::Gone),
        (
            "account-consents-problem-wait",
            ConsentProblem::Wait { seconds: 30 },
        ),
        (
            "account-consents-problem-busy",
            ConsentProblem::Busy { seconds: 5 },
        ),
        ("account-consents-problem-again", ConsentProblem::SignInAgain),
    ] {
        let page = Consents {
            done: None,
            problem: Some(problem),
            ask_password: true,
            ..page
        };
        add(samples, name, page.render(texts));
    }
}

fn emergency(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let page = Emergency {
        frame: words.frame(),
        done: Some(EmergencyNotice::Declared),
        problem: None,
        ask_password: false,
        places: &[PlaceChoice {
            value: words.id,
            name: words.client,
        }],
        declare: words.form(),
        declared: &[DeclaredLine {
            id: words.id,
            name: words.name,
            until: words.now,
        }],
        end: words.form(),
    };
    add(samples, "account-emergency", page.render(texts));
    let none = Emergency {
        done: Some(EmergencyNotice::Ended),
        places: &[],
        declared: &[],
        ..page
    };
    add(samples, "account-emergency-none", none.render(texts));
    for (name, problem) in [
        ("account-emergency-problem-reason", EmergencyProblem::Reason),
        ("account-emergency-problem-person", EmergencyProblem::Person),
        (
            "account-emergency-problem-organisation",
            EmergencyProblem::Organisation,
        ),
    ] {
        let page = Emergency {
            done: None,
            problem: Some(problem),
            ask_password: true,
            ..page
        };
        add(samples, name, page.render(texts));
    }
}

fn new(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let people = [
        Choice {
            value: "relation child",
            who: WhoLine::Relation("child"),
        },
        Choice {
            value: "person",
            who: WhoLine::Person(words.name),
        },
        Choice {
            value: "client",
            who: WhoLine::Client(words.client),
        },
        Choice {
            value: "everyone",
            who: WhoLine::Everyone,
        },
    ];
    let page = NewConsent {
        frame: words.frame(),
        problem: None,
        form: words.form(),
        people: &people,
        chosen: &[("depth", "daily"), ("family", "purpose"), ("until", "year")],
    };
    add(samples, "account-consent-new", page.render(texts));
    for (name, problem) in [
        ("account-consent-new-problem-open", ConsentProblem::Incomplete),
        ("account-consent-new-problem-nobody", ConsentProblem::Nobody),
    ] {
        let page = NewConsent {
            problem: Some(problem),
            ..page
        };
        add(samples, name, page.render(texts));
    }
}
