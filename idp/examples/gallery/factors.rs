//! The pages of second steps and factors.

use super::super::pages::{
    EnrolTotp, FactorDetails, Form, RecoveryCodes, SecondFactor, SecondFactorProblem, Security,
    SecurityNotice, Texts,
};
use super::{Sample, Words, add};

pub fn second_step(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let hidden = [("step", words.id)];
    let form = Form {
        action: words.local,
        csrf: words.id,
        hidden: &hidden,
    };
    let page = SecondFactor {
        frame: words.frame(),
        form,
        app: true,
        recovery: true,
        passkey: Some(form),
        more: false,
        again_url: words.local,
        problem: None,
    };
    add(samples, "second-factor", page.render(texts));
    let only = |app, recovery| SecondFactor {
        app,
        recovery,
        passkey: None,
        ..page
    };
    add(samples, "second-factor-app", only(true, false).render(texts));
    add(samples, "second-factor-recovery", only(false, true).render(texts));
    let passkey = SecondFactor {
        app: false,
        recovery: false,
        more: true,
        ..page
    };
    add(samples, "second-factor-passkey", passkey.render(texts));
    for (name, problem) in [
        ("missing", SecondFactorProblem::Missing),
        ("wrong", SecondFactorProblem::Wrong),
        ("passkey-wrong", SecondFactorProblem::Passkey),
        ("throttled", SecondFactorProblem::Throttled { seconds: 900 }),
    ] {
        let problem = Some(problem);
        let page = SecondFactor { problem, ..page };
        add(samples, format!("second-factor-{name}"), page.render(texts));
    }
}

pub fn enrol(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let hidden = [("offered", words.id)];
    let drawn = idp_picture();
    let page = EnrolTotp {
        frame: words.frame(),
        form: Form {
            action: words.local,
            csrf: words.id,
            hidden: &hidden,
        },
        picture: drawn.as_ref().map(|(width, path)| (*width, path.as_str())),
        secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
        required: false,
        back_url: words.local,
        wrong: false,
    };
    add(samples, "enrol-totp", page.render(texts));
    let required = EnrolTotp {
        required: true,
        picture: None,
        ..page
    };
    add(samples, "enrol-totp-required", required.render(texts));
    add(
        samples,
        "enrol-totp-wrong",
        EnrolTotp { wrong: true, ..page }.render(texts),
    );
    let codes: Vec<String> = [
        "7KQ2M-9XR4T",
        "B3NPW-0H5ZV",
        "4YDCJ-8EGS6",
        "R1TXA-K7M2Q",
        "Z9VHB-3NWP5",
    ]
    .iter()
    .flat_map(|code| [(*code).to_owned(), code.chars().rev().collect()])
    .collect();
    let page = RecoveryCodes {
        frame: words.frame(),
        codes: &codes,
        first: true,
        next_url: words.local,
    };
    add(samples, "recovery-codes-first", page.render(texts));
    add(
        samples,
        "recovery-codes",
        RecoveryCodes { first: false, ..page }.render(texts),
    );
}

/// A picture of an address as apps read it.
fn idp_picture() -> Option<(i32, String)> {
    super::super::picture(
        "otpauth://totp/Musubi:setsuko.sato?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Musubi",
    )
}

pub fn list(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let form = Form {
        action: words.local,
        csrf: words.id,
        hidden: &[],
    };
    let phone = FactorDetails {
        id: words.id,
        name: words.name,
        passkey: true,
        added_at: words.ago(90_000),
        used_at: Some(words.ago(42)),
    };
    let factors = [
        phone,
        FactorDetails {
            name: "",
            passkey: false,
            used_at: None,
            ..phone
        },
    ];
    let page = Security {
        frame: words.frame(),
        notice: None,
        factors: &factors,
        remove: form,
        rename: form,
        add_app_url: words.local,
        add_passkey: Some(form),
        codes_left: Some(7),
        make_codes: form,
        required: true,
    };
    add(samples, "security", page.render(texts));
    let empty = Security {
        factors: &[],
        add_passkey: None,
        codes_left: None,
        ..page
    };
    add(samples, "security-empty", empty.render(texts));
    for (name, notice) in [
        ("added", SecurityNotice::Added),
        ("removed", SecurityNotice::Removed),
        ("renamed", SecurityNotice::Renamed),
        ("refused-problems", SecurityNotice::Refused),
        ("last-problems", SecurityNotice::Last),
    ] {
        let notice = Some(notice);
        let page = Security { notice, ..page };
        add(samples, format!("security-{name}"), page.render(texts));
    }
}
