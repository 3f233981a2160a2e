//! `GET|POST /account/consents/place`: an organisation, or somebody who works there, is looked for and chosen. Nothing is
//! decided here.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::ephemeral::Slot;
use platform::http::Parameters;

use super::new;
use super::whose::{Whose, enter_for, posted_for};
use crate::account::endpoints::{entry, refusal};
use crate::consent::whom::{self, Named};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::{OrganisationId, PersonId};
use crate::log::Action;
use crate::numbers::Number;
use crate::oauth::OAuthError;
use crate::pages::{AtPlace, ErrorKind, FindPlace, Form, PlaceLine, PlaceProblem};
use crate::people::fold_width;
use crate::signin::SignedIn;
use crate::staff::numbering;
use crate::staff::organisations::{self, Organisation};
use crate::staff::words::OccupationCode;

const FIND: Action = Action::new("staff.find");
/// Where it is.
const HERE: &str = "/account/consents/place";
/// The most organisations that a search shows.
const SHOWN: u32 = 20;
/// The most parts of an organisation whose names are told.
const PARTS: u32 = 12;
/// The longest text that is looked for.
const LONGEST: usize = 100;
/// How often somebody may look for staff within [`WINDOW`]: nobody tries out a telephone book.
const LOOKS: u64 = 30;
const WINDOW: Duration = Duration::from_hours(1);

/// An organisation with its number and the name of what it is part of.
struct Found {
    organisation: Organisation,
    number: String,
    within: Option<String>,
    url: String,
}

/// Shows the search, or one organisation.
pub(in crate::account::endpoints) async fn find(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, whose) = match enter_for(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "consents.place").await;
    };
    if let Err(error) = whose.read(&hub, &call, &who, "consents.place").await {
        return view.oauth_error(error);
    }
    let Some(of) = query.get("of") else {
        return list(&hub, view, &whose, None).await;
    };
    match chosen(&hub, &call, of).await {
        Ok(Some(place)) => show(&hub, view, (&whose, &place), (&Parameters::default(), None)).await,
        Ok(None) => {
            view.refuse(&hub, ErrorKind::NotFound, "consents.place.none")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

/// Looks for organisations; or takes the choice at one, and shows the form of a new consent with it.
pub(in crate::account::endpoints) async fn choose(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, whose, form) = match posted_for(&hub, &call, FIND).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    if let Err(error) = whose.read(&hub, &call, &who, "consents.place").await {
        return view.oauth_error(error);
    }
    let Some(of) = form.get("of") else {
        return list(&hub, view, &whose, form.get("q")).await;
    };
    let place = match chosen(&hub, &call, of).await {
        Ok(Some(place)) => place,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::NotFound, "consents.place.none")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    match named(&hub, &call, (&who, whose.person.id, &place), &form).await {
        Ok(Ok(named)) => new::with(&hub, view, &whose, named).await,
        Ok(Err(problem)) => show(&hub, view, (&whose, &place), (&form, Some(problem))).await,
        Err(error) => view.oauth_error(error),
    }
}

/// Whom the form means, at the place that it names.
async fn named(
    hub: &Hub,
    call: &Call,
    (who, owner, place): (&SignedIn, PersonId, &Organisation),
    form: &Parameters,
) -> Result<Result<Named, PlaceProblem>, OAuthError> {
    let realm = &call.realm;
    let Some(at) = number(hub, call, place.id).await? else {
        return Ok(Err(PlaceProblem::Whom));
    };
    let below = form.get("below").is_some();
    let organisation = |occupation| Named::Organisation {
        number: at,
        below,
        occupation,
    };
    match form.get("as") {
        Some("everybody") => Ok(Ok(organisation(None))),
        Some("person") => {
            let text = form.get("staff").map(fold_width).unwrap_or_default();
            if text.is_empty() || text.len() > LONGEST {
                return Ok(Err(PlaceProblem::StaffMissing));
            }
            if !may_look(hub, call, who).await? {
                hub.record(refusal(call, FIND, "staff.throttled", who)).await?;
                let seconds = WINDOW.as_secs();
                return Ok(Err(PlaceProblem::Wait { seconds }));
            }
            let found = whom::staff(hub, realm, (place.id, &text), owner).await?;
            let problem = match found.as_slice() {
                [person] => match whom::staff_number(hub, realm, *person).await? {
                    Some(number) => {
                        hub.record(entry(call, FIND, who).subject(*person)).await?;
                        return Ok(Ok(Named::Staff { number, at }));
                    }
                    None => PlaceProblem::StaffUnknown,
                },
                [] => PlaceProblem::StaffUnknown,
                _ => PlaceProblem::StaffSeveral,
            };
            hub.record(refusal(call, FIND, "staff.unknown", who)).await?;
            Ok(Err(problem))
        }
        Some(word) => {
            let live = whom::occupations(hub, realm, (place.id, below)).await?;
            let code = OccupationCode::parse(word).filter(|code| live.contains(code));
            Ok(code.map_or(Err(PlaceProblem::Occupation), |code| Ok(organisation(Some(code)))))
        }
        None => Ok(Err(PlaceProblem::Whom)),
    }
}

/// Counts a look; whether it may be taken.
async fn may_look(hub: &Hub, call: &Call, who: &SignedIn) -> Result<bool, OAuthError> {
    let slot = Slot::new(call.realm.id, "staff-looked-for", &who.person.id.to_string());
    Ok(hub.ephemeral.increment(&slot, WINDOW).await? <= LOOKS)
}

async fn chosen(hub: &Hub, call: &Call, number: &str) -> Result<Option<Organisation>, OAuthError> {
    match Number::parse(number) {
        Ok(number) => whom::organisation(hub, &call.realm, number).await,
        Err(_) => Ok(None),
    }
}

async fn number(hub: &Hub, call: &Call, id: OrganisationId) -> Result<Option<Number>, OAuthError> {
    let numbers = numbering::of_organisations(&hub.store, &call.realm, [id]).await;
    Ok(numbers.map_err(whom::broken)?.remove(&id))
}

/// The organisations of a number, or of names that begin so; one more than is shown, if there are more.
async fn search(hub: &Hub, call: &Call, whose: &Whose, text: &str) -> Result<Vec<Found>, OAuthError> {
    let found = if let Ok(number) = Number::parse(text) {
        let found = whom::organisation(hub, &call.realm, number).await?;
        found.into_iter().collect()
    } else {
        let filter = organisations::Filter {
            active: Some(true),
            name: Some(text.to_owned()),
            ..organisations::Filter::default()
        };
        let found = organisations::list(&hub.store, call.realm.id, &filter, None, SHOWN + 1).await;
        found.map_err(whom::broken)?
    };
    found_with(hub, call, whose, found).await
}

async fn found_with(
    hub: &Hub,
    call: &Call,
    whose: &Whose,
    organisations: Vec<Organisation>,
) -> Result<Vec<Found>, OAuthError> {
    let ids = organisations.iter().map(|one| one.id);
    let numbers = numbering::of_organisations(&hub.store, &call.realm, ids).await;
    let mut numbers = numbers.map_err(whom::broken)?;
    let parents: Vec<OrganisationId> = organisations.iter().filter_map(|one| one.parent).collect();
    let parents = organisations::find_all(&hub.store, call.realm.id, &parents).await;
    let parents = parents.map_err(whom::broken)?;
    let all = organisations.into_iter().filter_map(|organisation| {
        let number = numbers.remove(&organisation.id)?;
        let parent = parents.iter().find(|one| Some(one.id) == organisation.parent);
        Some(Found {
            number: number.grouped(),
            within: parent.map(|parent| parent.name.clone()),
            url: whose.link(&format!("{HERE}?of={number}")),
            organisation,
        })
    });
    Ok(all.collect())
}

impl Found {
    fn line(&self) -> PlaceLine<'_> {
        PlaceLine {
            name: &self.organisation.name,
            kind: self.organisation.kind,
            within: self.within.as_deref(),
            number: &self.number,
            url: &self.url,
        }
    }
}

async fn list(hub: &Hub, view: View<'_>, whose: &Whose, text: Option<&str>) -> Response {
    let text = text.map(fold_width).filter(|text| !text.is_empty());
    let too_long = text.as_ref().is_some_and(|text| text.len() > LONGEST);
    let found = match &text {
        Some(text) if !too_long => match search(hub, view.call, whose, text).await {
            Ok(found) => Some(found),
            Err(error) => return view.oauth_error(error),
        },
        _ => None,
    };
    let lines = found.as_ref().map(|found| {
        let shown = found.iter().take(SHOWN as usize);
        shown.map(Found::line).collect::<Vec<_>>()
    });
    let (csrf, leads) = (view.csrf(), whose.links());
    let page = FindPlace {
        frame: view.frame(&leads.place),
        whose: whose.shown(&leads),
        form: Form {
            action: &leads.place,
            csrf: &csrf,
            hidden: &[],
        },
        text: text.as_deref().unwrap_or_default(),
        found: lines.as_deref(),
        more: found.as_ref().is_some_and(|found| found.len() > SHOWN as usize),
        too_long,
    };
    let html = page.render(&view.texts);
    let status = if too_long {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    view.page(status, html)
}

/// What can be chosen at a place.
struct Shown {
    place: Found,
    parts: Vec<String>,
    more_parts: bool,
    occupations: Vec<OccupationCode>,
}

async fn gather(
    hub: &Hub,
    call: &Call,
    (whose, place): (&Whose, &Organisation),
) -> Result<Option<Shown>, OAuthError> {
    let filter = organisations::Filter {
        parent: Some(place.id),
        active: Some(true),
        ..organisations::Filter::default()
    };
    let parts = organisations::list(&hub.store, call.realm.id, &filter, None, PARTS + 1).await;
    let parts = parts.map_err(whom::broken)?;
    let occupations = whom::occupations(hub, &call.realm, (place.id, true)).await?;
    let found = found_with(hub, call, whose, vec![place.clone()]).await?;
    Ok(found.into_iter().next().map(|place| Shown {
        place,
        more_parts: parts.len() > PARTS as usize,
        parts: parts
            .into_iter()
            .take(PARTS as usize)
            .map(|part| part.name)
            .collect(),
        occupations,
    }))
}

async fn show(
    hub: &Hub,
    view: View<'_>,
    (whose, place): (&Whose, &Organisation),
    (form, problem): (&Parameters, Option<PlaceProblem>),
) -> Response {
    let shown = match gather(hub, view.call, (whose, place)).await {
        Ok(Some(shown)) => shown,
        Ok(None) => return view.refuse(hub, ErrorKind::NotFound, "consents.place.none").await,
        Err(error) => return view.oauth_error(error),
    };
    let (csrf, links) = (view.csrf(), whose.links());
    let of = shown.place.number.replace(' ', "");
    let page = AtPlace {
        frame: view.frame(&shown.place.url),
        whose: whose.shown(&links),
        problem,
        place: shown.place.line(),
        parts: &shown.parts,
        more_parts: shown.more_parts,
        occupations: &shown.occupations,
        form: Form {
            action: &links.place,
            csrf: &csrf,
            hidden: &[("of", &of)],
        },
        chosen: form.get("as"),
        below: form.get("below").is_some(),
        staff: form.get("staff").unwrap_or_default(),
    };
    let html = page.render(&view.texts);
    let status = match problem {
        None => StatusCode::OK,
        Some(PlaceProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    view.page(status, html)
}
