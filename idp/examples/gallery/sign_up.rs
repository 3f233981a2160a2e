//! The pages on which people make an account for themselves.

use super::super::pages::{
    PasswordHint, PasswordProblem, PasswordRule, SignUp, SignUpBy, SignUpCode, SignUpCodeProblem,
    SignUpProblem, Texts,
};
use super::{Sample, Words, add};

pub(super) fn all(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let rules = [
        PasswordRule::MinLength(10),
        PasswordRule::NotGuessable,
        PasswordRule::NotBreached,
    ];
    let page = SignUp {
        frame: words.frame(),
        form: words.form(),
        by: SignUpBy::Address,
        login: "",
        name: "",
        client_name: Some(words.client),
        rules: &rules,
        problems: &[],
        sign_in_url: words.local,
    };
    add(samples, "sign-up", page.render(texts));
    for (name, by) in [("either", SignUpBy::AddressOrLogin), ("login", SignUpBy::Login)] {
        let page = SignUp {
            by,
            client_name: None,
            ..page
        };
        add(samples, format!("sign-up-{name}"), page.render(texts));
    }
    let guessable = SignUpProblem::Password(PasswordProblem::Guessable(PasswordHint::Common));
    for (name, problems) in [
        ("address", &[SignUpProblem::Address, SignUpProblem::Name][..]),
        ("login", &[SignUpProblem::Login]),
        ("unconfirmable", &[SignUpProblem::Unconfirmable]),
        ("taken", &[SignUpProblem::Taken]),
        ("password", &[guessable]),
        ("wait", &[SignUpProblem::Wait { seconds: 3_600 }]),
        ("expired", &[SignUpProblem::Expired]),
    ] {
        let page = SignUp {
            login: words.login,
            name: words.name,
            problems,
            ..page
        };
        add(samples, format!("sign-up-problem-{name}"), page.render(texts));
    }
    for (name, problem) in [
        ("code", None),
        ("code-wrong", Some(SignUpCodeProblem::Wrong)),
        ("code-problem-taken", Some(SignUpCodeProblem::Taken)),
    ] {
        let page = SignUpCode {
            frame: words.frame(),
            form: words.form(),
            address: words.email,
            again_url: words.local,
            problem,
        };
        add(samples, format!("sign-up-{name}"), page.render(texts));
    }
}
