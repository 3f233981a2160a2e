//! `GET /fhir/Consent/{id}` and `…/_history/{version}` (FHIR R4, RESTful API: read, vread).

use axum::extract::{Path, State};
use axum::response::Response;
use http::header::IF_NONE_MATCH;

use super::shown::resource;
use super::{READ, found, versions_of};
use crate::consent::Kept;
use crate::fhir::endpoints::desk::{FhirDesk, Good};
use crate::fhir::outcome::{Outcome, UNKNOWN};
use crate::fhir::scope::Permission;
use crate::http::Call;
use crate::hub::Shared;

/// The newest version.
pub(in crate::fhir::endpoints) async fn read(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (READ, Permission::Read)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async { show(&desk, &found(&desk, &id).await?).await };
    desk.finish(outcome.await).await
}

/// One version.
pub(in crate::fhir::endpoints) async fn version(
    State(hub): State<Shared>,
    Path((id, version)): Path<(String, String)>,
    call: Call,
) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (READ, Permission::Read)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async {
        let number: i32 = version.parse().map_err(|_| UNKNOWN)?;
        let all = versions_of(&desk, &id).await?;
        let wanted = all.into_iter().find(|kept| kept.version == number);
        show(&desk, &wanted.ok_or(UNKNOWN)?).await
    };
    desk.finish(outcome.await).await
}

async fn show(desk: &FhirDesk<'_>, kept: &Kept) -> Result<Good, Outcome> {
    desk.record(desk.permit().resource("consent", [kept.id.to_string()]))
        .await?;
    let resource = resource(desk, kept).await?;
    let known = desk.call.header(&IF_NONE_MATCH).unwrap_or_default();
    let tag = format!("W/\"{}\"", kept.version);
    if known.split(',').any(|one| one.trim() == tag) {
        Ok(Good::Known(resource))
    } else {
        Ok(Good::Read(resource))
    }
}
