//! The page of appointments and of what was done.

use super::super::EncounterKind;
use super::super::pages::{AppointmentLine, CalendarState, Care, CareProblem, DoneLine, Texts};
use super::{Sample, Words, add};

pub(super) fn all(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let time = AppointmentLine {
        at: words.now,
        minutes: 30,
        kind: EncounterKind::Visit,
        place: words.client,
        who: Some(words.name),
        note: Some(words.host),
        cancelled: false,
    };
    let off = AppointmentLine {
        kind: EncounterKind::Telephone,
        who: None,
        note: None,
        cancelled: true,
        ..time
    };
    let first = DoneLine {
        at: words.now,
        kind: EncounterKind::Guidance,
        place: words.client,
        who: Some(words.name),
        note: Some(words.host),
        corrected: None,
        replaced: true,
    };
    let second = DoneLine {
        corrected: Some((words.now, words.name)),
        replaced: false,
        ..first
    };
    let page = Care {
        frame: words.frame(),
        problem: None,
        coming: &[time, off],
        expected: &[time],
        done: &[second, first],
        older: Some(words.local),
        newest: false,
        calendar: CalendarState::JustOn(words.url),
        ask_password: true,
        turn_on: words.form(),
        turn_off: words.form(),
    };
    add(samples, "care", page.render(texts));
    let empty = Care {
        coming: &[],
        expected: &[],
        done: &[],
        older: None,
        newest: true,
        calendar: CalendarState::JustOff,
        ask_password: false,
        ..page
    };
    add(samples, "care-empty", empty.render(texts));
    states(&empty, first, texts, samples);
}

fn states(empty: &Care<'_>, first: DoneLine<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let every: Vec<DoneLine<'_>> = EncounterKind::ALL
        .iter()
        .map(|kind| DoneLine {
            kind: *kind,
            note: None,
            who: None,
            replaced: false,
            ..first
        })
        .collect();
    let kinds = Care {
        done: &every,
        calendar: CalendarState::Off,
        ..*empty
    };
    add(samples, "care-kinds", kinds.render(texts));
    for (name, problem) in [
        ("password", CareProblem::Password),
        ("wait", CareProblem::Wait { seconds: 900 }),
        ("again", CareProblem::SignInAgain),
        ("busy", CareProblem::Busy { seconds: 5 }),
    ] {
        let page = Care {
            calendar: CalendarState::On,
            problem: Some(problem),
            ..*empty
        };
        add(samples, format!("care-problem-{name}"), page.render(texts));
    }
}
