//! `musubi client registration-token`.

use std::time::Duration;

use anyhow::ensure;
use idp::log::Action;
use idp::oauth::Clients;
use idp::oauth::clients::InitialToken;
use idp::oauth::registration::Policies;
use idp::realms::Realm;
use serde_json::json;

use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const TOKEN: Action = Action::new("client.registration_token.create");

/// Makes one and prints it.
pub(super) async fn make(
    hub: &Installation,
    realm: &Realm,
    (uses, days): (u32, u64),
    policy: Option<&str>,
    output: Output,
) -> anyhow::Result<()> {
    if let Some(name) = policy {
        let found = Policies::new(hub.store.clone()).find(realm, name).await?;
        ensure!(
            found.is_some(),
            "the realm has no such registration policy; make it with `musubi client policy set`"
        );
    }
    let entry = record::entry(realm, TOKEN)
        .detail("uses", uses)
        .detail("days", days)
        .detail("policy", policy.map(str::to_owned));
    record::append(hub, entry).await?;
    let now = hub.clock.now();
    let expires_at = now.plus(Duration::from_hours(days.saturating_mul(24)));
    let wanted = InitialToken {
        uses,
        expires_at,
        policy,
    };
    let clients = Clients::new(hub.store.clone());
    let token = clients
        .make_initial_token(realm, &hub.entropy, now, wanted)
        .await?;
    let endpoint = realm.url("/oauth/register");
    output.remark(&format!(
        "Good for {uses} registrations at {endpoint} until {}:",
        expires_at.to_rfc3339()
    ));
    let document = json!({
        "initial_access_token": token,
        "registration_endpoint": endpoint,
        "uses": uses,
        "expires_at": expires_at.to_rfc3339(),
        "policy": policy,
    });
    output.answer(&token, &document)?;
    Ok(())
}
