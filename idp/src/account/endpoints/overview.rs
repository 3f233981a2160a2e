//! `GET /account`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::trusted::waiting;
use super::{enter, read};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::notices::{self, Told};
use crate::numbers::Number;
use crate::oauth::OAuthError;
use crate::pages::{Account, Form, Moment, PersonDetails, ToldLine};
use crate::people::number_of;
use crate::signin::SignedIn;

/// How many notices the page shows.
const TOLD: u32 = 10;

/// Shows the first page of the account of who is signed in.
pub(super) async fn overview(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    match gather(&hub, &call, &who).await {
        Ok(shown) => show(view, &who, &shown),
        Err(error) => view.oauth_error(error),
    }
}

struct Shown {
    number: Option<String>,
    told: Vec<Told>,
    asked: u64,
    requests: i64,
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Shown, OAuthError> {
    read(hub, call, who, "overview").await?;
    let number = number_of(&hub.store, &call.realm, who.person.id).await?;
    Ok(Shown {
        number: number.map(Number::grouped),
        told: notices::list(hub, &call.realm, &who.person, TOLD).await?,
        asked: waiting(hub, call, who).await?,
        requests: hub
            .backchannel
            .count(&call.realm, who.person.id, hub.clock.now())
            .await?,
    })
}

fn show(view: View<'_>, who: &SignedIn, shown: &Shown) -> Response {
    let csrf = view.csrf();
    let profile = &who.person.profile;
    let told: Vec<ToldLine<'_>> = shown
        .told
        .iter()
        .map(|one| ToldLine {
            at: Moment(one.at.as_micros()),
            notice: &one.notice,
        })
        .collect();
    let page = Account {
        frame: view.frame("/account"),
        person: PersonDetails {
            name: profile.name.as_deref(),
            login: &profile.login,
            email: profile.email.as_deref(),
            number: shown.number.as_deref(),
        },
        sign_out: Form {
            action: "/oauth/logout",
            csrf: &csrf,
            hidden: &[],
        },
        told: &told,
        asked: shown.asked,
        requests_url: (shown.requests > 0).then_some("/account/requests"),
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}
