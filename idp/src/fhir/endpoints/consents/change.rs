//! `POST /fhir/Consent`, `PUT` and `DELETE /fhir/Consent/{id}` (FHIR R4, RESTful API: create, update, delete).

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use http::header::IF_MATCH;
use platform::database::Tx;

use super::shown::resource;
use super::{ALLOW, WITHDRAW, found};
use crate::access::Rule;
use crate::consent::{self, ConsentError, Draft, InvalidConsent, Kept, Origin, Prepared, fhir, outside_for};
use crate::fhir::endpoints::desk::{FhirDesk, Good};
use crate::fhir::outcome::{CHANGED, GONE, ID, Outcome, TRANSIENT, UNKNOWN, VERSION_NEEDED, WITHDRAWAL};
use crate::fhir::scope::Permission;
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::ConsentId;
use crate::log::Action;
use crate::notices::{self, Notice};

/// Gives a consent.
pub(in crate::fhir::endpoints) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (ALLOW, Permission::Create)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async {
        desk.is_fresh()?;
        let rules = said(&desk, sent(&desk)?, None).await?;
        let prepared = consent::prepare(desk.hub, &desk.call.realm, &desk.person, &draft(&desk, rules))?;
        let kept = commit(&desk, ALLOW, prepared).await?;
        Ok(Good::Changed(StatusCode::CREATED, resource(&desk, &kept).await?))
    };
    desk.finish(outcome.await).await
}

/// Changes a consent, or withdraws it by saying that it is inactive.
pub(in crate::fhir::endpoints) async fn update(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (ALLOW, Permission::Update)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async {
        let sent = sent(&desk)?;
        if sent.id.as_deref() != Some(&id) {
            return Err(ID);
        }
        let before = as_believed(&desk, &id, true).await?;
        let status = sent.status;
        if status == fhir::Status::Active {
            desk.is_fresh()?;
        }
        let rules = said(&desk, sent, Some(&before)).await?;
        let kept = match status {
            fhir::Status::Inactive if rules == before.rules()? => withdraw_as(&desk, &before).await?,
            fhir::Status::Inactive => return Err(WITHDRAWAL),
            fhir::Status::Active => {
                let draft = draft(&desk, rules);
                let realm = &desk.call.realm;
                let prepared = consent::prepare_change(desk.hub, realm, &desk.person, &before, &draft)?;
                commit(&desk, ALLOW, prepared).await?
            }
        };
        Ok(Good::Changed(StatusCode::OK, resource(&desk, &kept).await?))
    };
    desk.finish(outcome.await).await
}

/// Withdraws a consent. It needs no fresh sign-in: to close is always allowed.
pub(in crate::fhir::endpoints) async fn delete(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (WITHDRAW, Permission::Delete)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async {
        let before = as_believed(&desk, &id, false).await?;
        let kept = withdraw_as(&desk, &before).await?;
        Ok(Good::Changed(StatusCode::OK, resource(&desk, &kept).await?))
    };
    desk.finish(outcome.await).await
}

async fn withdraw_as(desk: &FhirDesk<'_>, before: &Kept) -> Result<Kept, Outcome> {
    let (realm, person) = (&desk.call.realm, &desk.person);
    let prepared = consent::prepare_withdrawal(desk.hub, realm, person, before, person.id)?;
    commit(desk, WITHDRAW, prepared).await
}

/// The resource that was sent.
fn sent(desk: &FhirDesk<'_>) -> Result<fhir::Consent, Outcome> {
    let body = desk.body()?;
    serde_json::from_value(body).map_err(|_| InvalidConsent::Shape.into())
}

/// The consent that stands, if it is the version that the client decided on. Who only closes may leave out which.
async fn as_believed(desk: &FhirDesk<'_>, id: &str, needed: bool) -> Result<Kept, Outcome> {
    let kept = found(desk, id).await?;
    match desk.call.header(&IF_MATCH) {
        None if needed || desk.call.has(&IF_MATCH) => return Err(VERSION_NEEDED),
        Some(tag) if tag.trim() != format!("W/\"{}\"", kept.version) => return Err(CHANGED),
        _ => {}
    }
    if kept.is_active() { Ok(kept) } else { Err(GONE) }
}

/// What the resource says, in rules.
async fn said(
    desk: &FhirDesk<'_>,
    mut sent: fhir::Consent,
    before: Option<&Kept>,
) -> Result<Vec<Rule>, Outcome> {
    let (hub, realm) = (desk.hub, &desk.call.realm);
    let outside = before.map(|before| outside_for(realm, &desk.reader(), before.resource.clone()));
    if outside.is_some_and(|before| before.performer == sent.performer) {
        // Who gave the version before is not who gives the next one.
        sent.performer.clear();
    }
    let kept = consent::list(hub, realm, &desk.person).await?;
    let mut known = Vec::new();
    for one in kept.iter().chain(before) {
        known.extend(one.rules()?);
    }
    Ok(consent::inside(hub, realm, &desk.reader(), &known, sent).await?)
}

fn draft(desk: &FhirDesk<'_>, rules: Vec<Rule>) -> Draft {
    Draft {
        performer: desk.person.id,
        origin: Origin::Service,
        rules,
    }
}

/// Writes a version once its row is on disk, and tells the person in the same transaction.
async fn commit(desk: &FhirDesk<'_>, action: Action, prepared: Prepared) -> Result<Kept, Outcome> {
    let (hub, realm, id) = (desk.hub, &desk.call.realm, prepared.id);
    let name = desk.client.name_in(desk.language()).to_owned();
    let notice = if action == ALLOW {
        Notice::ConsentByService { name }
    } else {
        Notice::WithdrawnByService { name }
    };
    let told = notices::prepare(hub, realm, &desk.person, notice).map_err(|_| TRANSIENT)?;
    desk.record(desk.permit_as(action).resource("consent", [id.to_string()]))
        .await?;
    let written = hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            let id = consent::write_in(tx, prepared).await?;
            told.write(tx).await?;
            Ok::<ConsentId, ConsentError>(id)
        })
    });
    let written = written.await;
    hub.families.forget_all();
    let kept = consent::find(hub, realm, &desk.person, written?).await?;
    kept.ok_or(UNKNOWN)
}
