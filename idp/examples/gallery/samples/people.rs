//! The pages of what is kept about a person.

use super::super::pages::{
    ChangeLine, ContactPage, DetailsForm, DetailsHistory, DetailsProblem, FamilyNotice, FamilyPage,
    FamilyProblem, FieldLine, Form, InvitationLine, KnownLine, Profile, ProfileNotice, ProfileProblem,
    SentLine, TelephoneSection, Texts, Tick, TieLine, TopicLine,
};
use super::super::{Channel, Field, Power, Powers, Relation, Topic, Via};
use super::{Sample, Words, add};

pub(super) fn all(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    details(words, texts, samples);
    history(words, texts, samples);
    contact(words, texts, samples);
    family(words, texts, samples);
}

fn family(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let tie = TieLine {
        id: words.id,
        name: words.name,
        relation: Relation::Child,
        powers: Powers::of(Power::ALL),
        by_law: false,
        until: None,
        details_url: Some(words.local),
    };
    let ties: Vec<TieLine<'_>> = Relation::ALL
        .into_iter()
        .map(|relation| TieLine {
            relation,
            by_law: relation == Relation::Guardian,
            until: (relation == Relation::Guardian).then_some(words.now),
            powers: if relation == Relation::Friend {
                Powers::default()
            } else {
                tie.powers
            },
            ..tie
        })
        .collect();
    let invitation = InvitationLine {
        id: words.id,
        code: None,
        name: words.name,
        relation: Relation::Child,
        powers: Powers::of([Power::UpdateProfile]),
    };
    let typed = InvitationLine {
        code: Some(words.number),
        ..invitation
    };
    let sent = SentLine {
        id: words.id,
        relation: Relation::Spouse,
        until: words.now,
    };
    let page = FamilyPage {
        frame: words.frame(),
        done: None,
        problem: None,
        ask_password: true,
        code: Some(words.number),
        invitations: &[invitation, typed],
        accept: words.form(),
        decline: words.form(),
        mine: &ties,
        theirs: &[tie],
        end: words.form(),
        sent: &[sent],
        withdraw: words.form(),
        invite: words.form(),
        enter: words.form(),
    };
    add(samples, "relatives", page.render(texts));
    let empty = FamilyPage {
        ask_password: false,
        code: None,
        invitations: &[],
        mine: &[],
        theirs: &[],
        sent: &[],
        ..page
    };
    add(samples, "relatives-empty", empty.render(texts));
    family_states(&empty, texts, samples);
}

fn family_states(empty: &FamilyPage<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    for (name, done) in [
        ("accepted", FamilyNotice::Accepted),
        ("withdrawn", FamilyNotice::Withdrawn),
        ("ended", FamilyNotice::Ended),
        ("details", FamilyNotice::Details),
    ] {
        let page = FamilyPage {
            done: Some(done),
            ..*empty
        };
        add(samples, format!("relatives-{name}"), page.render(texts));
    }
    for (name, problem) in [
        ("code", FamilyProblem::Code),
        ("nothing", FamilyProblem::Nothing),
        ("by-law", FamilyProblem::ByLaw),
        ("too-many", FamilyProblem::TooMany),
        ("address", FamilyProblem::Address),
        ("password", FamilyProblem::Password),
        ("wait", FamilyProblem::Wait { seconds: 900 }),
        ("again", FamilyProblem::SignInAgain),
        ("busy", FamilyProblem::Busy { seconds: 5 }),
    ] {
        let page = FamilyPage {
            problem: Some(problem),
            ..*empty
        };
        add(samples, format!("relatives-problem-{name}"), page.render(texts));
    }
}

fn contact(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let topics = Topic::ALL.map(|topic| TopicLine {
        topic,
        ticks: Channel::ALL.map(|channel| Tick {
            topic,
            channel,
            allowed: topic == Topic::Service || channel == Channel::Post,
        }),
    });
    let page = ContactPage {
        frame: words.frame(),
        change: words.form(),
        topics: &topics,
        kept: false,
    };
    add(samples, "contact", page.render(texts));
    let kept = ContactPage { kept: true, ..page };
    add(samples, "contact-kept", kept.render(texts));
}

/// The page of the profile with what else is known, and its telephone number.
pub(super) fn profile(page: &Profile<'_>, words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let known = |field| KnownLine {
        field,
        value: words.name,
    };
    let sex = KnownLine {
        field: Field::Sex,
        value: "female",
    };
    let known = [
        known(Field::FamilyNameKana),
        known(Field::Birthdate),
        sex,
        known(Field::PostalCode),
    ];
    let telephone = TelephoneSection {
        number: words.number,
        verified: false,
        ask: Some(words.form()),
        confirm: Some(words.form()),
    };
    let page = Profile {
        known: &known,
        telephone: Some(telephone),
        confirm: None,
        ..*page
    };
    for (name, done) in [
        ("details", ProfileNotice::Details),
        ("message", ProfileNotice::MessageSent),
        ("telephone", ProfileNotice::TelephoneConfirmed),
    ] {
        let page = Profile {
            done: Some(done),
            ..page
        };
        add(samples, format!("profile-known-{name}"), page.render(texts));
    }
    for (name, problem) in [
        ("code", ProfileProblem::TelephoneCode),
        ("taken", ProfileProblem::TelephoneTaken),
        ("not-sent", ProfileProblem::NotSent),
    ] {
        let line = TelephoneSection {
            ask: None,
            ..telephone
        };
        let page = Profile {
            telephone: Some(line),
            problem: Some(problem),
            done: None,
            ..page
        };
        add(
            samples,
            format!("profile-problem-telephone-{name}"),
            page.render(texts),
        );
    }
}

fn details(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let fields: Vec<FieldLine<'_>> = Field::ALL
        .iter()
        .map(|field| FieldLine {
            field: *field,
            value: words.name,
        })
        .collect();
    let page = DetailsForm {
        frame: words.frame(),
        of: None,
        change: Form {
            action: words.local,
            csrf: words.id,
            hidden: &[],
        },
        fields: &fields,
        ask_password: true,
        problem: None,
        back: words.local,
    };
    add(samples, "details", page.render(texts));
    for (name, problem) in [
        ("field", DetailsProblem::Field(Field::PostalCode)),
        ("ward", DetailsProblem::Ward),
        ("raced", DetailsProblem::Raced),
        ("password", DetailsProblem::Password),
        ("wait", DetailsProblem::Wait { seconds: 900 }),
        ("again", DetailsProblem::SignInAgain),
        ("busy", DetailsProblem::Busy { seconds: 5 }),
    ] {
        let page = DetailsForm {
            of: Some(words.name),
            problem: Some(problem),
            ..page
        };
        add(samples, format!("details-problem-{name}"), page.render(texts));
    }
}

fn history(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let change = |(field, via), (before, after)| ChangeLine {
        at: words.now,
        field,
        before,
        after,
        via,
        by: None,
    };
    let by_family = ChangeLine {
        by: Some(words.name),
        ..change((Field::Telephone, Via::Family), (None, Some(words.number)))
    };
    let changes = [
        by_family,
        change((Field::Sex, Via::Administrator), (Some("male"), Some("female"))),
        change((Field::Street, Via::Person), (Some(words.name), None)),
        change((Field::EmailVerified, Via::Command), (None, Some("true"))),
        change((Field::Name, Via::Family), (Some("other"), Some(words.name))),
    ];
    let page = DetailsHistory {
        frame: words.frame(),
        changes: &changes,
        older: Some(words.local),
    };
    add(samples, "details-history", page.render(texts));
    let empty = DetailsHistory {
        changes: &[],
        older: None,
        ..page
    };
    add(samples, "details-history-empty", empty.render(texts));
}
