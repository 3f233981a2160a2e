//! A calendar as text (RFC 5545).

use chrono::{DateTime, Duration, Utc};
use icalendar::{Calendar, Class, Component as _, Event, EventLike as _, EventStatus};
use platform::clock::Instant;

use crate::staff::appointments::Time;

/// How often programs should look again.
const REFRESH: Duration = Duration::minutes(30);

/// Writes times with what each is called; `host` makes their names the only ones in the world.
pub(super) fn write<'a>(
    (name, host): (&str, &str),
    times: impl Iterator<Item = (&'a Time, String)>,
) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//Musubi//Appointments//EN"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("X-WR-CALNAME", line(name).as_str()))
        .ttl(&REFRESH);
    for (time, summary) in times {
        let status = if time.cancelled {
            EventStatus::Cancelled
        } else {
            EventStatus::Confirmed
        };
        let mut event = Event::new();
        event
            .uid(&format!("{}@{host}", time.id))
            .sequence(u32::try_from(time.sequence).unwrap_or_default())
            .timestamp(utc(time.changed))
            .starts(utc(time.starts))
            .ends(utc(time.ends))
            .class(Class::Private)
            .status(status)
            .summary(&line(&summary));
        calendar.push(event.done());
    }
    calendar.to_string()
}

/// What others chose is one line.
fn line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn utc(at: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.as_micros()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AppointmentId, AppointmentTimeId, OrganisationId, PersonId};
    use crate::staff::words::EncounterKind;

    fn time() -> Time {
        let key = uuid::Uuid::from_u128(7);
        Time {
            id: AppointmentTimeId::from(key),
            appointment: AppointmentId::from(key),
            organisation: OrganisationId::from(key),
            staff: PersonId::from(key),
            subject: PersonId::from(key),
            kind: EncounterKind::Visit,
            starts: Instant::from_rfc3339("2026-12-01T00:00:00Z").unwrap(),
            ends: Instant::from_rfc3339("2026-12-01T00:30:00Z").unwrap(),
            sequence: 2,
            changed: Instant::from_rfc3339("2026-11-27T00:00:00Z").unwrap(),
            cancelled: true,
            sealed_note: None,
        }
    }

    #[test]
    fn a_time_is_an_event_that_programs_tell_from_others_and_see_change() {
        let (time, long) = (
            time(),
            "訪問 (とても長い名前のとても長い名前のとても長い名前の病院)",
        );
        let text = write(
            ("Appointments", "id.example"),
            [(&time, long.to_owned())].into_iter(),
        );
        let unfolded = text.replace("\r\n ", "");
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Musubi//Appointments//EN",
            "BEGIN:VEVENT",
            "UID:00000000-0000-0000-0000-000000000007@id.example",
            "DTSTAMP:20261127T000000Z",
            "DTSTART:20261201T000000Z",
            "DTEND:20261201T003000Z",
            "SEQUENCE:2",
            "STATUS:CANCELLED",
            "CLASS:PRIVATE",
            &format!("SUMMARY:{long}"),
            "END:VEVENT",
            "END:VCALENDAR",
        ] {
            assert_eq!(
                unfolded.split("\r\n").filter(|one| *one == line).count(),
                1,
                "{line}\n{text}"
            );
        }
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    }

    #[test]
    fn a_name_is_text_and_never_a_property_or_an_event_of_its_own() {
        let time = time();
        let hostile = "A, b; c\\\r\nEND:VEVENT\r\nATTACH:https://evil.example/\nBEGIN:VEVENT\r\u{85}";
        let text = write((hostile, "id.example"), [(&time, hostile.to_owned())].into_iter());
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("X-WR-CALNAME:A\\, b"), "{text}");
        let lines: Vec<&str> = unfolded.split("\r\n").collect();
        assert!(!unfolded.replace("\r\n", "").contains(['\r', '\n']), "{text}");
        assert!(!lines.iter().any(|line| line.starts_with("ATTACH")), "{text}");
        assert_eq!(
            lines.iter().filter(|line| **line == "BEGIN:VEVENT").count(),
            1,
            "{text}"
        );
        let summary = lines.iter().find(|line| line.starts_with("SUMMARY:")).unwrap();
        assert!(summary.starts_with("SUMMARY:A\\, b\\; c\\\\"), "{summary}");
    }
}
