//! The pages of somebody who cannot get into their account any more.

use super::super::pages::{
    NewPassword, PasswordHint, PasswordProblem, PasswordRule, Recover, RecoverFamily, RecoverLink,
    RecoverProblem, RecoverSent, RecoverStop, Stage, Texts,
};
use super::{Sample, Words, add};

pub(super) fn recover(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let page = Recover {
        frame: words.frame(),
        form: words.form(),
        typed: "",
        mail: true,
        family: true,
        problem: None,
    };
    add(samples, "recover", page.render(texts));
    add(
        samples,
        "recover-no-mail",
        Recover { mail: false, ..page }.render(texts),
    );
    let by_mail = Recover {
        family: false,
        ..page
    };
    add(samples, "recover-mail-only", by_mail.render(texts));
    for (name, problem) in [
        ("name", RecoverProblem::Name),
        ("expired", RecoverProblem::Expired),
        ("wait", RecoverProblem::Wait { seconds: 3_600 }),
    ] {
        let page = Recover {
            typed: words.login,
            problem: Some(problem),
            ..page
        };
        add(samples, format!("recover-problem-{name}"), page.render(texts));
    }
    let sent = RecoverSent { frame: words.frame() };
    add(samples, "recover-sent", sent.render(texts));
    let rules = [PasswordRule::MinLength(10), PasswordRule::NotGuessable];
    let link = RecoverLink {
        frame: words.frame(),
        form: words.form(),
        login: words.login,
        second: true,
        rules: &rules,
        problems: &[],
    };
    add(samples, "recover-link-second", link.render(texts));
    let problems = [PasswordProblem::CodeWrong];
    let refused = RecoverLink {
        problems: &problems,
        ..link
    };
    add(samples, "recover-link-problem", refused.render(texts));
    let plain = RecoverLink {
        second: false,
        ..link
    };
    add(samples, "recover-link", plain.render(texts));
}

pub(super) fn family(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let rules = [PasswordRule::MinLength(10), PasswordRule::NotGuessable];
    let problems = [PasswordProblem::Guessable(PasswordHint::Date)];
    let open = NewPassword {
        form: words.form(),
        login: words.login,
        rules: &rules,
        problems: &[],
    };
    let refused = NewPassword {
        problems: &problems,
        ..open
    };
    let opens_at = words.now;
    for (name, stage) in [
        ("asked", Stage::Asked { code: "482193" }),
        ("waiting", Stage::Waiting { opens_at }),
        ("open", Stage::Open(open)),
        ("problem", Stage::Open(refused)),
        ("ended", Stage::Ended),
    ] {
        let page = RecoverFamily {
            frame: words.frame(),
            stage,
        };
        add(samples, format!("family-{name}"), page.render(texts));
    }
    for (name, form) in [("stop", Some(words.form())), ("stopped", None)] {
        let page = RecoverStop {
            frame: words.frame(),
            form,
        };
        add(samples, format!("family-{name}"), page.render(texts));
    }
}
