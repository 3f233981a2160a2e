//! The pages of the account.

use super::super::Notice;
use super::super::pages::{
    Account, AccountLog, Application, AskedLine, ChangePassword, Devices, Language, LogAction, LogActor,
    LogEntry, Papers, PasswordHint, PasswordProblem, PasswordRule, PersonDetails, PersonLine, Profile,
    ProfileNotice, ProfileProblem, Services, SessionDetails, Texts, ToldLine, TrustNotice, TrustProblem,
    TrustedPeople,
};
use super::{Sample, Words, add};

pub(super) fn account(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let form = words.form();
    let notices = notices(words);
    let told: Vec<ToldLine<'_>> = notices
        .iter()
        .zip(0..)
        .map(|(notice, index)| ToldLine {
            at: words.ago(index * 700),
            notice,
        })
        .collect();
    let page = Account {
        frame: words.frame(),
        person: PersonDetails {
            name: Some(words.name),
            login: words.login,
            email: Some(words.email),
            number: Some(words.number),
        },
        sign_out: form,
        told: &told,
        asked: 2,
        requests_url: Some(words.local),
    };
    add(samples, "account", page.render(texts));
    let empty = Account {
        person: PersonDetails {
            name: None,
            email: None,
            number: None,
            ..page.person
        },
        told: &[],
        asked: 0,
        requests_url: None,
        ..page
    };
    add(samples, "account-empty", empty.render(texts));
    devices(words, texts, samples);
    services(words, texts, samples);
    activity(words, texts, samples);
    change_password(words, texts, samples);
    profile(words, texts, samples);
    trusted(words, texts, samples);
}

fn notices(words: &Words<'_>) -> Vec<Notice> {
    let name = || words.name.to_owned();
    vec![
        Notice::NewDevice {
            device: None,
            address: None,
        },
        Notice::PasswordChanged,
        Notice::FactorAdded { name: name() },
        Notice::EmailConfirmed,
        Notice::TrustedAccepted { name: name() },
        Notice::FamilyAsked,
    ]
}

fn devices(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let sessions = sessions(words);
    let page = Devices {
        frame: words.frame(),
        ended: true,
        sign_out: words.form(),
        sessions: &sessions,
        end_session: words.form(),
    };
    add(samples, "account-devices", page.render(texts));
    let alone = Devices {
        ended: false,
        sessions: sessions.get(..1).unwrap_or_default(),
        ..page
    };
    add(samples, "account-devices-alone", alone.render(texts));
}

fn services(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let own_scope = ["openid", "offline_access", words.scope];
    let clinic = Application {
        client_id: words.id,
        name: words.client,
        host: Some(words.host),
        scopes: &["openid", "profile", "email"],
        granted_at: words.ago(60_000),
        papers: Papers {
            policy_url: Some(words.url),
            terms_url: Some(words.url),
        },
        start_url: Some(words.local),
    };
    let other = Application {
        name: words.other_client,
        host: None,
        scopes: &own_scope,
        papers: Papers::default(),
        start_url: None,
        ..clinic
    };
    let page = Services {
        frame: words.frame(),
        withdrawn: true,
        applications: &[clinic, other],
        withdraw: words.form(),
    };
    add(samples, "account-services", page.render(texts));
    let none = Services {
        withdrawn: false,
        applications: &[],
        ..page
    };
    add(samples, "account-services-none", none.render(texts));
}

fn activity(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let log = log(words);
    let page = AccountLog {
        frame: words.frame(),
        log: &log,
        older: Some(words.local),
        newest: true,
    };
    add(samples, "account-log", page.render(texts));
    let last = AccountLog {
        older: None,
        newest: false,
        ..page
    };
    add(samples, "account-log-last", last.render(texts));
    let empty = AccountLog {
        log: &[],
        newest: true,
        ..last
    };
    add(samples, "account-log-empty", empty.render(texts));
}

fn change_password(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let rules = [
        PasswordRule::MinLength(10),
        PasswordRule::MaxLength(128),
        PasswordRule::NotGuessable,
        PasswordRule::NotLogin,
    ];
    let page = ChangePassword {
        frame: words.frame(),
        form: words.form(),
        login: words.login,
        has_password: true,
        rules: &rules,
        problems: &[],
        done: false,
    };
    add(samples, "change-password", page.render(texts));
    let first = ChangePassword {
        has_password: false,
        done: true,
        ..page
    };
    add(samples, "change-password-done", first.render(texts));
    let problems = [
        PasswordProblem::CurrentWrong,
        PasswordProblem::Guessable(PasswordHint::Name),
        PasswordProblem::SignInAgain,
        PasswordProblem::Wait { seconds: 900 },
    ];
    let refused = ChangePassword {
        problems: &problems,
        ..page
    };
    add(samples, "change-password-problems", refused.render(texts));
}

fn profile(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let page = Profile {
        frame: words.frame(),
        name: Some(words.name),
        login: words.login,
        known: &[],
        telephone: None,
        email: Some(words.email),
        verified: true,
        change: words.form(),
        typed: "",
        ask_password: true,
        confirm: Some(words.form()),
        mail: true,
        export: words.form(),
        language: words.form(),
        chosen: Some(Language::Ja),
        problem: None,
        done: Some(ProfileNotice::CodeSent),
    };
    add(samples, "profile", page.render(texts));
    for (name, done) in [
        ("confirmed", ProfileNotice::Confirmed),
        ("language", ProfileNotice::Language),
    ] {
        let page = Profile {
            confirm: None,
            ask_password: false,
            done: Some(done),
            ..page
        };
        add(samples, format!("profile-{name}"), page.render(texts));
    }
    for (name, problem) in [
        ("address", ProfileProblem::Address),
        ("password", ProfileProblem::Password),
        ("wait", ProfileProblem::Wait { seconds: 900 }),
        ("again", ProfileProblem::SignInAgain),
        ("code", ProfileProblem::Code),
        ("taken", ProfileProblem::Taken),
        ("busy", ProfileProblem::Busy { seconds: 5 }),
    ] {
        let page = Profile {
            typed: words.email,
            problem: Some(problem),
            done: None,
            ..page
        };
        add(samples, format!("profile-problem-{name}"), page.render(texts));
    }
    let nothing = Profile {
        name: None,
        email: None,
        verified: false,
        mail: false,
        done: None,
        chosen: None,
        ..page
    };
    add(samples, "profile-no-mail", nothing.render(texts));
    let unconfirmed = Profile {
        verified: false,
        confirm: None,
        done: None,
        typed: words.email,
        ..page
    };
    add(samples, "profile-unconfirmed", unconfirmed.render(texts));
    super::people::profile(&page, words, texts, samples);
}

fn trusted(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let person = PersonLine {
        id: words.id,
        name: words.name,
    };
    let asked = AskedLine {
        recovery: words.id,
        name: words.name,
        confirmed: false,
    };
    let confirmed = AskedLine {
        confirmed: true,
        ..asked
    };
    let page = TrustedPeople {
        frame: words.frame(),
        done: Some(TrustNotice::Named),
        problem: None,
        ask_password: true,
        stop: Some(words.form()),
        asked: &[asked, confirmed],
        help: words.form(),
        trusted: &[person, person],
        remove: words.form(),
        name: words.form(),
        invited: &[person],
        accept: words.form(),
        trusting: &[person],
        decline: words.form(),
    };
    add(samples, "trusted", page.render(texts));
    let empty = TrustedPeople {
        done: None,
        ask_password: false,
        stop: None,
        asked: &[],
        trusted: &[],
        invited: &[],
        trusting: &[],
        ..page
    };
    add(samples, "trusted-empty", empty.render(texts));
    for (name, done) in [
        ("accepted", TrustNotice::Accepted),
        ("ended", TrustNotice::Ended),
        ("confirmed", TrustNotice::Confirmed),
        ("stopped", TrustNotice::Stopped),
    ] {
        let page = TrustedPeople {
            done: Some(done),
            ..empty
        };
        add(samples, format!("trusted-{name}"), page.render(texts));
    }
    for (name, problem) in [
        ("login", TrustProblem::Login),
        ("password", TrustProblem::Password),
        ("wait", TrustProblem::Wait { seconds: 900 }),
        ("again", TrustProblem::SignInAgain),
        ("code", TrustProblem::Code),
        ("nothing", TrustProblem::Nothing),
        ("own", TrustProblem::Own),
        ("busy", TrustProblem::Busy { seconds: 5 }),
    ] {
        let page = TrustedPeople {
            problem: Some(problem),
            ..empty
        };
        add(samples, format!("trusted-problem-{name}"), page.render(texts));
    }
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
    let entry = |minutes, by, action| LogEntry {
        at: words.ago(minutes),
        action,
        by,
        address: (by == LogActor::Reader).then_some(words.address),
        refused: false,
    };
    let own = |minutes, action| entry(minutes, LogActor::Reader, action);
    let by = |name, minutes, action| entry(minutes, LogActor::Named(name), action);
    vec![
        own(0, LogAction::LogRead),
        own(41, LogAction::AccountOpened),
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
        by(words.client, 2_900, LogAction::ServiceTold),
        by(words.client, 2_880, LogAction::AnswerAsked),
        by(words.client, 2_870, LogAction::AnswerRefused),
        by(words.client, 2_860, LogAction::AnswerTold),
        own(3_000, LogAction::ConsentWithdrawn),
        by(words.client, 3_001, LogAction::TokenRevoked),
        by(words.client, 3_002, LogAction::TokenChecked),
        own(4_000, LogAction::SessionEnded),
        own(4_400, LogAction::SignOut),
        entry(4_401, LogActor::Hub, LogAction::MailSent),
        own(4_402, LogAction::PasswordChecked),
        own(4_403, LogAction::EmailAsked),
        own(4_404, LogAction::EmailConfirmed),
        entry(5_000, LogActor::Hub, LogAction::RecoveryBegun),
        own(5_001, LogAction::RecoveryDone),
        entry(5_002, LogActor::Hub, LogAction::FamilyAsked),
        by(words.name, 5_003, LogAction::FamilyConfirmed),
        own(5_004, LogAction::FamilyCancelled),
        own(5_005, LogAction::FamilyDone),
        own(5_006, LogAction::TrustedChanged),
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
