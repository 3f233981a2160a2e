//! `GET /calendar/{secret}`: somebody's appointments, as their calendar program reads them.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use platform::http::Problem;

use super::{model, store};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::mail::MailError;
use crate::oauth::OAuthError;
use crate::pages::{Language, Texts, Zone, calendar_name, calendar_summary};
use crate::people::Person;
use crate::staff::ZONE;
use crate::staff::appointments::{Time, of_person};
use crate::staff::organisations::find_all;

const READ: Action = Action::new("calendar.read");
const DAY: Duration = Duration::from_hours(24);
/// Times at the most, as whom they are for and as who is expected.
const MOST: u32 = 1000;

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new().route("/calendar/{secret}", get(read))
}

fn unavailable() -> Response {
    let title = "The hub cannot answer at the moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title).into_response()
}

/// Answers with the calendar. Whatever is amiss with the address, the answer is the same.
async fn read(State(hub): State<Shared>, Path(secret): Path<String>, call: Call) -> Response {
    match answer(&hub, &call, &secret).await {
        Ok(Some(text)) => calendar(text),
        Ok(None) => {
            let title = "There is no such calendar";
            Problem::new(StatusCode::NOT_FOUND, "calendar.unknown", title)
                .detail(
                    "It was turned off, or has another address now. Turn it on again on your account page.",
                )
                .into_response()
        }
        Err(error) => {
            tracing::error!(id = error.id, "a calendar could not be read");
            unavailable()
        }
    }
}

async fn answer(hub: &Hub, call: &Call, secret: &str) -> Result<Option<String>, OAuthError> {
    let found = match Some(secret).filter(|secret| secret.len() <= 100) {
        Some(secret) => store::whose(hub, &call.realm, secret).await?,
        None => None,
    };
    let person = match found {
        Some(id) => hub.people.by_id(&call.realm, id).await?,
        None => None,
    };
    let Some(person) = person.filter(|person| person.may_sign_in()) else {
        hub.record(call.deny(READ, "calendar.unknown")).await?;
        return Ok(None);
    };
    let mut row = call.permit(READ).subject(person.id);
    row.key = person.key.clone();
    hub.record(row).await?;
    Ok(Some(write(hub, call, &person).await?))
}

async fn write(hub: &Hub, call: &Call, person: &Person) -> Result<String, OAuthError> {
    let (realm, now) = (&call.realm, hub.clock.now());
    // What is to come has its own bound: however much is over, it takes no place of that.
    let (past, coming) = ((now.minus(31 * DAY), now), (now, now.plus(400 * DAY)));
    let mut times = of_person(&hub.store, realm.id, person.id, (past, now), MOST).await?;
    times.retain(|time| time.ends <= now);
    times.extend(of_person(&hub.store, realm.id, person.id, (coming, now), MOST).await?);
    let ids: Vec<_> = times.iter().map(|time| time.organisation).collect();
    let places = find_all(&hub.store, realm.id, &ids).await?;
    let language = person.locale.as_deref().and_then(Language::of_tag);
    let language = language.unwrap_or_else(|| realm.settings.language.into());
    let texts = Texts::new(language, Zone::named(ZONE)?);
    let mut named: Vec<(&Time, String)> = Vec::with_capacity(times.len());
    for time in &times {
        let place = places.iter().find(|place| place.id == time.organisation);
        let place = place.map(|place| place.name.as_str()).unwrap_or_default();
        named.push((
            time,
            calendar_summary(&texts, time.kind, place).map_err(MailError::from)?,
        ));
    }
    let name = calendar_name(&texts, &realm.name).map_err(MailError::from)?;
    Ok(model::write((&name, &realm.host), named.into_iter()))
}

fn calendar(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/calendar; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}
