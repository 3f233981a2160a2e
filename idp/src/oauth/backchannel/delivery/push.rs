//! What is pushed (CIBA §10.3.1, §12): tokens, or why there are none. It is made once and kept sealed until it was taken.

use serde::{Deserialize, Serialize};

use super::store::Due;
use super::{Addressee, store};
use crate::hub::Hub;
use crate::ids::FamilyId;
use crate::log::{Action, Entry};
use crate::oauth::backchannel::{PLACE, State};
use crate::oauth::grants::approved::{self, Approval};
use crate::oauth::tokens::{Granted, Issue, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError};

/// The same row as that of tokens that are fetched.
const ISSUE: Action = Action::new("token.issue.ciba");

const DENIED: OAuthError = OAuthError::new(
    ErrorCode::AccessDenied,
    "backchannel.denied",
    "the person said no",
);
const EXPIRED: OAuthError = OAuthError::new(
    ErrorCode::ExpiredToken,
    "backchannel.expired",
    "the person did not answer in time",
);
/// The person allowed it, and what that rests on was over before tokens were made.
const FAILED: OAuthError = OAuthError::new(
    ErrorCode::TransactionFailed,
    "backchannel.failed",
    "the person allowed it, and is not signed in any more, or took it back",
);

/// What is posted, each time the same.
#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) body: String,
    /// The tokens in it, if there are any.
    pub(super) family: Option<FamilyId>,
}

#[derive(Serialize)]
struct Tokens<'a> {
    auth_req_id: &'a str,
    #[serde(flatten)]
    tokens: &'a TokenResponse,
}

#[derive(Serialize)]
struct Refusal<'a> {
    auth_req_id: &'a str,
    error: &'static str,
    error_description: &'static str,
}

/// The answer to a request: the one that was made before, or one that is made now. `None`: another node was faster.
pub(super) async fn answer(hub: &Hub, to: &Addressee, due: &Due) -> Result<Option<Answer>, OAuthError> {
    if let Some(kept) = due.answer(&to.person.key)? {
        return Ok(Some(kept));
    }
    let made = make(hub, to, due).await?;
    if store::keep(&hub.store, &hub.entropy, due, &to.person.key, &made).await? {
        return Ok(Some(made));
    }
    if let Some(family) = made.family {
        let now = hub.clock.now();
        hub.families
            .revoke(&to.realm, family, "backchannel.push.other", now)
            .await?;
    }
    Ok(None)
}

async fn make(hub: &Hub, to: &Addressee, due: &Due) -> Result<Answer, OAuthError> {
    let refused = match due.state {
        State::Allowed => match tokens(hub, to, due).await {
            Ok(answer) => return Ok(answer),
            // Nothing is lost: it is tried again.
            Err(error) if error.code == ErrorCode::TemporarilyUnavailable => return Err(error),
            Err(_) => FAILED,
        },
        State::Denied => DENIED,
        State::Pending | State::Spent | State::Expired => EXPIRED,
    };
    let refusal = Refusal {
        auth_req_id: &to.auth_req_id,
        error: refused.code.as_str(),
        error_description: refused.description,
    };
    Ok(Answer {
        body: serde_json::to_string(&refusal)?,
        family: None,
    })
}

async fn tokens(hub: &Hub, to: &Addressee, due: &Due) -> Result<Answer, OAuthError> {
    let approval = Approval {
        person: due.person,
        sid: due.sid.ok_or(FAILED)?,
        scope: to.request.scope.clone(),
        resources: Vec::new(),
        classes: to.request.acr_values.clone(),
        place: PLACE,
    };
    let entry = Entry::permit(due.realm, ISSUE, to.person.key.clone());
    let begun = approved::begin(hub, &to.realm, &to.client, entry, approval, None).await?;
    let (new, begun) = begun.ok_or(FAILED)?;
    let granted = Granted {
        person: new.person,
        family: new.id,
        details: &new.details,
        nonce: None,
    };
    let new_tokens = Issue {
        granted: Some(&granted),
        refresh: begun.refresh.as_ref(),
        pushed_for: Some(&to.auth_req_id),
        ..Issue::new(&to.client, &new.scope)
    };
    let response = issue(hub, &to.realm, new_tokens).await?;
    let body = Tokens {
        auth_req_id: &to.auth_req_id,
        tokens: &response,
    };
    Ok(Answer {
        body: serde_json::to_string(&body)?,
        family: Some(new.id),
    })
}
