//! `/api/v1/organisations/{number}/appointments`, `/api/v1/appointments/{id}/…`: when staff are expected where, for whom.

pub(in crate::admin::endpoints) mod change;
pub(in crate::admin::endpoints) mod list;
pub(in crate::admin::endpoints) mod make;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use platform::clock::Instant;
use platform::database::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::time;
use super::views::{Names, OrganisationName};
use super::{StaffDesk, over};
use crate::admin::Refusal;
use crate::ids::{OrganisationId, PersonId};
use crate::log::Entry;
use crate::mail::Queued;
use crate::pages::AppointmentChange;
use crate::people::{Person, number_of};
use crate::staff::StaffError;
use crate::staff::appointments::{self, Time, workplaces};
use crate::staff::reach::Basis;

/// How far ahead a time may begin.
const AHEAD: Duration = Duration::from_hours(24 * 731);

/// One time of an appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentTime)]
struct TimeView {
    /// The appointment's name in this API; all its times have it.
    id: String,
    /// Where.
    organisation: OrganisationName,
    /// The staff number of who is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<String>,
    /// The number of the person whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// How they meet.
    kind: &'static str,
    /// When it begins (RFC 3339).
    at: String,
    /// When it ends (RFC 3339).
    until: String,
    /// How often it was changed.
    sequence: i32,
    /// Whether it was cancelled.
    cancelled: bool,
    /// What is said about it, for who is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// An appointment with its times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Appointment)]
struct AppointmentView {
    /// Its name in this API.
    id: String,
    /// Its times that were made or changed, in their order.
    times: Vec<TimeView>,
}

/// A person whom appointments are for.
struct Subject {
    person: Option<Arc<Person>>,
    number: Option<String>,
}

async fn subjects(desk: &StaffDesk<'_>, found: &[Time]) -> Result<HashMap<PersonId, Subject>, Refusal> {
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    let ids: HashSet<PersonId> = found.iter().map(|one| one.subject).collect();
    let mut subjects = HashMap::with_capacity(ids.len());
    for id in ids {
        let number = number_of(&hub.store, realm, id).await?;
        let subject = Subject {
            person: hub.people.by_id(realm, id).await?,
            number: number.map(|number| number.to_string()),
        };
        subjects.insert(id, subject);
    }
    Ok(subjects)
}

/// As the reader sees them: what is said about one, if they are the one who is expected, and work there.
async fn views(
    desk: &StaffDesk<'_>,
    found: &[Time],
    subjects: &HashMap<PersonId, Subject>,
) -> Result<Vec<TimeView>, Refusal> {
    let (store, realm) = (&desk.desk.hub.store, desk.desk.realm());
    let reader = desk.act.caller.person;
    let works_at = match reader {
        Some(reader) => workplaces(store, realm.id, reader, desk.act.now).await?,
        None => HashSet::new(),
    };
    let places = found.iter().map(|one| one.organisation).collect();
    let staff = found.iter().map(|one| one.staff).collect();
    let names = Names::of(desk, places, staff).await?;
    let view = |one: &Time| {
        let about = subjects.get(&one.subject);
        let known = about.and_then(|about| about.person.as_ref());
        let known = known.filter(|_| reader == Some(one.staff) && works_at.contains(&one.organisation));
        TimeView {
            id: one.appointment.to_string(),
            organisation: names.organisation(one.organisation),
            staff: names.staff(one.staff),
            person: about.and_then(|about| about.number.clone()),
            kind: one.kind.word(),
            at: one.starts.to_rfc3339(),
            until: one.ends.to_rfc3339(),
            sequence: one.sequence,
            cancelled: one.cancelled,
            note: known.and_then(|person| one.note(realm, person)),
        }
    };
    Ok(found.iter().map(view).collect())
}

fn told(row: Entry, (times, basis): &(Vec<Time>, Basis)) -> Entry {
    let Some(first) = times.first() else { return row };
    over(row, first.organisation, *basis)
        .subject(first.subject)
        .resource("appointment", [first.appointment.to_string()])
}

async fn answer(desk: &StaffDesk<'_>, times: &[Time]) -> Result<AppointmentView, Refusal> {
    let subjects = subjects(desk, times).await?;
    let id = times.first().map(|one| one.appointment.to_string());
    Ok(AppointmentView {
        id: id.unwrap_or_default(),
        times: views(desk, times, &subjects).await?,
    })
}

/// A beginning that is to come, on a whole minute.
fn beginning(desk: &StaffDesk<'_>, text: &str, rules: &'static str) -> Result<Instant, Refusal> {
    let wrong = Refusal::invalid("body.rule", rules);
    let at = time(Some(text), rules)?.ok_or(wrong)?;
    let whole = at.as_micros() % 60_000_000 == 0;
    if !whole || at < desk.act.now || at > desk.act.now.plus(AHEAD) {
        return Err(wrong);
    }
    Ok(at)
}

async fn letters(
    desk: &StaffDesk<'_>,
    subject: &Person,
    about: (OrganisationId, AppointmentChange),
) -> Result<Vec<Queued>, Refusal> {
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    Ok(appointments::letters(hub, realm, subject, about).await?)
}

async fn send(tx: &Tx, letters: Vec<Queued>) -> Result<(), StaffError> {
    for letter in letters {
        letter.write(tx).await?;
    }
    Ok(())
}
