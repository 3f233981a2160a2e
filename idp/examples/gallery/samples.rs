//! Every page in each of its states, filled with the words it is given. The gallery gives friendly ones, the tests
//! hostile ones.

use super::pages::{
    Account, AccountNotice, Application, AuthorizationDetails, Consent, ConsentClient, ErrorKind, ErrorPage,
    Form, Frame, Link, LogAction, LogEntry, Moment, PasswordProblem, PasswordRule, PersonDetails,
    RenderError, SessionDetails, SetPassword, SetPasswordPurpose, SignIn, SignInProblem, SignOut, SignedOut,
    Texts, Welcome,
};

#[path = "factors.rs"]
mod factors;

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

    fn ago(&self, minutes: i64) -> Moment {
        Moment(self.now.0.saturating_sub(minutes * MINUTE))
    }
}

/// Every page in each of its states.
pub fn all(words: &Words<'_>, texts: &Texts) -> Vec<Sample> {
    let mut samples = Vec::new();
    sign_in(words, texts, &mut samples);
    factors::second_step(words, texts, &mut samples);
    factors::enrol(words, texts, &mut samples);
    factors::list(words, texts, &mut samples);
    set_password(words, texts, &mut samples);
    consent(words, texts, &mut samples);
    sign_out(words, texts, &mut samples);
    account(words, texts, &mut samples);
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
        problem: None,
    };
    add(samples, "sign-in", page.render(texts));
    add(
        samples,
        "sign-in-alone",
        SignIn {
            client_name: None,
            passkey: None,
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
        PasswordRule::NotCommon,
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
        PasswordProblem::TooCommon,
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
            policy_url: Some(words.url),
            terms_url: Some(words.url),
        },
        scopes: &["openid", "profile", "email"],
        details: None,
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
        policy_url: None,
        terms_url: None,
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

fn account(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let form = Form {
        action: words.local,
        csrf: words.id,
        hidden: &[],
    };
    let own_scope = ["openid", "offline_access", words.scope];
    let sessions = sessions(words);
    let log = log(words);
    let clinic = Application {
        client_id: words.id,
        name: words.client,
        host: Some(words.host),
        scopes: &["openid", "profile", "email"],
        granted_at: words.ago(60_000),
    };
    let page = Account {
        frame: words.frame(),
        person: PersonDetails {
            name: Some(words.name),
            login: words.login,
            email: Some(words.email),
            number: Some(words.number),
        },
        notice: Some(AccountNotice::AccessWithdrawn),
        sign_out: form,
        sessions: &sessions,
        end_session: form,
        applications: &[
            clinic,
            Application {
                name: words.other_client,
                host: None,
                scopes: &own_scope,
                ..clinic
            },
        ],
        withdraw: form,
        log: &log,
    };
    add(samples, "account", page.render(texts));
    for (name, notice) in [
        ("session", AccountNotice::SessionEnded),
        ("password", AccountNotice::PasswordChanged),
    ] {
        add(
            samples,
            format!("account-notice-{name}"),
            Account {
                notice: Some(notice),
                ..page
            }
            .render(texts),
        );
    }
    let person = PersonDetails {
        name: None,
        login: words.login,
        email: None,
        number: None,
    };
    let alone = sessions.get(..1).unwrap_or_default();
    let empty = Account {
        person,
        notice: None,
        sessions: alone,
        applications: &[],
        log: &[],
        ..page
    };
    add(samples, "account-empty", empty.render(texts));
}

fn sessions<'a>(words: &Words<'a>) -> [SessionDetails<'a>; 3] {
    let here = SessionDetails {
        id: words.id,
        current: true,
        user_agent: Some(words.user_agent),
        address: Some(words.address),
        started_at: words.ago(42),
        last_used_at: words.now,
    };
    let phone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1";
    let there = SessionDetails {
        current: false,
        user_agent: Some(phone),
        started_at: words.ago(9_000),
        ..here
    };
    [
        here,
        there,
        SessionDetails {
            user_agent: None,
            address: None,
            last_used_at: words.ago(3_000),
            ..there
        },
    ]
}

fn log<'a>(words: &Words<'a>) -> Vec<LogEntry<'a>> {
    let own = |minutes, action| {
        let at = words.ago(minutes);
        LogEntry {
            at,
            action,
            by: None,
            address: Some(words.address),
            refused: false,
        }
    };
    let by = |by, minutes, action| LogEntry {
        by: Some(by),
        address: None,
        ..own(minutes, action)
    };
    vec![
        own(0, LogAction::LogRead),
        own(42, LogAction::SignIn),
        LogEntry {
            refused: true,
            ..own(43, LogAction::SignIn)
        },
        by(words.client, 50, LogAction::ProfileRead),
        by(words.client, 55, LogAction::TokenRefreshed),
        by(words.client, 1_500, LogAction::TokenIssued),
        own(1_501, LogAction::ConsentGiven),
        by(words.other_client, 2_000, LogAction::SingleSignOn),
        own(3_000, LogAction::ConsentWithdrawn),
        by(words.client, 3_001, LogAction::TokenRevoked),
        own(4_000, LogAction::SessionEnded),
        own(4_400, LogAction::SignOut),
        by(words.client, 4_399, LogAction::ServiceTold),
        by(words.name, 9_000, LogAction::ProfileChanged),
        own(60_000, LogAction::PasswordSet),
        by(words.name, 60_001, LogAction::AccountCreated),
        own(60_001, LogAction::FirstStep),
        own(60_001, LogAction::SecondStep),
        own(60_001, LogAction::FactorAdded),
        own(60_001, LogAction::FactorRemoved),
        own(60_001, LogAction::FactorRenamed),
        own(60_001, LogAction::RecoveryCodesMade),
        by(words.name, 60_001, LogAction::FactorsReset),
        own(60_001, LogAction::FactorsRead),
        own(60_002, LogAction::Other(words.scope)),
    ]
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
