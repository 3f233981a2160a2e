//! `POST /account/consents/level` and `…/withdraw`.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::list::render;
use super::whose::{Whose, posted_for};
use super::{GIVE, Refused, WITHDRAW, again};
use crate::account::endpoints::entry;
use crate::consent::{self, Draft, Kept, Level, Origin};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::pages::ConsentProblem;
use crate::signin::SignedIn;

/// Chooses a level of the family notebook, in the place of the one that was chosen before. It is one's own alone.
pub(in crate::account::endpoints) async fn choose(State(hub): State<Shared>, call: Call) -> Response {
    submit(&hub, &call, (GIVE, "level"), async |form, who, whose| {
        if whose.ward().is_some() {
            return Err(Refused::Problem(ConsentProblem::Incomplete));
        }
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
    submit(&hub, &call, (WITHDRAW, "withdrawn"), async |form, who, whose| {
        let kept = found(&hub, &call, whose, form).await?;
        let (owner, by) = (&whose.person, who.person.id);
        let prepared = consent::prepare_withdrawal(&hub, &call.realm, owner, &kept, by)?;
        let row = entry(&call, WITHDRAW, who).resource("consent", [kept.id.to_string()]);
        hub.record(whose.about(row)).await?;
        consent::write_for(&hub, &call.realm, prepared, whose.tie()).await?;
        Ok(())
    })
    .await
}

async fn found(hub: &Hub, call: &Call, whose: &Whose, form: &Parameters) -> Result<Kept, Refused> {
    let gone = || Refused::Problem(ConsentProblem::Gone);
    let id = form.get("consent").and_then(|text| text.parse().ok());
    let id = id.ok_or_else(gone)?;
    let kept = consent::find(hub, &call.realm, &whose.person, id).await?;
    kept.filter(Kept::is_active).ok_or_else(gone)
}

async fn submit(
    hub: &Hub,
    call: &Call,
    (action, done): (Action, &'static str),
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn, &Whose) -> Result<(), Refused>,
) -> Response {
    let (view, who, whose, form) = match posted_for(hub, call, action).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&form, &who, &whose).await {
        Ok(()) => view.redirect(&whose.link(&format!("/account/consents?done={done}"))),
        Err(Refused::Problem(problem)) => render(hub, view, (&who, &whose), Some(problem)).await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}
