//! `POST /account/consents/level` and `…/withdraw`.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::list::render;
use super::{GIVE, Refused, WITHDRAW, again};
use crate::account::endpoints::{entry, posted};
use crate::consent::{self, Draft, Kept, Level, Origin};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::pages::ConsentProblem;
use crate::signin::SignedIn;

/// Chooses a level of the family notebook, in the place of the one that was chosen before.
pub(in crate::account::endpoints) async fn choose(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, "/account/consents?done=level", async |form, who| {
        let level = form.get("level").and_then(Level::parse);
        let level = level.ok_or(Refused::Problem(ConsentProblem::Incomplete))?;
        again(&hub, &call, who, form).await?;
        let draft = Draft {
            performer: who.person.id,
            origin: Origin::Level,
            rules: level.rules(),
        };
        let kept = consent::list(&hub, &call.realm, &who.person).await?;
        let before = kept
            .into_iter()
            .find(|one| one.is_active() && one.origin == Origin::Level);
        let prepared = match &before {
            None => consent::prepare(&hub, &call.realm, &who.person, &draft)?,
            Some(before) => consent::prepare_change(&hub, &call.realm, &who.person, before, &draft)?,
        };
        let row = entry(&call, GIVE, who)
            .resource("consent", [prepared.id.to_string()])
            .detail("level", level.number());
        hub.record(row).await?;
        consent::write(&hub, prepared).await?;
        Ok(())
    })
    .await
}

/// Withdraws a consent. It needs no password: to close is always allowed.
pub(in crate::account::endpoints) async fn withdraw(State(hub): State<Shared>, call: Call) -> Response {
    submit(
        &hub,
        &call,
        "/account/consents?done=withdrawn",
        async |form, who| {
            let kept = found(&hub, &call, who, form).await?;
            let prepared = consent::prepare_withdrawal(&hub, &call.realm, &who.person, &kept, who.person.id)?;
            let row = entry(&call, WITHDRAW, who).resource("consent", [kept.id.to_string()]);
            hub.record(row).await?;
            consent::write(&hub, prepared).await?;
            Ok(())
        },
    )
    .await
}

async fn found(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<Kept, Refused> {
    let gone = || Refused::Problem(ConsentProblem::Gone);
    let id = form.get("consent").and_then(|text| text.parse().ok());
    let id = id.ok_or_else(gone)?;
    let kept = consent::find(hub, &call.realm, &who.person, id).await?;
    kept.filter(Kept::is_active).ok_or_else(gone)
}

async fn submit(
    hub: &Hub,
    call: &Call,
    back: &'static str,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<(), Refused>,
) -> Response {
    let (view, who, form) = match posted(hub, call, ("consents.form", "consents.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&form, &who).await {
        Ok(()) => view.redirect(back),
        Err(Refused::Problem(problem)) => render(hub, view, &who, Some(problem)).await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}
