//! `GET /`: what this is, and where to go.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::Shared;
use crate::pages::Welcome;
use crate::signin::signed_in;

/// Shows the way in.
pub(super) async fn welcome(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let who = match signed_in(&hub, &call).await {
        Ok(who) => who,
        Err(error) => return view.oauth_error(error),
    };
    let page = Welcome {
        frame: view.frame("/"),
        signed_in_as: who.as_ref().map(|who| who.person.display_name()),
        sign_in_url: "/signin",
        account_url: "/account",
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}
