//! Organisations and who works there, and what a consent to them would mean.

use super::super::pages::{
    Action, Actions, AtPlace, ConfirmConsent, ConsentProblem, Depth, FindPlace, Kind, Kinds, OccupationCode,
    OrganisationKind, PlaceLine, PlaceProblem, Purpose, Purposes, RuleLine, Texts, WhoLine,
};
use super::{Sample, Words, add};

pub(super) fn places(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let lines: Vec<PlaceLine<'_>> = OrganisationKind::ALL
        .iter()
        .map(|kind| PlaceLine {
            name: words.client,
            kind: *kind,
            within: (*kind == OrganisationKind::Department).then_some(words.other_client),
            number: words.number,
            url: words.local,
        })
        .collect();
    find(words, texts, samples, &lines);
    for line in lines.iter().take(1) {
        at(words, texts, samples, *line);
    }
    confirm(words, texts, samples);
}

fn find(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>, lines: &[PlaceLine<'_>]) {
    let page = FindPlace {
        frame: words.frame(),
        form: words.form(),
        text: "",
        found: None,
        more: false,
        too_long: false,
    };
    add(samples, "account-place", page.render(texts));
    for (name, found, more) in [
        ("account-place-found", Some(lines), true),
        ("account-place-none", Some(&[][..]), false),
        ("account-place-problem", None, false),
    ] {
        let page = FindPlace {
            text: words.client,
            found,
            more,
            too_long: found.is_none(),
            ..page
        };
        add(samples, name, page.render(texts));
    }
}

fn at(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>, place: PlaceLine<'_>) {
    let parts = [words.client.to_owned(), words.other_client.to_owned()];
    let page = AtPlace {
        frame: words.frame(),
        problem: None,
        place,
        parts: &parts,
        more_parts: true,
        occupations: OccupationCode::ALL,
        form: words.form(),
        chosen: None,
        below: false,
        staff: "",
    };
    add(samples, "account-place-at", page.render(texts));
    for (name, problem) in [
        ("account-place-at-problem-whom", PlaceProblem::Whom),
        ("account-place-at-problem-occupation", PlaceProblem::Occupation),
        ("account-place-at-problem-staff", PlaceProblem::StaffMissing),
        ("account-place-at-problem-unknown", PlaceProblem::StaffUnknown),
        ("account-place-at-problem-several", PlaceProblem::StaffSeveral),
        (
            "account-place-at-problem-wait",
            PlaceProblem::Wait { seconds: 3600 },
        ),
    ] {
        let page = AtPlace {
            problem: Some(problem),
            more_parts: false,
            chosen: Some("person"),
            below: true,
            staff: words.name,
            ..page
        };
        add(samples, name, page.render(texts));
    }
    let page = AtPlace {
        parts: &[],
        occupations: &[],
        ..page
    };
    add(samples, "account-place-at-small", page.render(texts));
}

fn confirm(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let organisation = |below| WhoLine::Organisation {
        name: words.client,
        below,
        occupation: Some("nurse"),
    };
    let staff = WhoLine::Staff {
        name: words.name,
        organisation: words.client,
    };
    for (name, who, problem) in [
        ("account-consent-confirm-tree", organisation(true), None),
        ("account-consent-confirm-organisation", organisation(false), None),
        ("account-consent-confirm-staff", staff, None),
        (
            "account-consent-confirm-problem-password",
            WhoLine::Person(words.name),
            Some(ConsentProblem::Password),
        ),
    ] {
        let rules = [RuleLine {
            forbids: false,
            who,
            kinds: Kinds::of(&[Kind::Vitals, Kind::Prescriptions]),
            actions: Actions::of(&[Action::Read, Action::Search]),
            purposes: Purposes::of(&[Purpose::Care]),
            depth: Depth::Daily,
            until: Some(words.now),
        }];
        let page = ConfirmConsent {
            frame: words.frame(),
            problem,
            ask_password: problem.is_some(),
            name: words.name,
            rules: &rules,
            form: words.form(),
        };
        add(samples, name, page.render(texts));
    }
}
