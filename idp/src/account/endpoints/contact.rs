//! `/account/contact`: how a person wants to be reached, and about what.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{enter, entry, posted, read};
use crate::contact::{Channel, Topic, preferences, set};
use crate::http::{Call, View};
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ContactPage, Form, Tick, TopicLine};
use crate::people::By;

const UPDATE: Action = Action::new("contact.update");
const HERE: &str = "/account/contact";

type Wanted = BTreeMap<(Topic, Channel), bool>;

/// Shows what the person wants.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "contact").await {
        return view.oauth_error(error);
    }
    match preferences(&hub.store, &call.realm, who.person.id).await {
        Ok(wanted) => render(view, &wanted),
        Err(error) => view.oauth_error(error.into()),
    }
}

fn render(view: View<'_>, wanted: &Wanted) -> Response {
    let csrf = view.csrf();
    let topics = Topic::ALL.map(|topic| TopicLine {
        topic,
        ticks: Channel::ALL.map(|channel| Tick {
            topic,
            channel,
            allowed: wanted.get(&(topic, channel)).copied().unwrap_or_default(),
        }),
    });
    let kept = view
        .call
        .query()
        .is_ok_and(|query| query.get("done") == Some("kept"));
    let page = ContactPage {
        frame: view.frame(HERE),
        change: Form {
            action: HERE,
            csrf: &csrf,
            hidden: &[],
        },
        topics: &topics,
        kept,
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Keeps what the person wants: what is not ticked is refused.
pub(super) async fn keep(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, form) = match posted(&hub, &call, ("contact.form", "contact.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let wanted: Wanted = Topic::ALL
        .into_iter()
        .flat_map(|topic| Channel::ALL.map(|channel| (topic, channel)))
        .map(|(topic, channel)| {
            let allowed = true;
            let tick = Tick {
                topic,
                channel,
                allowed,
            };
            ((topic, channel), form.get(&tick.name()).is_some())
        })
        .collect();
    let kept = async {
        hub.record(entry(&call, UPDATE, &who)).await?;
        let by = By::person(who.person.id);
        set(&hub, &call.realm, who.person.id, wanted, by).await?;
        Ok::<(), OAuthError>(())
    };
    match kept.await {
        Ok(()) => view.redirect("/account/contact?done=kept"),
        Err(error) => view.oauth_error(error),
    }
}
