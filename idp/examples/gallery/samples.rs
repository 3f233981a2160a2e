//! Every page in each of its states, filled with the words it is given. The gallery gives friendly ones, the tests
//! hostile ones.

#[path = "samples/account.rs"]
mod account;
#[path = "samples/care.rs"]
mod care;
#[path = "samples/consents.rs"]
mod consents;
#[path = "samples/people.rs"]
mod people;
#[path = "samples/places.rs"]
mod places;
#[path = "samples/recovery.rs"]
mod recovery;

use super::pages::{
    AuthorizationDetails, Consent, ConsentClient, ErrorKind, ErrorPage, Form, Frame, Link, Moment, Papers,
    PasswordHint, PasswordProblem, PasswordRule, RenderError, SetPassword, SetPasswordPurpose, SignIn,
    SignInProblem, SignOut, SignedOut, Texts, Welcome, Whose,
};

#[path = "elsewhere.rs"]
mod elsewhere;
#[path = "factors.rs"]
mod factors;
#[path = "sign_up.rs"]
mod sign_up;

/// What stands in the fields that come from outside.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub realm: &'a str,
    pub help: &'a str,
    pub name: &'a str,
    pub login: &'a str,
    pub email: &'a str,
    pub number: &'a str,
    pub client: &'a str,
    pub other_client: &'a str,
    pub host: &'a str,
    pub url: &'a str,
    pub local: &'a str,
    pub scope: &'a str,
    pub address: &'a str,
    pub user_agent: &'a str,
    pub id: &'a str,
    pub now: Moment,
}

/// A page in one state, rendered.
pub struct Sample {
    pub name: String,
    pub html: Result<String, RenderError>,
}

const MINUTE: i64 = 60_000_000;

impl<'a> Words<'a> {
    fn frame(&self) -> Frame<'a> {
        Frame {
            realm_name: self.realm,
            here: self.local,
            help: Some(self.help),
        }
    }

    fn whose(&self) -> Whose<'a> {
        Whose {
            ward: None,
            list: self.local,
            new: self.local,
            place: self.local,
        }
    }

    fn form(&self) -> Form<'a> {
        Form {
            action: self.local,
            csrf: self.id,
            hidden: &[],
        }
    }

    fn ago(&self, minutes: i64) -> Moment {
        Moment(self.now.0.saturating_sub(minutes * MINUTE))
    }
}

/// Every page in each of its states.
pub fn all(words: &Words<'_>, texts: &Texts) -> Vec<Sample> {
    let mut samples = Vec::new();
    sign_in(words, texts, &mut samples);
    sign_up::all(words, texts, &mut samples);
    factors::second_step(words, texts, &mut samples);
    factors::enrol(words, texts, &mut samples);
    factors::list(words, texts, &mut samples);
    set_password(words, texts, &mut samples);
    consent(words, texts, &mut samples);
    care::all(words, texts, &mut samples);
    people::all(words, texts, &mut samples);
    elsewhere::all(words, texts, &mut samples);
    sign_out(words, texts, &mut samples);
    account::account(words, texts, &mut samples);
    consents::consents(words, texts, &mut samples);
    places::places(words, texts, &mut samples);
    recovery::recover(words, texts, &mut samples);
    recovery::family(words, texts, &mut samples);
    errors(words, texts, &mut samples);
    welcome(words, texts, &mut samples);
    samples
}

fn add(samples: &mut Vec<Sample>, name: impl Into<String>, html: Result<String, RenderError>) {
    samples.push(Sample {
        name: name.into(),
        html,
    });
}

fn sign_in(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let hidden = [("interaction", words.id)];
    let page = SignIn {
        frame: words.frame(),
        form: Form {
            action: words.local,
            csrf: words.id,
            hidden: &hidden,
        },
        passkey: Some(Form {
            action: words.local,
            csrf: words.id,
            hidden: &hidden,
        }),
        login: "",
        client_name: Some(words.client),
        again: false,
        sign_up_url: Some("/signup"),
        problem: None,
    };
    add(samples, "sign-in", page.render(texts));
    add(
        samples,
        "sign-in-alone",
        SignIn {
            client_name: None,
            passkey: None,
            sign_up_url: None,
            ..page
        }
        .render(texts),
    );
    add(
        samples,
        "sign-in-again",
        SignIn {
            again: true,
            login: words.login,
            ..page
        }
        .render(texts),
    );
    for (name, problem) in [
        ("wrong", SignInProblem::WrongCredentials),
        ("passkey-wrong", SignInProblem::Passkey),
        ("login-missing", SignInProblem::LoginMissing),
        ("password-missing", SignInProblem::PasswordMissing),
        ("throttled", SignInProblem::Throttled { seconds: 300 }),
        ("busy", SignInProblem::Busy { seconds: 5 }),
        ("expired", SignInProblem::Expired),
    ] {
        let page = SignIn {
            login: words.login,
            problem: Some(problem),
            ..page
        };
        add(samples, format!("sign-in-{name}"), page.render(texts));
    }
}

fn set_password(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let hidden = [("token", words.id)];
    let rules = [
        PasswordRule::MinLength(12),
        PasswordRule::MaxLength(128),
        PasswordRule::NotGuessable,
        PasswordRule::NotBreached,
        PasswordRule::NotLogin,
    ];
    let page = SetPassword {
        frame: words.frame(),
        form: Form {
            action: words.local,
            csrf: words.id,
            hidden: &hidden,
        },
        login: words.login,
        purpose: SetPasswordPurpose::FirstAdministrator,
        rules: &rules,
        problems: &[],
    };
    add(samples, "set-password-first", page.render(texts));
    add(
        samples,
        "set-password-new",
        SetPassword {
            purpose: SetPasswordPurpose::NewAccount,
            ..page
        }
        .render(texts),
    );
    let reset = SetPassword {
        purpose: SetPasswordPurpose::Reset,
        ..page
    };
    add(samples, "set-password-reset", reset.render(texts));
    let problems = [
        PasswordProblem::TooShort { min: 12 },
        PasswordProblem::TooLong { max: 128 },
        PasswordProblem::Breached,
        PasswordProblem::Guessable(PasswordHint::Common),
        PasswordProblem::Guessable(PasswordHint::Keyboard),
        PasswordProblem::Guessable(PasswordHint::Repeated),
        PasswordProblem::Guessable(PasswordHint::Sequence),
        PasswordProblem::Guessable(PasswordHint::Date),
        PasswordProblem::Guessable(PasswordHint::Name),
        PasswordProblem::Guessable(PasswordHint::Words),
        PasswordProblem::ContainsLogin,
        PasswordProblem::Mismatch,
        PasswordProblem::Busy { seconds: 5 },
    ];
    add(
        samples,
        "set-password-problems",
        SetPassword {
            problems: &problems,
            ..reset
        }
        .render(texts),
    );
    let mismatch = [PasswordProblem::Mismatch];
    add(
        samples,
        "set-password-mismatch",
        SetPassword {
            problems: &mismatch,
            ..page
        }
        .render(texts),
    );
}

const DETAILS: &str = r#"[
    {"type": "musubi_health_record", "datatypes": ["vitals", "daily_life"], "depth": "daily", "purpose": "care"},
    {"type": "musubi_health_record", "datatypes": ["meals"], "depth": "everything", "purpose": "research"}
]"#;

fn consent(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let hidden = [("interaction", words.id)];
    let page = Consent {
        frame: words.frame(),
        form: Form {
            action: words.local,
            csrf: words.id,
            hidden: &hidden,
        },
        client: ConsentClient {
            name: words.client,
            redirect_host: words.host,
            self_registered: false,
            papers: Papers {
                policy_url: Some(words.url),
                terms_url: Some(words.url),
            },
        },
        scopes: &["openid", "profile", "email"],
        details: None,
        whose: None,
        signed_in_as: words.name,
        not_you_url: words.local,
    };
    add(samples, "consent", page.render(texts));
    let every = [
        "openid",
        "profile",
        "email",
        "phone",
        "address",
        "offline_access",
        words.scope,
    ];
    let stranger = ConsentClient {
        self_registered: true,
        papers: Papers::default(),
        ..page.client
    };
    add(
        samples,
        "consent-everything",
        Consent {
            client: stranger,
            scopes: &every,
            details: AuthorizationDetails::parse(DETAILS).ok().as_ref(),
            ..page
        }
        .render(texts),
    );
    add(
        samples,
        "consent-of-another",
        Consent {
            details: AuthorizationDetails::parse(DETAILS).ok().as_ref(),
            whose: Some(words.name),
            ..page
        }
        .render(texts),
    );
}

fn sign_out(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let page = SignOut {
        frame: words.frame(),
        form: Form {
            action: words.local,
            csrf: words.id,
            hidden: &[],
        },
        client_name: Some(words.client),
        signed_in_as: words.name,
        stay_url: words.local,
    };
    add(samples, "sign-out", page.render(texts));
    add(
        samples,
        "sign-out-alone",
        SignOut {
            client_name: None,
            ..page
        }
        .render(texts),
    );
    let back = Some(Link {
        name: words.client,
        url: words.url,
    });
    let done = SignedOut {
        frame: words.frame(),
        back,
        told: &[],
        onward: None,
        sign_in_url: words.local,
    };
    add(samples, "signed-out", done.render(texts));
    add(
        samples,
        "signed-out-alone",
        SignedOut { back: None, ..done }.render(texts),
    );
    let told = [words.url.to_owned(), words.url.to_owned()];
    let telling = SignedOut { told: &told, ..done };
    add(samples, "signed-out-telling", telling.render(texts));
    add(
        samples,
        "signed-out-onward",
        SignedOut {
            onward: back,
            ..telling
        }
        .render(texts),
    );
}

fn errors(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    for (name, kind) in [
        ("not-found", ErrorKind::NotFound),
        ("forbidden", ErrorKind::Forbidden),
        ("bad-request", ErrorKind::BadRequest),
        ("untrusted-service", ErrorKind::UntrustedService),
        ("session-expired", ErrorKind::SessionExpired),
        ("link-expired", ErrorKind::LinkExpired),
        ("too-many-requests", ErrorKind::TooManyRequests { seconds: 45 }),
        ("busy", ErrorKind::Busy { seconds: 1 }),
        ("internal", ErrorKind::Internal),
    ] {
        let back = (kind == ErrorKind::SessionExpired).then_some(Link {
            name: words.client,
            url: words.url,
        });
        let ids = kind != ErrorKind::NotFound;
        let page = ErrorPage {
            frame: words.frame(),
            kind,
            error_id: ids.then_some(words.scope),
            request_id: ids.then_some(words.id),
            back,
        };
        add(samples, format!("error-{name}"), page.render(texts));
    }
}

fn welcome(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let page = Welcome {
        frame: words.frame(),
        signed_in_as: None,
        sign_in_url: words.local,
        account_url: words.local,
    };
    add(samples, "welcome", page.render(texts));
    add(
        samples,
        "welcome-signed-in",
        Welcome {
            signed_in_as: Some(words.name),
            ..page
        }
        .render(texts),
    );
}
