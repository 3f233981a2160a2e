//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4).

use std::time::Duration;

use platform::encoding::base64url;
use platform::keys::{TimeClaims, sign_compact};
use serde::Serialize;

use super::store::Claimed;
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::oauth::tokens::{session_id, subject};
use crate::realms::Realm;

/// `typ` (§2.4): nothing else takes such a token for its own.
const TYPE: &str = "logout+jwt";
/// How long it may be on its way (§4: at most two minutes are recommended).
const LIFE: Duration = Duration::from_mins(2);

/// Never with a `nonce`, so that no client takes it for an ID token.
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    #[serde(flatten)]
    times: TimeClaims,
    jti: String,
    sid: String,
    events: Events,
}

#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

/// The token that tells `client` of the end of a session, under the names that it knows person and session by. Each attempt
/// has one of its own.
pub(super) async fn logout_token(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    claimed: &Claimed,
) -> Result<String, OAuthError> {
    let claims = LogoutClaims {
        iss: &realm.issuer,
        sub: subject(realm, claimed.person, client),
        aud: &client.id,
        times: TimeClaims::issue(hub.clock.now(), LIFE),
        jti: base64url(hub.entropy.array::<16>()?),
        sid: session_id(realm, claimed.sid, client),
        events: Events { logout: Nothing {} },
    };
    let algorithm = client.metadata.id_token_signed_response_alg;
    let key = hub.keys.signer(realm.id, algorithm).await?;
    Ok(sign_compact(&key, Some(TYPE), &serde_json::to_vec(&claims)?)?)
}
