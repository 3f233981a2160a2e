//! Initial access tokens, with which clients register themselves.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admin::endpoints::answer::{Refused, json};
use crate::admin::endpoints::desk::{Desk, Rules};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::clients::InitialToken;

const TOKEN: Action = Action::new("client.registration_token");

const UNKNOWN_POLICY: &str = "policy is the name of a registration policy of the realm.";

/// An initial access token to be made (RFC 7591 §1.2).
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRegistrationToken {
    /// For how many registrations.
    #[garde(range(min = 1, max = 1000))]
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    uses: u32,
    /// For how long, in seconds: up to thirty days; one day if it is not said.
    #[garde(range(min = 60, max = 2_592_000))]
    #[serde(default = "one_day")]
    #[schema(minimum = 60, maximum = 2_592_000)]
    expires_in: u64,
    /// The registration policy that they are held to; the one named `default` if it is not said.
    #[garde(length(chars, min = 1, max = 64))]
    #[serde(default)]
    policy: Option<String>,
}

impl Rules for NewRegistrationToken {
    const RULES: &'static str =
        "uses is 1 to 1000, expires_in 60 to 2592000 seconds; policy is a name; nothing else is there.";
}

fn one() -> u32 {
    1
}

fn one_day() -> u64 {
    86_400
}

/// An initial access token (RFC 7591 §1.2): shown this once.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the members are those of the API")]
struct RegistrationToken {
    /// With it a client registers itself at `/oauth/register`; such a client gets no scope of this API.
    registration_token: String,
    /// For how many registrations.
    uses: u32,
    /// When it stops working (RFC 3339).
    expires_at: String,
    /// The registration policy that it is held to.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
}

/// Makes an initial access token, with which clients register themselves.
#[utoipa::path(
    post, path = "/api/v1/clients/registration-tokens", tag = "clients", request_body = NewRegistrationToken,
    security(("token" = ["musubi:clients.write"])),
    responses((status = 201, description = "The token", body = RegistrationToken), Refused),
)]
pub(in crate::admin::endpoints) async fn registration_token(
    State(hub): State<Shared>,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, TOKEN, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(make_token(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn make_token(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let NewRegistrationToken {
        uses,
        expires_in,
        policy,
    } = desk.body()?;
    if let Some(name) = &policy {
        let found = desk.hub.policies.find(desk.realm(), name).await?;
        found.ok_or(Refusal::invalid("client.policy.unknown", UNKNOWN_POLICY))?;
    }
    let (hub, now) = (desk.hub, desk.hub.clock.now());
    let expires_at = now.plus(Duration::from_secs(expires_in));
    desk.record(desk.permit().detail("policy", policy.clone()))
        .await?;
    let token = InitialToken {
        uses,
        expires_at,
        policy: policy.as_deref(),
    };
    let token = hub
        .clients
        .make_initial_token(desk.realm(), &hub.entropy, now, token)
        .await?;
    let made = RegistrationToken {
        registration_token: token,
        uses,
        expires_at: expires_at.to_rfc3339(),
        policy,
    };
    json(StatusCode::CREATED, &made)
}
