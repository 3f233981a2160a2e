//! Attacks on factors, and on the steps of a sign-in that ask for them.

mod authenticator;
mod codes;
mod keys;
mod steps;

use platform::values;

use super::{Enrolment, Kind, NewFactor};
use crate::ids::FactorId;
use crate::people::Person;
use crate::testing::{Answer, House};

const PASSWORD: &str = "correct horse battery staple";
const HOME: &str = "192.0.2.10";
const ATTACKER: &str = "203.0.113.66";

/// Somebody with a password and an app, whose secret is the second value.
async fn with_app(house: &House, login: &str) -> (Person, Enrolment, FactorId) {
    let (person, _) = house.person(login, PASSWORD).await;
    let secret = Enrolment::generate(&house.hub.entropy).unwrap();
    let new = NewFactor {
        kind: Kind::Totp,
        name: "",
        handle: None,
        secret: secret.bytes(),
        counter: 0,
    };
    let id = house
        .hub
        .factors
        .add(&house.realm, &person, new, None)
        .await
        .unwrap();
    (person, secret, id.unwrap())
}

/// The code of the app now.
fn code(house: &House, secret: &Enrolment) -> String {
    secret.code_at(house.hub.clock.now())
}

/// A code that the app shows at none of the times that count.
fn wrong(house: &House, secret: &Enrolment) -> String {
    let now = house.hub.clock.now();
    let mut codes = (0..10).map(|digit| format!("00000{digit}"));
    codes.find(|code| secret.step_of(code, now).is_none()).unwrap()
}

/// Shows the password; the id of the step that follows.
async fn first_step(house: &House, address: &str, login: &str) -> String {
    let answer = house.sign_in(address, login, PASSWORD).await;
    assert!(answer.session().is_none(), "a password alone begins no session");
    step_of(&answer)
}

fn step_of(answer: &Answer) -> String {
    let (_, step) = answer
        .location()
        .split_once("step=")
        .unwrap_or_else(|| panic!("{} leads to {:?}", answer.status, answer.location()));
    step.to_owned()
}

async fn second_step(house: &House, address: &str, step: &str, code: &str) -> Answer {
    house
        .submit(address, "/signin/second", None, &[("step", step), ("code", code)])
        .await
}

/// Signs in with password and code; the session.
async fn sign_in(house: &House, login: &str, secret: &Enrolment) -> String {
    let step = first_step(house, HOME, login).await;
    let answer = second_step(house, HOME, &step, &code(house, secret)).await;
    answer
        .session()
        .unwrap_or_else(|| panic!("{}: {}", answer.status, answer.body))
}

/// The methods of a session.
async fn methods(house: &House, session: &str) -> String {
    let found = house.hub.sessions.resume(&house.realm, session).await.unwrap();
    found.expect("a live session").amr.clone()
}

async fn is_live(house: &House, session: &str) -> bool {
    house
        .hub
        .sessions
        .resume(&house.realm, session)
        .await
        .unwrap()
        .is_some()
}

/// Takes a person's password away, as if they had never set one.
async fn forget_password(house: &House, person: &Person) {
    use platform::database::Queries as _;
    let sql = "DELETE FROM password WHERE person_id = $1";
    house
        .hub
        .store
        .execute(sql, values![person.id.uuid()])
        .await
        .unwrap();
}
