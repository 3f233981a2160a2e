//! `GET /account/consents/{id}`, the receipt that people read, and `…/receipt`, the one that anybody can verify.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use platform::keys::{NumericDate, SigningAlgorithm, TimeClaims, sign_compact};
use serde::Serialize;

use super::lines::named;
use super::whose::{Whose, enter_for};
use crate::consent::{self, Kept, fhir};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::pages::{ConsentReceipt, ErrorKind};
use crate::realms::Realm;
use crate::signin::SignedIn;

/// `typ` of a receipt, so that it can be no token.
const TYPE: &str = "musubi-consent-receipt+jwt";

/// What a receipt says (RFC 7519 claims beside the resource).
#[derive(Serialize)]
struct Receipt<'a> {
    iss: &'a str,
    #[serde(flatten)]
    times: TimeClaims,
    jti: String,
    consent: &'a fhir::Consent,
}

/// Shows one consent.
pub(in crate::account::endpoints) async fn show(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let (view, who, whose) = match enter_for(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let kept = match found(&hub, &call, (&who, &whose), &id).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return view.error(ErrorKind::NotFound, "consent.unknown"),
        Err(error) => return view.oauth_error(error),
    };
    let named = match named(&hub, &view, &whose, &kept).await {
        Ok(named) => named,
        Err(error) => return view.oauth_error(error),
    };
    let rules = named.rules(whose.ward());
    let here = format!("/account/consents/{}", kept.id);
    let signed = whose.link(&format!("{here}/receipt"));
    let (here, links) = (whose.link(&here), whose.links());
    let page = ConsentReceipt {
        frame: view.frame(&here),
        whose: whose.shown(&links),
        name: whose.person.display_name(),
        consent: named.line(&rules, whose.ward()),
        active: kept.is_active(),
        version: kept.version,
        signed_url: &signed,
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Gives the signed receipt.
pub(in crate::account::endpoints) async fn signed(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let (view, who, whose) = match enter_for(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let kept = match found(&hub, &call, (&who, &whose), &id).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return view.error(ErrorKind::NotFound, "consent.unknown"),
        Err(error) => return view.oauth_error(error),
    };
    match sign(&hub, &call.realm, &kept).await {
        Ok(token) => file(token),
        Err(error) => view.oauth_error(error),
    }
}

async fn found(
    hub: &Hub,
    call: &Call,
    (who, whose): (&SignedIn, &Whose),
    id: &str,
) -> Result<Option<Kept>, OAuthError> {
    whose.read(hub, call, who, "consents.receipt").await?;
    let Ok(id) = id.parse() else { return Ok(None) };
    Ok(consent::find(hub, &call.realm, &whose.person, id).await?)
}

async fn sign(hub: &Hub, realm: &Realm, kept: &Kept) -> Result<String, OAuthError> {
    let consent = consent::outside(realm, kept.resource.clone());
    let receipt = Receipt {
        iss: &realm.issuer,
        times: TimeClaims {
            iat: Some(NumericDate(hub.clock.now())),
            ..TimeClaims::default()
        },
        jti: format!("{}/{}", kept.id, kept.version),
        consent: &consent,
    };
    let key = hub.keys.signer(realm.id, SigningAlgorithm::Es256).await?;
    Ok(sign_compact(&key, Some(TYPE), &serde_json::to_vec(&receipt)?)?)
}

fn file(token: String) -> Response {
    let mut response = Response::new(Body::from(token));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"consent.jwt\""),
    );
    response
}
