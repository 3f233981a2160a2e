//! `GET /fhir/Consent`, `POST /fhir/Consent/_search` and `GET /fhir/Consent/{id}/_history` (FHIR R4, RESTful API: search, history).

use axum::extract::{Path, State};
use axum::response::Response;
use http::Method;
use platform::http::Parameters;
use serde_json::{Value, json};

use super::shown::{body, url};
use super::{READ, versions_of};
use crate::consent::{self, Kept};
use crate::fhir::bundle::{Sort, bundle};
use crate::fhir::endpoints::desk::{FhirDesk, Good};
use crate::fhir::outcome::{CONTENT, Outcome, PARAMETER};
use crate::fhir::scope::Permission;
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::ConsentId;

/// How many are given where nothing is said, and at most.
const PAGE: usize = 50;
const MOST: usize = 200;

/// A search by the query.
pub(in crate::fhir::endpoints) async fn search(State(hub): State<Shared>, call: Call) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (READ, Permission::Search)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async {
        let query = call.query().map_err(|_| PARAMETER)?;
        found_by(&desk, &query).await
    };
    desk.finish(outcome.await).await
}

/// A search by a form.
pub(in crate::fhir::endpoints) async fn search_posted(State(hub): State<Shared>, call: Call) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (READ, Permission::Search)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = async {
        let form = call.form().ok_or(CONTENT)?.map_err(|_| PARAMETER)?;
        found_by(&desk, &form).await
    };
    desk.finish(outcome.await).await
}

/// What is searched for. `page` is the last of the page before.
#[derive(Default)]
struct Search {
    id: Option<String>,
    status: Option<String>,
    patient: Option<String>,
    after: Option<ConsentId>,
    count: usize,
}

impl Search {
    /// A parameter that is not understood is refused: without it, too much would be found.
    fn read(parameters: &Parameters) -> Result<Self, Outcome> {
        let mut search = Self {
            count: PAGE,
            ..Self::default()
        };
        for (name, value) in parameters.iter() {
            match name {
                "_id" => search.id = Some(value.to_owned()),
                "status" => search.status = Some(value.to_owned()),
                "patient:identifier" => search.patient = Some(value.to_owned()),
                "_count" => search.count = count(value)?,
                "page" => search.after = Some(value.parse().map_err(|_| PARAMETER)?),
                "_format" => {}
                _ => return Err(PARAMETER),
            }
        }
        Ok(search)
    }
}

fn count(value: &str) -> Result<usize, Outcome> {
    let count: usize = value.parse().map_err(|_| PARAMETER)?;
    if count == 0 {
        Err(PARAMETER)
    } else {
        Ok(count.min(MOST))
    }
}

async fn found_by(desk: &FhirDesk<'_>, parameters: &Parameters) -> Result<Good, Outcome> {
    let search = Search::read(parameters)?;
    let realm = &desk.call.realm;
    let mut kept = matching(desk, &search).await?;
    let more = kept.len() > search.count;
    kept.truncate(search.count);
    let mut row = desk
        .permit()
        .resource("consent", kept.iter().map(|one| one.id.to_string()));
    row.hits = u64::try_from(kept.len()).ok();
    desk.record(row).await?;
    let mut entries = Vec::with_capacity(kept.len());
    for one in &kept {
        entries.push(json!({
            "fullUrl": url(desk, one),
            "resource": body(desk, one).await?,
            "search": {"mode": "match"},
        }));
    }
    let page = |last: Option<&ConsentId>| {
        let said = parameters.iter().filter(|(name, _)| *name != "page");
        let mut pairs: Vec<(String, String)> = said
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        pairs.extend(last.map(|id| ("page".to_owned(), id.to_string())));
        let query = Parameters::from_pairs(pairs).map_err(|_| PARAMETER)?.to_query();
        let mark = if query.is_empty() { "" } else { "?" };
        Ok::<_, Outcome>(realm.url(&format!("/fhir/Consent{mark}{query}")))
    };
    let here = page(search.after.as_ref())?;
    let next = kept.last().filter(|_| more).map(|last| page(Some(&last.id)));
    let next = next.transpose()?;
    Ok(Good::List(bundle(
        Sort::Searchset,
        &entries,
        (&here, next.as_deref()),
    )))
}

/// One more than is asked for, if there are so many.
async fn matching(desk: &FhirDesk<'_>, search: &Search) -> Result<Vec<Kept>, Outcome> {
    let realm = &desk.call.realm;
    let patient = desk.reader().patient(realm);
    let whole = format!("{}|{}", patient.system, patient.value);
    let theirs = search.patient.as_ref().is_none_or(|asked| *asked == whole);
    let status = match search.status.as_deref() {
        None => None,
        Some(known @ ("active" | "inactive")) => Some(known),
        // Codes of FHIR that no consent of ours has.
        Some("draft" | "proposed" | "rejected" | "entered-in-error") => return Ok(Vec::new()),
        Some(_) => return Err(PARAMETER),
    };
    if !theirs {
        return Ok(Vec::new());
    }
    let Some(id) = &search.id else {
        let limit = u32::try_from(search.count + 1).unwrap_or(u32::MAX);
        return Ok(consent::page(desk.hub, realm, &desk.person, status, (search.after, limit)).await?);
    };
    let Ok(id) = id.parse() else { return Ok(Vec::new()) };
    let found = consent::find(desk.hub, realm, &desk.person, id).await?;
    let stands = |kept: &Kept| if kept.is_active() { "active" } else { "inactive" };
    let found = found.filter(|kept| status.is_none_or(|status| status == stands(kept)));
    let found = found.filter(|kept| search.after.is_none_or(|after| kept.id > after));
    Ok(found.into_iter().collect())
}

/// Every version of a consent, the newest first. `page` is the last of the page before.
pub(in crate::fhir::endpoints) async fn history(
    State(hub): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Response {
    let desk = match FhirDesk::open(&hub, &call, (READ, Permission::Read)).await {
        Ok(desk) => desk,
        Err(refused) => return refused,
    };
    let outcome = versions(&desk, &id).await;
    desk.finish(outcome).await
}

async fn versions(desk: &FhirDesk<'_>, id: &str) -> Result<Good, Outcome> {
    let query = desk.call.query().map_err(|_| PARAMETER)?;
    let (mut count, mut before) = (PAGE, i32::MAX);
    for (name, value) in query.iter() {
        match name {
            "_count" => count = self::count(value)?,
            "page" => before = value.parse().map_err(|_| PARAMETER)?,
            "_format" => {}
            _ => return Err(PARAMETER),
        }
    }
    let mut all = versions_of(desk, id).await?;
    all.retain(|kept| kept.version < before);
    all.reverse();
    let more = all.len() > count;
    all.truncate(count);
    desk.record(desk.permit().resource("consent", [id.to_owned()]))
        .await?;
    let mut entries = Vec::with_capacity(all.len());
    for kept in &all {
        entries.push(entry(desk, kept).await?);
    }
    let at = desk.call.realm.url(&format!("/fhir/Consent/{id}/_history"));
    let page = |last: i32| format!("{at}?_count={count}&page={last}");
    let here = if before == i32::MAX {
        format!("{at}?_count={count}")
    } else {
        page(before)
    };
    let next = all.last().filter(|_| more).map(|last| page(last.version));
    Ok(Good::List(bundle(
        Sort::History,
        &entries,
        (&here, next.as_deref()),
    )))
}

/// A version with what made it: a creation, a change, or a withdrawal, which is what a deletion does here.
async fn entry(desk: &FhirDesk<'_>, kept: &Kept) -> Result<Value, Outcome> {
    let (method, status) = match (kept.version, kept.is_active()) {
        (1, _) => (Method::POST, "201"),
        (_, true) => (Method::PUT, "200"),
        (_, false) => (Method::DELETE, "200"),
    };
    let address = if method == Method::POST {
        "Consent".to_owned()
    } else {
        format!("Consent/{}", kept.id)
    };
    Ok(json!({
        "fullUrl": url(desk, kept),
        "resource": body(desk, kept).await?,
        "request": {"method": method.as_str(), "url": address},
        "response": {
            "status": status,
            "etag": format!("W/\"{}\"", kept.version),
            "lastModified": kept.at.to_rfc3339(),
        },
    }))
}
