//! `/account/care`: a person's appointments, what staff did for them, and the calendar of it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::future::try_join_all;
use http::StatusCode;
use platform::http::Parameters;

use super::{enter, entry, posted, refusal};
use crate::calendar;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::{OrganisationId, PersonId, ResponseId};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{AppointmentLine, CalendarState, Care, CareProblem, DoneLine, ErrorKind, Form, Moment};
use crate::people::Person;
use crate::signin::{ShownAgain, SignedIn, asks_password, show_again};
use crate::staff::appointments::{Time, of_person};
use crate::staff::organisations::find_all;
use crate::staff::responses::{Note, Response as Done, about};

const HERE: &str = "/account/care";
const READ: Action = Action::new("account.read");
const SEEN: Action = Action::new("appointment.read");
const TURN_ON: Action = Action::new("calendar.on");
const TURN_OFF: Action = Action::new("calendar.off");

const DAY: Duration = Duration::from_hours(24);
/// Times that are shown at the most, as whom they are for and as who is expected.
const TIMES: u32 = 100;
/// Versions of what was done on one page.
const ROWS: u32 = 50;

type Names<K> = HashMap<K, String>;
/// A version of what was done.
type Version = (ResponseId, i32);

struct Shown {
    times: Vec<(Time, Option<String>)>,
    done: Vec<(Done, Option<Note>)>,
    older: Option<String>,
    before: Option<Version>,
    people: Names<PersonId>,
    places: Names<OrganisationId>,
    calendar_on: bool,
    ask_password: bool,
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let asked = call.query();
    let asked = asked.map(|query| query.get("before").map(place_of));
    let before = match asked {
        Ok(None) => None,
        Ok(Some(Some(before))) => Some(before),
        _ => {
            return view
                .refuse(&hub, ErrorKind::BadRequest, "account.care.place")
                .await;
        }
    };
    render(&hub, view, &who, before, Ok(None)).await
}

/// The version after which a page goes on, as its address says it.
fn place_of(text: &str) -> Option<Version> {
    let (id, version) = text.split_once('.')?;
    Some((id.parse().ok()?, version.parse().ok()?))
}

/// Turns the calendar on, and shows its address this once.
pub(super) async fn turn_on(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, form) = match posted(&hub, &call, ("calendar.form", "calendar.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match make_address(&hub, &call, &who, &form).await {
        Ok(made) => render(&hub, view, &who, None, made.map(Some)).await,
        Err(error) => view.oauth_error(error),
    }
}

async fn make_address(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    form: &Parameters,
) -> Result<Result<String, CareProblem>, OAuthError> {
    let problem = match show_again(hub, call, who, form.get("current")).await? {
        ShownAgain::Yes => None,
        ShownAgain::SignInAgain => Some(CareProblem::SignInAgain),
        ShownAgain::Wrong => Some(CareProblem::Password),
        ShownAgain::Wait(seconds) => Some(CareProblem::Wait { seconds }),
        ShownAgain::Busy => Some(CareProblem::Busy { seconds: 5 }),
    };
    if let Some(problem) = problem {
        hub.record(refusal(call, TURN_ON, "calendar.sign_in", who))
            .await?;
        return Ok(Err(problem));
    }
    hub.record(entry(call, TURN_ON, who)).await?;
    let secret = calendar::turn_on(hub, &call.realm, &who.person).await?;
    Ok(Ok(call.realm.url(&format!("/calendar/{secret}"))))
}

/// Turns the calendar off.
pub(super) async fn turn_off(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, _) = match posted(&hub, &call, ("calendar.form", "calendar.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let done = async {
        hub.record(entry(&call, TURN_OFF, &who)).await?;
        calendar::turn_off(&hub, &call.realm, who.person.id).await?;
        Ok::<(), OAuthError>(())
    };
    match done.await {
        Ok(()) => view.redirect("/account/care?done=off"),
        Err(error) => view.oauth_error(error),
    }
}

async fn gather(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    before: Option<Version>,
) -> Result<Shown, OAuthError> {
    let (realm, person, now) = (&call.realm, &who.person, hub.clock.now());
    let window = (now, now.plus(800 * DAY));
    let times = of_person(&hub.store, realm.id, person.id, (window, now), TIMES).await?;
    let mut done = about(&hub.store, realm.id, person.id, before, ROWS + 1).await?;
    let more = done.len() > ROWS as usize;
    done.truncate(ROWS as usize);
    let last = done.last().filter(|_| more);
    let older = last.map(|last| format!("{HERE}?before={}.{}", last.id, last.version));
    let mut row = entry(call, READ, who).resource("page", ["care".to_owned()]);
    row.hits = Some((times.len() + done.len()) as u64);
    hub.record(row).await?;
    let met = times.iter().flat_map(|time| [time.staff, time.subject]);
    let met: HashSet<PersonId> = met.chain(done.iter().map(|one| one.author)).collect();
    let mut people = HashMap::with_capacity(met.len());
    for id in met {
        if let Some(known) = hub.people.by_id(realm, id).await? {
            people.insert(id, known);
        }
    }
    staff_reads(hub, call, who, (&times, &people)).await?;
    let places = times.iter().map(|time| time.organisation);
    let places: Vec<_> = places.chain(done.iter().map(|one| one.organisation)).collect();
    let places = find_all(&hub.store, realm.id, &places).await?;
    let times = times.into_iter().map(|time| {
        let note = people
            .get(&time.subject)
            .and_then(|subject| time.note(realm, subject));
        (time, note)
    });
    Ok(Shown {
        times: times.collect(),
        done: done
            .into_iter()
            .map(|one| {
                let note = one.note(realm, person);
                (one, note)
            })
            .collect(),
        older,
        before,
        places: places.into_iter().map(|place| (place.id, place.name)).collect(),
        people: people
            .iter()
            .map(|(id, person)| (*id, person.display_name().to_owned()))
            .collect(),
        calendar_on: calendar::is_on(hub, realm, person.id).await?,
        ask_password: asks_password(hub, call, who).await?,
    })
}

/// Whoever is expected learns whom they meet: that is on record for each of these.
async fn staff_reads(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    (times, people): (&[Time], &HashMap<PersonId, std::sync::Arc<Person>>),
) -> Result<(), OAuthError> {
    let met = times.iter().filter(|time| time.staff == who.person.id);
    let met: HashSet<(PersonId, OrganisationId)> =
        met.map(|time| (time.subject, time.organisation)).collect();
    let rows = met.into_iter().filter_map(|(subject, organisation)| {
        let subject = people.get(&subject)?;
        let mut row = entry(call, SEEN, who).subject(subject.id).granted_by("expected");
        row.organisation = Some(organisation.uuid());
        row.key = subject.key.clone();
        Some(hub.record(row))
    });
    try_join_all(rows).await.map(drop)
}

async fn render(
    hub: &Hub,
    view: View<'_>,
    who: &SignedIn,
    before: Option<Version>,
    made: Result<Option<String>, CareProblem>,
) -> Response {
    let shown = match gather(hub, view.call, who, before).await {
        Ok(shown) => shown,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &[],
    };
    let own = who.person.id;
    let expected = lines(&shown, |time| (time.staff == own).then_some(time.subject));
    let coming = lines(&shown, |time| (time.subject == own).then_some(time.staff));
    let done = done(&shown);
    let asked = view.call.query().ok();
    let (address, problem) = match made {
        Ok(address) => (address, None),
        Err(problem) => (None, Some(problem)),
    };
    let just_off = asked.is_some_and(|query| query.get("done") == Some("off"));
    let calendar = match (address.as_deref(), shown.calendar_on) {
        (Some(address), _) => CalendarState::JustOn(address),
        (None, true) => CalendarState::On,
        (None, false) if just_off => CalendarState::JustOff,
        (None, false) => CalendarState::Off,
    };
    let page = Care {
        frame: view.frame(HERE),
        problem,
        coming: &coming,
        expected: &expected,
        done: &done,
        older: shown.older.as_deref(),
        newest: shown.before.is_none(),
        calendar,
        ask_password: shown.ask_password,
        turn_on: form("/account/care/calendar/on"),
        turn_off: form("/account/care/calendar/off"),
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(CareProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(CareProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

fn place(shown: &Shown, id: OrganisationId) -> &str {
    shown.places.get(&id).map(String::as_str).unwrap_or_default()
}

/// The times for which `other` says whom the reader meets.
fn lines(shown: &Shown, other: impl Fn(&Time) -> Option<PersonId>) -> Vec<AppointmentLine<'_>> {
    let mut all = Vec::with_capacity(shown.times.len());
    for (time, note) in &shown.times {
        let Some(other) = other(time) else { continue };
        all.push(AppointmentLine {
            at: Moment(time.starts.as_micros()),
            minutes: time.ends.since(time.starts).as_secs() / 60,
            kind: time.kind,
            place: place(shown, time.organisation),
            who: shown.people.get(&other).map(String::as_str),
            note: note.as_deref(),
            cancelled: time.cancelled,
        });
    }
    all
}

fn done(shown: &Shown) -> Vec<DoneLine<'_>> {
    let mut all: Vec<DoneLine<'_>> = Vec::with_capacity(shown.done.len());
    // The page before this one ended with a later version of what this one may begin with.
    let mut later = shown.before.map(|(id, _)| id);
    for (one, note) in &shown.done {
        let reason = note.as_ref().and_then(|note| note.reason.as_deref());
        all.push(DoneLine {
            at: Moment(one.at.as_micros()),
            kind: one.kind,
            place: place(shown, one.organisation),
            who: shown.people.get(&one.author).map(String::as_str),
            note: note.as_ref().map(|note| note.text.as_str()),
            corrected: reason.map(|reason| (Moment(one.written.as_micros()), reason)),
            replaced: later == Some(one.id),
        });
        later = Some(one.id);
    }
    all
}
