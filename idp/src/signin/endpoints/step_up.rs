//! `GET /signin/step-up`: somebody who is signed in is asked for what a service, or their own account, asks beyond that.

use axum::extract::State;
use axum::response::Response;

use crate::credentials::{Level, Verdict};
use crate::factors::reachable;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::oauth::authorization::Interactions;
use crate::pages::ErrorKind;
use crate::signin::progress::{Class, First, InProgress, Wanted};
use crate::signin::{Place, SignedIn, signed_in};

/// Works out what is missing and leads there.
pub(super) async fn begin(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let place = Place::read(&query);
    let who = match signed_in(&hub, &call).await {
        Ok(Some(who)) => who,
        Ok(None) => return view.redirect(&place.on("/signin")),
        Err(error) => return view.oauth_error(error),
    };
    let missing = match missing(&hub, &view, &who, &place).await {
        Ok(Some(missing)) => missing,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_in.interaction")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let Some(level) = missing.0 else {
        return view.redirect(&place.address());
    };
    let wanted = Wanted::Factor(Class::of(level));
    let begun = InProgress::new(&hub.ephemeral, &call.realm)
        .begin(
            &hub.entropy,
            (view.browser(), &view.call.origin.network()),
            who.person.id,
            (First::Session(who.session.sid), wanted),
            place,
        )
        .await;
    match begun {
        Ok(id) => view.redirect(&format!("/signin/second?step={id}")),
        Err(error) => view.oauth_error(error),
    }
}

/// The level that is missing, if one is.
struct Missing(Option<Level>);

/// What is missing for `place`; `None` if there is no such place in this browser.
async fn missing(
    hub: &Hub,
    view: &View<'_>,
    who: &SignedIn,
    place: &Place,
) -> Result<Option<Missing>, OAuthError> {
    let realm = &view.call.realm;
    let held = Level::of_methods(&who.session.amr);
    let kinds = hub.factors.kinds(realm, who.person.id).await?;
    Ok(match place {
        Place::Interaction(id) => {
            let found = Interactions::new(&hub.ephemeral, realm)
                .find(id, Some(view.browser()))
                .await?;
            found.map(|interaction| {
                let asked = interaction.request.asked();
                match asked.judge(held, reachable(&who.session.amr, &kinds)) {
                    Verdict::More(level) => Missing(Some(level)),
                    Verdict::Enough | Verdict::Impossible => Missing(None),
                }
            })
        }
        Place::Account | Place::Security | Place::Device(_) | Place::Requests => {
            let short = held < Level::Multi && hub.factors.any_second(realm, who.person.id).await?;
            Some(Missing(short.then_some(Level::Multi)))
        }
    })
}
