//! `/api/v1/settings`: what the realm's administrators set, and what holds.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{Refused, json};
use super::desk::{Desk, Rules};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::realms::{Chosen, RealmSettings, SignInPolicy};

const READ: Action = Action::new("realm.settings.read");
const CHANGE: Action = Action::new("realm.settings.change");
/// The member that is no setting of [`Chosen`].
const SIGN_IN: &str = "sign_in";

/// What was set in the realm, and what holds in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
struct SettingsView {
    /// What was set here.
    set: Chosen,
    /// What holds: what was set or, where nothing was, what the hub's configuration says.
    holds: RealmSettings,
    /// What people are asked for when they sign in.
    #[schema(value_type = Object)]
    sign_in: SignInPolicy,
}

/// What the body of [`Changes`] has, for the description of the API.
#[derive(ToSchema)]
#[schema(as = SettingsChange)]
#[expect(dead_code, reason = "it describes the body, which is read as a map")]
struct ChangesBody {
    #[serde(flatten)]
    settings: Chosen,
    /// The whole of what people are asked for when they sign in.
    #[schema(value_type = Option<Object>)]
    sign_in: Option<SignInPolicy>,
}

/// Changes as JSON merge patch (RFC 7396): what is not named stays, a null takes a setting back.
#[derive(Debug, Deserialize, Validate)]
#[serde(transparent)]
#[garde(allow_unvalidated)]
struct Changes(Map<String, Value>);

impl Rules for Changes {
    const RULES: &'static str = "Members are those of the realm's settings, with values that they can have; a null takes one back. session_idle_minutes is 1 to 10080, session_absolute_hours 1 to 720, recovery_link_minutes 5 to 1440, recovery_delay_seconds 3600 to 2592000.";
}

/// Reads the settings of the realm.
#[utoipa::path(
    get, path = "/api/v1/settings", tag = "realms",
    security(("token" = ["musubi:settings.read"])),
    responses((status = 200, description = "The settings", body = SettingsView), Refused),
)]
pub(super) async fn read(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, READ, scope::SETTINGS_READ).await {
        Ok(desk) => desk.finish(show(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>) -> Result<Response, Refusal> {
    desk.no_body()?;
    desk.record(desk.permit()).await?;
    let realm = desk.realm();
    answer(desk, &realm.chosen, &realm.sign_in)
}

/// `chosen` and `sign_in` as they are from now on; this call's realm may be some seconds old.
fn answer(desk: &Desk<'_>, chosen: &Chosen, sign_in: &SignInPolicy) -> Result<Response, Refusal> {
    let view = SettingsView {
        holds: RealmSettings::of_hub(&desk.hub.settings).with(chosen),
        set: chosen.clone(),
        sign_in: sign_in.clone(),
    };
    json(StatusCode::OK, &view)
}

/// Changes settings of the realm. Every node obeys within five seconds.
#[utoipa::path(
    patch, path = "/api/v1/settings", tag = "realms", request_body = ChangesBody,
    security(("token" = ["musubi:settings.write"])),
    responses((status = 200, description = "The settings", body = SettingsView), Refused),
)]
pub(super) async fn change(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, CHANGE, scope::SETTINGS_WRITE).await {
        Ok(desk) => desk.finish(set(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn set(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let invalid = Refusal::invalid("realm.settings", Changes::RULES);
    let Changes(mut changes) = desk.body()?;
    let realms = &desk.hub.realms;
    // Not from the cache: what is merged with must be what is there.
    let realm = realms.by_id(desk.realm().id).await?.ok_or(invalid)?;
    let sign_in = match changes.remove(SIGN_IN) {
        None => None,
        Some(Value::Null) => Some(SignInPolicy::default()),
        Some(policy) => {
            let policy: SignInPolicy = serde_json::from_value(policy).map_err(|_| invalid)?;
            policy.check().map_err(|_| invalid)?;
            Some(policy)
        }
    };
    let chosen = realm.chosen.merged(&changes).map_err(|_| invalid)?;
    let mut row = desk.permit().detail("settings", Value::Object(changes));
    if let Some(policy) = &sign_in {
        let policy = serde_json::to_value(policy).map_err(|error| Refusal::unavailable(&error))?;
        row = row.detail("sign_in", policy);
    }
    desk.record(row).await?;
    if chosen != realm.chosen {
        realms.set_settings(&realm, &chosen).await?;
    }
    if let Some(policy) = &sign_in {
        realms.set_sign_in(&realm, policy).await?;
    }
    answer(desk, &chosen, sign_in.as_ref().unwrap_or(&realm.sign_in))
}
