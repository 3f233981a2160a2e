//! The second step of a sign-in, taken out of its order.

use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use platform::database::Backend;
use platform::encoding::base64url;

use super::*;
use crate::credentials::Level;
use crate::notices::{self, Notice};
use crate::realms::{SecondFactor, SignInPolicy};
use crate::sessions::Shown;

#[tokio::test]
async fn a_password_alone_opens_nothing_where_there_is_a_second_factor() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let step = first_step(&house, HOME, "hanako").await;
    let answer = second_step(&house, HOME, &step, &code(&house, &secret)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let session = answer.session().unwrap();
    assert_eq!(methods(&house, &session).await, "pwd otp mfa");
}

#[tokio::test]
async fn the_second_step_without_the_first_signs_nobody_in() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    for step in ["", "x", &base64url([7; 32])] {
        let answer = second_step(&house, ATTACKER, step, &code(&house, &secret)).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
        assert!(answer.session().is_none());
    }
    let answer = house
        .submit(
            ATTACKER,
            "/signin/second",
            None,
            &[("code", &code(&house, &secret))],
        )
        .await;
    assert!(answer.session().is_none());
}

#[tokio::test]
async fn a_sign_in_in_progress_goes_on_in_no_other_browser() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let step = first_step(&house, HOME, "hanako").await;
    let seen = code(&house, &secret);
    let fields = [("step", step.as_str()), ("code", seen.as_str())];
    let another = "another-browser-9012345678901234567890123ab";
    let stolen = house
        .submit_in(another, ATTACKER, "/signin/second", &fields)
        .await;
    assert!(stolen.status.is_client_error() && stolen.session().is_none());
    let own = second_step(&house, HOME, &step, &code(&house, &secret)).await;
    assert!(own.session().is_some(), "and is not used up by another's try");
}

#[tokio::test]
async fn a_sign_in_in_progress_is_over_after_ten_minutes_and_after_it_was_used() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let step = first_step(&house, HOME, "hanako").await;
    house.time.advance(Duration::from_mins(10));
    let late = second_step(&house, HOME, &step, &code(&house, &secret)).await;
    assert!(late.status.is_client_error() && late.session().is_none());

    let step = first_step(&house, HOME, "hanako").await;
    let once = second_step(&house, HOME, &step, &code(&house, &secret)).await;
    assert!(once.session().is_some());
    house.time.advance(Duration::from_mins(1));
    let twice = second_step(&house, HOME, &step, &code(&house, &secret)).await;
    assert!(twice.status.is_client_error() && twice.session().is_none());
}

#[tokio::test]
async fn a_new_password_ends_a_sign_in_in_progress_that_the_old_one_began() {
    let house = House::new().await;
    let (person, secret, _) = with_app(&house, "hanako").await;
    let step = first_step(&house, ATTACKER, "hanako").await;
    let new = house.hub.hasher.hash("another password".into()).await.unwrap();
    house
        .hub
        .passwords
        .set(&house.realm, person.id, &new)
        .await
        .unwrap();
    let answer = second_step(&house, ATTACKER, &step, &code(&house, &secret)).await;
    assert!(answer.session().is_none());
    assert_eq!(
        house
            .refusals("sign_in.second_factor", "sign_in.first_factor_gone")
            .await,
        1
    );
}

#[tokio::test]
async fn a_session_begins_only_while_the_factor_that_was_shown_is_still_the_persons() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let house = House::on(backend, 1000).await;
        let (person, _, factor) = with_app(&house, "hanako").await;
        let (hub, realm) = (&house.hub, &house.realm);
        let hash = hub.passwords.hash_of(realm, person.id).await.unwrap().unwrap();
        let begin = async |shown: Shown| {
            let prepared = hub.sessions.prepare(realm, &person, "pwd otp mfa", None, HOME);
            hub.sessions.begin(realm, prepared.unwrap(), shown).await.unwrap()
        };
        let both = Shown::PasswordAndFactor(hash, factor);
        assert!(begin(both.clone()).await.is_some(), "{backend:?}");
        assert!(begin(Shown::Factor(factor)).await.is_some(), "{backend:?}");
        assert!(
            hub.factors
                .remove(realm, person.id, factor, (None, None))
                .await
                .unwrap()
        );
        assert!(begin(both).await.is_none(), "{backend:?}");
        assert!(begin(Shown::Factor(factor)).await.is_none(), "{backend:?}");
    }
}

#[tokio::test]
async fn who_removes_a_factor_ends_what_it_opened_elsewhere_and_not_their_own_session() {
    let house = House::new().await;
    let (person, secret, factor) = with_app(&house, "hanako").await;
    let thief = sign_in(&house, "hanako", &secret).await;
    house.time.advance(Duration::from_mins(1));
    let own = sign_in(&house, "hanako", &secret).await;
    let id = factor.to_string();
    let fields = [("factor", id.as_str())];
    let answer = house
        .submit(HOME, "/account/security/remove", Some(&own), &fields)
        .await;
    assert_eq!(answer.location(), "/account/security?done=removed");
    assert!(is_live(&house, &own).await);
    assert!(!is_live(&house, &thief).await);
    let kinds = house.hub.factors.kinds(&house.realm, person.id).await.unwrap();
    assert_eq!(kinds, []);
}

#[tokio::test]
async fn an_old_session_or_one_without_the_second_factor_changes_no_factors() {
    let house = House::new().await;
    let (_, hash) = house.person("taro", PASSWORD).await;
    let (person, secret, factor) = with_app(&house, "hanako").await;
    let session = sign_in(&house, "hanako", &secret).await;
    let app = async |session: &str| {
        let answer = house.open(HOME, "/account/security/app", Some(session)).await;
        (answer.status, answer.location().to_owned())
    };
    assert_eq!(app(&session).await.0, StatusCode::OK);
    house.time.advance(Duration::from_mins(11));
    assert_eq!(app(&session).await.1, "/signin?to=security");
    let id = factor.to_string();
    for (path, fields) in [
        ("/account/security/remove", vec![("factor", id.as_str())]),
        (
            "/account/security/rename",
            vec![("factor", id.as_str()), ("name", "mine")],
        ),
        ("/account/security/codes", vec![]),
        (
            "/account/security/app",
            vec![("offered", "x"), ("code", "123456")],
        ),
        ("/account/security/passkey", vec![]),
    ] {
        let answer = house.submit(HOME, path, Some(&session), &fields).await;
        assert_eq!(answer.location(), "/signin?to=security", "{path}");
        let nobody = house.submit(HOME, path, None, &fields).await;
        assert_eq!(nobody.location(), "/signin?to=security", "{path}");
    }
    // A session that a password alone began before the app was there.
    let (hub, realm) = (&house.hub, &house.realm);
    let taro = hub
        .people
        .by_identifier(realm, crate::people::IdentifierKind::Login, "taro");
    let taro = taro.await.unwrap().unwrap();
    let prepared = hub.sessions.prepare(realm, &taro, "pwd", None, HOME).unwrap();
    let weak = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let bytes = Enrolment::generate(&hub.entropy).unwrap();
    let new = NewFactor {
        kind: Kind::Totp,
        name: "",
        handle: None,
        secret: bytes.bytes(),
        counter: 0,
    };
    hub.factors.add(realm, &taro, new, None).await.unwrap();
    assert_eq!(app(&weak).await.1, "/signin/step-up?to=security");
    let kinds = hub.factors.kinds(realm, person.id).await.unwrap();
    assert_eq!(kinds, [Kind::Totp], "nothing was changed");
}

#[tokio::test]
async fn a_step_up_asks_for_what_is_missing_gives_a_new_secret_and_makes_nothing_younger() {
    let house = House::new().await;
    let (person, hash) = house.person("hanako", PASSWORD).await;
    let (hub, realm) = (&house.hub, &house.realm);
    let prepared = hub.sessions.prepare(realm, &person, "pwd", None, HOME).unwrap();
    let weak = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let secret = Enrolment::generate(&hub.entropy).unwrap();
    let new = NewFactor {
        kind: Kind::Totp,
        name: "",
        handle: None,
        secret: secret.bytes(),
        counter: 0,
    };
    hub.factors.add(realm, &person, new, None).await.unwrap();
    let before = hub.sessions.resume(realm, &weak).await.unwrap().unwrap();
    house.time.advance(Duration::from_mins(5));

    let begun = house.open(HOME, "/signin/step-up?to=security", Some(&weak)).await;
    let step = step_of(&begun);
    let page = house.open(HOME, begun.location(), Some(&weak)).await;
    assert!(page.body.contains("name=\"code\"") && !page.body.contains("name=\"password\""));
    let now = code(&house, &secret);
    let fields = [("step", step.as_str()), ("code", now.as_str())];
    let elsewhere = house.submit(HOME, "/signin/second", None, &fields).await;
    assert!(elsewhere.session().is_none(), "the session must be there");
    let raised = house.submit(HOME, "/signin/second", Some(&weak), &fields).await;
    let strong = raised.session().unwrap();
    assert!(!is_live(&house, &weak).await, "the secret before opens nothing");
    let after = hub.sessions.resume(realm, &strong).await.unwrap().unwrap();
    assert_eq!((after.sid, &*after.amr), (before.sid, "pwd otp mfa"));
    assert_eq!(after.authenticated_at, before.authenticated_at);
    assert_eq!(Level::of_methods(&after.amr), Level::Multi);
}

#[tokio::test]
async fn of_many_answers_to_one_step_at_once_one_begins_a_session() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let step = first_step(&house, HOME, "hanako").await;
    let now = code(&house, &secret);
    let answers = join_all((0..8).map(|_| second_step(&house, HOME, &step, &now))).await;
    let begun = answers.iter().filter(|answer| answer.session().is_some()).count();
    assert_eq!(begun, 1);
}

#[tokio::test]
async fn a_realm_that_asks_for_a_second_factor_has_one_made_before_anybody_is_signed_in() {
    let house = House::new().await;
    let (person, _) = house.person("hanako", PASSWORD).await;
    let policy = SignInPolicy {
        second_factor: SecondFactor::Everybody,
        ..SignInPolicy::default()
    };
    house.hub.realms.set_sign_in(&house.realm, &policy).await.unwrap();
    let answer = house.sign_in(HOME, "hanako", PASSWORD).await;
    assert!(answer.session().is_none());
    assert!(
        answer.location().starts_with("/signin/enrol?step="),
        "{}",
        answer.location()
    );
    let step = step_of(&answer);
    let skipped = second_step(&house, HOME, &step, "123456").await;
    assert!(skipped.session().is_none(), "there is nothing to be shown yet");
    let page = house.open(HOME, answer.location(), None).await;
    let offered = page.hidden("offered");
    let waiting = super::super::offered(
        &house.hub,
        &house.realm,
        (&offered, crate::testing::BROWSER),
        &person,
    );
    let secret = waiting.await.unwrap().unwrap();
    let enrol = async |code: &str| {
        let fields = [
            ("step", step.as_str()),
            ("offered", offered.as_str()),
            ("code", code),
            ("name", ""),
        ];
        house.submit(HOME, "/signin/enrol", None, &fields).await
    };
    let wrong = enrol(&wrong(&house, &secret)).await;
    assert!(wrong.session().is_none() && wrong.status == StatusCode::BAD_REQUEST);
    let done = enrol(&code(&house, &secret)).await;
    let session = done.session().unwrap();
    assert_eq!(methods(&house, &session).await, "pwd otp mfa");
    assert_eq!(
        done.body.matches("<li><code>").count(),
        10,
        "recovery codes come with it"
    );
    let again = enrol(&code(&house, &secret)).await;
    assert!(again.session().is_none(), "once");
    let next = house.sign_in(HOME, "hanako", PASSWORD).await;
    assert!(
        next.location().starts_with("/signin/second?"),
        "{}",
        next.location()
    );
}

#[tokio::test]
async fn whoever_gets_uses_or_loses_a_factor_is_told_so() {
    let house = House::new().await;
    let (person, _, factor) = with_app(&house, "hanako").await;
    let (hub, realm) = (&house.hub, &house.realm);
    let codes = hub.factors.make_codes(realm, &person, "", None).await.unwrap();
    let step = first_step(&house, HOME, "hanako").await;
    let session = second_step(&house, HOME, &step, &codes[0])
        .await
        .session()
        .unwrap();
    let made = house
        .submit(HOME, "/account/security/codes", Some(&session), &[])
        .await;
    assert_eq!(made.status, StatusCode::OK);
    let page = house.open(HOME, "/account/security/app", Some(&session)).await;
    let offered = page.hidden("offered");
    let waiting = super::super::offered(hub, realm, (&offered, crate::testing::BROWSER), &person);
    let another = waiting.await.unwrap().unwrap();
    let now = code(&house, &another);
    let fields = [
        ("offered", offered.as_str()),
        ("code", now.as_str()),
        ("name", "Kitchen tablet"),
    ];
    house
        .submit(HOME, "/account/security/app", Some(&session), &fields)
        .await;
    let id = factor.to_string();
    house
        .submit(
            HOME,
            "/account/security/remove",
            Some(&session),
            &[("factor", id.as_str())],
        )
        .await;
    hub.factors
        .reset(
            realm,
            person.id,
            Some(notices::prepare(hub, realm, &person, Notice::FactorsReset).unwrap()),
        )
        .await
        .unwrap();
    let told = notices::list(hub, realm, &person, 20).await.unwrap();
    let mut names: Vec<&str> = told.iter().map(|told| told.notice.name()).collect();
    names.retain(|name| *name != "new-device");
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "factor-added",
            "factor-removed",
            "factors-reset",
            "recovery-code-used",
            "recovery-codes-made"
        ]
    );
}

#[tokio::test]
async fn who_has_the_session_and_the_password_but_not_the_app_gets_no_further_by_changing_the_password() {
    let house = House::new().await;
    let (_, secret, factor) = with_app(&house, "hanako").await;
    let session = sign_in(&house, "hanako", &secret).await;
    house.time.advance(Duration::from_mins(20));
    let new = "nine yellow kettles sing";
    let fields = [("current", PASSWORD), ("password", new), ("password_again", new)];
    let changed = house
        .submit(ATTACKER, "/account/password", Some(&session), &fields)
        .await;
    let session = changed.session().expect("the password is changed");
    let id = factor.to_string();
    let remove = [("factor", id.as_str())];
    for (path, fields) in [
        ("/account/security/remove", &remove[..]),
        ("/account/security/codes", &[]),
    ] {
        let answer = house.submit(ATTACKER, path, Some(&session), fields).await;
        assert_eq!(
            answer.location(),
            "/signin?to=security",
            "{path}: {}",
            answer.status
        );
    }
    let app = house
        .open(ATTACKER, "/account/security/app", Some(&session))
        .await;
    assert_eq!(app.location(), "/signin?to=security");
    let mail = [("email", "eve@evil.example"), ("current", new)];
    let mail = house
        .submit(ATTACKER, "/account/email", Some(&session), &mail)
        .await;
    assert_eq!(mail.status, StatusCode::BAD_REQUEST, "{}", mail.location());
}

#[tokio::test]
async fn sign_ins_in_progress_of_one_person_do_not_crowd_out_those_of_others() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "eve").await;
    with_app(&house, "hanako").await;
    let session = sign_in(&house, "eve", &secret).await;
    let step = async || {
        let answer = house.sign_in(ATTACKER, "eve", PASSWORD).await;
        answer.status
    };
    let mut last = StatusCode::SEE_OTHER;
    for _ in 0..101 {
        last = step().await;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    first_step(&house, HOME, "hanako").await;
    first_step(&house, HOME, "eve").await;
    let mut offers = StatusCode::OK;
    for _ in 0..51 {
        offers = house
            .open(ATTACKER, "/account/security/app", Some(&session))
            .await
            .status;
    }
    assert_eq!(offers, StatusCode::TOO_MANY_REQUESTS);
    house.time.advance(Duration::from_mins(11));
    assert_eq!(step().await, StatusCode::SEE_OTHER);
}
