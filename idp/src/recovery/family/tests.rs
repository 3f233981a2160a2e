//! The statements against the model, on both databases: in every state, every event has the outcome that the model says.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use platform::database::testing::BACKENDS;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::values;

use super::model::NEEDED;
use super::*;
use crate::ids::RecoveryId;
use crate::people::Person;
use crate::testing::House;

const PASSWORD: &str = "correct horse battery staple";
const DELAY: Duration = Duration::from_hours(24);

struct Case {
    house: House,
    owner: Person,
    helpers: Vec<Person>,
    secret: String,
    id: RecoveryId,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

impl Case {
    /// A recovery that was just begun.
    async fn new(backend: Backend) -> Self {
        let house = House::on(backend, 1000).await;
        let (owner, _) = house.person("hanako", PASSWORD).await;
        let mut helpers = Vec::new();
        for login in ["ichiro", "jiro", "saburo"] {
            let (helper, _) = house.person(login, PASSWORD).await;
            name(&house.hub, &house.realm, &owner, login).await.unwrap();
            assert!(accept(&house.hub, &house.realm, &helper, owner.id).await.unwrap());
            helpers.push(helper);
        }
        house.time.advance(Duration::from_secs(1));
        let secret = begin(&house.hub, &house.realm, "hanako".to_owned())
            .await
            .unwrap();
        let found = find(&house.hub, &house.realm, &secret).await.unwrap().unwrap();
        start(&house.hub, &house.realm, &owner, found.id).await.unwrap();
        Self {
            house,
            owner,
            helpers,
            secret,
            id: found.id,
        }
    }

    async fn state(&self) -> State {
        let (hub, realm) = (&self.house.hub, &self.house.realm);
        find(hub, realm, &self.secret).await.unwrap().unwrap().state
    }

    fn code(&self) -> Code {
        Code::of(&self.house.realm, &self.secret)
    }

    async fn confirm(&self, helper: usize, code: Option<Code>) -> Confirmation {
        let (hub, realm) = (&self.house.hub, &self.house.realm);
        let who = self.helpers[helper].id;
        confirm(hub, realm, who, (self.id, code)).await.unwrap().0
    }

    async fn finish(&self) -> bool {
        let (hub, realm) = (&self.house.hub, &self.house.realm);
        let new = hub.hasher.hash("ten quiet green turtles".into()).await.unwrap();
        finish(hub, realm, &self.owner, &self.secret, &new).await.unwrap()
    }

    async fn cancel(&self) -> bool {
        let stopped = cancel(&self.house.hub, &self.house.realm, self.id).await;
        stopped.unwrap().is_some()
    }

    /// Brings it about.
    async fn reach(&self, state: State) {
        match state {
            State::Asked => {}
            State::Waiting => {
                assert_eq!(self.confirm(0, Some(self.code())).await, Confirmation::First);
                assert_eq!(self.confirm(1, Some(self.code())).await, Confirmation::Enough);
            }
            State::Open => {
                Box::pin(self.reach(State::Waiting)).await;
                self.house.time.advance(DELAY);
            }
            State::Done => {
                Box::pin(self.reach(State::Open)).await;
                assert!(self.finish().await);
            }
            State::Cancelled => assert!(self.cancel().await),
            State::Over => self.house.time.advance(Duration::from_hours(72)),
        }
        assert_eq!(self.state().await, state);
    }

    /// Does what an event says; whether it happened.
    async fn happens(&self, event: Event) -> bool {
        match event {
            Event::First => self.confirm(2, Some(self.code())).await == Confirmation::First,
            Event::Second => {
                self.confirm(2, Some(self.code())).await;
                self.confirm(1, Some(self.code())).await == Confirmation::Enough
            }
            Event::DelayPassed => {
                let before = self.state().await;
                self.house.time.advance(DELAY);
                before != self.state().await
            }
            Event::Finished => self.finish().await,
            Event::Cancelled => self.cancel().await,
            Event::TimeUp => {
                let before = self.state().await;
                self.house.time.advance(Duration::from_hours(24 * 10));
                before != self.state().await
            }
        }
    }
}

#[tokio::test]
async fn in_every_state_every_event_has_the_outcome_of_the_model() {
    let events = [
        Event::First,
        Event::Second,
        Event::DelayPassed,
        Event::Finished,
        Event::Cancelled,
        Event::TimeUp,
    ];
    for backend in BACKENDS {
        for state in State::ALL {
            for event in events {
                let case = Case::new(backend).await;
                case.reach(state).await;
                let expected = next(state, event);
                assert_eq!(
                    case.happens(event).await,
                    expected.is_some(),
                    "{state:?} {event:?}"
                );
                assert_eq!(
                    case.state().await,
                    expected.unwrap_or(state),
                    "{backend:?} {state:?} {event:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn all_who_confirm_at_the_same_moment_count_and_each_once() {
    for backend in BACKENDS {
        let case = Arc::new(Case::new(backend).await);
        let confirming = (0..6).map(|index| {
            let case = case.clone();
            tokio::spawn(async move { case.confirm(index % 2, Some(case.code())).await })
        });
        let outcomes: Vec<Confirmation> = join_all(confirming)
            .await
            .into_iter()
            .map(|outcome| outcome.unwrap())
            .collect();
        let of = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        assert_eq!(
            (of(Confirmation::First), of(Confirmation::Enough)),
            (1, 1),
            "{outcomes:?}"
        );
        assert_eq!(case.state().await, State::Waiting, "{backend:?}");
    }
}

#[tokio::test]
async fn of_stopping_and_finishing_at_once_one_wins_whichever_it_is() {
    for backend in BACKENDS {
        for _ in 0..4 {
            let case = Arc::new(Case::new(backend).await);
            case.reach(State::Open).await;
            let (one, other) = (case.clone(), case.clone());
            let stopping = tokio::spawn(async move { one.cancel().await });
            let finishing = tokio::spawn(async move { other.finish().await });
            let (stopped, finished) = (stopping.await.unwrap(), finishing.await.unwrap());
            assert!(stopped != finished, "{backend:?}");
            let ended = if stopped { State::Cancelled } else { State::Done };
            assert_eq!(case.state().await, ended);
        }
    }
}

#[tokio::test]
async fn too_few_a_second_one_or_another_realm_start_nothing() {
    let case = Case::new(Backend::Sqlite).await;
    let (hub, realm) = (&case.house.hub, &case.house.realm);
    let second = begin(hub, realm, "hanako".to_owned()).await.unwrap();
    let found = find(hub, realm, &second).await.unwrap().unwrap();
    start(hub, realm, &case.owner, found.id).await.unwrap();
    let found = find(hub, realm, &second).await.unwrap().unwrap();
    assert!(found.person.is_none(), "one is open already");

    let (lonely, _) = case.house.person("lonely", PASSWORD).await;
    name(hub, realm, &lonely, "ichiro").await.unwrap();
    accept(hub, realm, &case.helpers[0], lonely.id).await.unwrap();
    let secret = begin(hub, realm, "lonely".to_owned()).await.unwrap();
    let found = find(hub, realm, &secret).await.unwrap().unwrap();
    start(hub, realm, &lonely, found.id).await.unwrap();
    let found = find(hub, realm, &secret).await.unwrap().unwrap();
    assert!(found.person.is_none(), "one is fewer than {NEEDED}");

    let other = hub
        .realms
        .create(&hub.clock, &hub.entropy, "Other", "http://127.0.0.1:8081")
        .await
        .unwrap();
    assert!(find(hub, &other, &case.secret).await.unwrap().is_none());
    assert!(cancel(hub, &other, case.id).await.unwrap().is_none());
    let link = stop_link(realm, case.id);
    let token = link.split("token=").nth(1).unwrap();
    assert!(verify_stop(realm, case.id, token));
    assert!(!verify_stop(&other, case.id, token) && !verify_stop(realm, found.id, token));
    let who = case.helpers[0].id;
    let elsewhere = confirm(hub, &other, who, (case.id, Some(case.code())))
        .await
        .unwrap();
    assert_eq!(elsewhere.0, Confirmation::Nothing);
    assert_eq!(case.confirm(0, Some(case.code())).await, Confirmation::First);
}

#[tokio::test]
async fn somebody_who_ended_the_trust_or_is_named_later_confirms_nothing() {
    let case = Case::new(Backend::Sqlite).await;
    let (hub, realm) = (&case.house.hub, &case.house.realm);
    assert!(
        decline(hub, realm, &case.helpers[0], case.owner.id)
            .await
            .unwrap()
    );
    assert_eq!(case.confirm(0, Some(case.code())).await, Confirmation::Nothing);
    case.house.time.advance(Duration::from_secs(1));
    name(hub, realm, &case.owner, "ichiro").await.unwrap();
    accept(hub, realm, &case.helpers[0], case.owner.id).await.unwrap();
    assert_eq!(case.confirm(0, Some(case.code())).await, Confirmation::Nothing);
    assert!(
        to_confirm(hub, realm, case.helpers[0].id)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(to_confirm(hub, realm, case.helpers[1].id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_trusts_themselves_and_there_is_an_end_to_how_many_are_asked() {
    let house = House::new().await;
    let (hub, realm) = (&house.hub, &house.realm);
    let (owner, _) = house.person("hanako", PASSWORD).await;
    name(hub, realm, &owner, "hanako").await.unwrap();
    for index in 0..15 {
        let login = format!("helper{index}");
        house.person(&login, PASSWORD).await;
        name(hub, realm, &owner, &login).await.unwrap();
        name(hub, realm, &owner, &login).await.unwrap();
    }
    let sql = "SELECT count(*) AS count FROM trusted_person WHERE person_id = $1";
    let row: Option<Count> = hub
        .store
        .fetch_optional(sql, values![owner.id.uuid()])
        .await
        .unwrap();
    assert_eq!(row.unwrap().count, MOST);
    assert!(
        trusted(hub, realm, owner.id).await.unwrap().is_empty(),
        "nobody has accepted"
    );
}

#[tokio::test]
async fn a_link_that_stops_a_recovery_is_for_that_recovery_in_its_realm() {
    let house = House::new().await;
    let (hub, realm) = (&house.hub, &house.realm);
    let other = hub
        .realms
        .create(&hub.clock, &hub.entropy, "Other", "http://127.0.0.1:8081")
        .await
        .unwrap();
    let now = hub.clock.now();
    let [id, another] = [(); 2].map(|()| RecoveryId::new(&hub.entropy, now).unwrap());
    let link = stop_link(realm, id);
    let (_, token) = link.split_once("token=").unwrap();
    assert!(verify_stop(realm, id, token));
    assert!(!verify_stop(realm, another, token));
    assert!(!verify_stop(&other, id, token));
}
