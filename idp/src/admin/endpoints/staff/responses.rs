//! `/api/v1/organisations/{number}/responses`, `/api/v1/responses/{id}/correct`: what staff did for people.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response as Answer;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::time;
use super::views::{Names, OrganisationName};
use super::{StaffDesk, UNKNOWN_STAFF, key, listed, over};
use crate::access::{self, Action as Doing, Asker, Decision, Depth, Kind, Period, Purpose, Question, Who};
use crate::admin::endpoints::answer::{Listing, Paging, Refused, created, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::endpoints::people::{about as about_person, printable};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{PersonId, ResponseId};
use crate::log::{Action, Entry};
use crate::people::{Person, number_of};
use crate::staff::act::allowed;
use crate::staff::powers::Power;
use crate::staff::reach::Basis;
use crate::staff::responses::{self, Draft, Filter, Note, Response};
use crate::staff::words::EncounterKind;

const LIST: Action = Action::new("response.list");
const WRITE: Action = Action::new("response.write");
const CORRECT: Action = Action::new("response.correct");
const READ: Action = Action::new("response.read");

const UNKNOWN_PERSON: Refusal = Refusal::not_found("person.unknown");
const UNKNOWN: Refusal = Refusal::not_found("response.unknown");

/// What was done for somebody.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResponse {
    /// The number of the person for whom it was done.
    #[garde(length(bytes, min = 1, max = 40))]
    person: String,
    /// `visit`, `telephone`, `guidance`, …
    #[garde(length(bytes, min = 1, max = 40))]
    kind: String,
    /// When it was done (RFC 3339); absent: now.
    #[garde(length(bytes, max = 40))]
    at: Option<String>,
    /// What was done and found.
    #[garde(length(chars, min = 1, max = 4000), custom(lines))]
    note: String,
}

impl Rules for NewResponse {
    const RULES: &'static str = "person is a number, kind one of visit, telephone, video, message, reception, guidance, \
        care, emergency, referral and other, at a time (RFC 3339) that is over, note 1 to 4,000 characters; nothing else.";
}

/// What it should say.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectedResponse {
    /// `visit`, `telephone`, `guidance`, …
    #[garde(length(bytes, min = 1, max = 40))]
    kind: String,
    /// When it was done (RFC 3339).
    #[garde(length(bytes, max = 40))]
    at: String,
    /// What was done and found.
    #[garde(length(chars, min = 1, max = 4000), custom(lines))]
    note: String,
    /// Why it is written anew.
    #[garde(length(chars, min = 1, max = 500), custom(printable))]
    reason: String,
}

impl Rules for CorrectedResponse {
    const RULES: &'static str = "kind, at (a time, RFC 3339, that is over), note (1 to 4,000 characters) and reason (1 to \
        500 characters) are there, and nothing else.";
}

/// Text of several lines.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands the context as it is"
)]
pub(super) fn lines(text: &str, (): &()) -> garde::Result {
    let bad = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if text.chars().any(bad) {
        return Err(garde::Error::new("control characters"));
    }
    Ok(())
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StaffResponse)]
struct ResponseView {
    /// Its name in this API.
    id: String,
    /// The version, from 1.
    version: i32,
    /// Where.
    organisation: OrganisationName,
    /// The staff number of who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<String>,
    /// The number of the person for whom it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// What sort of thing.
    kind: &'static str,
    /// When it was done (RFC 3339).
    at: String,
    /// When this was written (RFC 3339).
    written_at: String,
    /// What was done and found, for who wrote it and whom the person lets see reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Why it was written anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether there is a note that the caller may not read.
    note_withheld: bool,
}

/// For whom and by whom.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Filters reads")]
struct Narrowed {
    /// The number of the person for whom it was done.
    person: Option<String>,
    /// The staff number of who did it.
    staff: Option<String>,
}

/// Who reads, whom it is about, and by what it was told to them.
struct Reader<'a> {
    desk: &'a StaffDesk<'a>,
    about: HashMap<PersonId, About>,
}

/// Somebody for whom something was done.
struct About {
    person: Option<Arc<Person>>,
    number: Option<String>,
    decision: Option<Decision>,
    /// What let the reader see a note; nothing: they saw none.
    told_by: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(desk: &'a StaffDesk<'a>) -> Self {
        Self {
            desk,
            about: HashMap::new(),
        }
    }

    async fn about(&mut self, subject: PersonId) -> Result<&mut About, Refusal> {
        let found = match self.about.remove(&subject) {
            Some(known) => known,
            None => self.find(subject).await?,
        };
        Ok(self.about.entry(subject).or_insert(found))
    }

    async fn find(&self, subject: PersonId) -> Result<About, Refusal> {
        let (hub, realm) = (self.desk.desk.hub, self.desk.desk.realm());
        let number = number_of(&hub.store, realm, subject).await?;
        Ok(About {
            person: hub.people.by_id(realm, subject).await?,
            number: number.map(|number| number.to_string()),
            decision: match self.desk.act.caller.person {
                Some(reader) => Some(self.decide(reader, subject).await?),
                None => None,
            },
            told_by: None,
        })
    }

    /// As the reader sees it: with its note, if they wrote it or the person lets them see reports for care.
    async fn view(&mut self, one: &Response, names: &Names) -> Result<ResponseView, Refusal> {
        let (reader, realm) = (self.desk.act.caller.person, self.desk.desk.realm());
        let about = self.about(one.subject).await?;
        let by = match &about.decision {
            _ if reader == Some(one.author) => Some("author".to_owned()),
            Some(Decision::Permit(permit)) if permit.obligations.data.iter().any(|part| part.has(one.at)) => {
                let because: Vec<String> = permit.because.iter().map(|one| one.to_log()).collect();
                Some(because.join(" "))
            }
            _ => None,
        };
        let subject = about.person.as_ref().filter(|_| by.is_some());
        let note = subject.and_then(|subject| one.note(realm, subject));
        if note.is_some() {
            about.told_by = by;
        }
        Ok(ResponseView {
            id: one.id.to_string(),
            version: one.version,
            organisation: names.organisation(one.organisation),
            staff: names.staff(one.author),
            person: about.number.clone(),
            kind: one.kind.word(),
            at: one.at.to_rfc3339(),
            written_at: one.written.to_rfc3339(),
            note_withheld: note.is_none(),
            reason: note.as_ref().and_then(|note| note.reason.clone()),
            note: note.map(|note| note.text),
        })
    }

    /// Puts on record, for each person whose notes are about to be told, who reads them and what lets them.
    async fn record(&self) -> Result<(), Refusal> {
        for about in self.about.values() {
            let (Some(person), Some(by)) = (&about.person, &about.told_by) else {
                continue;
            };
            let row = self.desk.desk.permit_as(READ).granted_by(by.clone());
            let mut row = about_person(row, person).resource(Kind::Reports.as_str(), ["read".to_owned()]);
            row.purpose = Some(Purpose::Care.as_str().into());
            self.desk.desk.record(row).await?;
        }
        Ok(())
    }

    async fn decide(&self, reader: PersonId, subject: PersonId) -> Result<Decision, Refusal> {
        let who = Who {
            asker: Some(reader),
            subject,
            operator: None,
        };
        let loaded = access::load(self.desk.desk.hub, self.desk.desk.realm(), who).await;
        let loaded = loaded.map_err(|error| Refusal::unavailable(&error))?;
        let question = Question {
            asker: Asker {
                person: Some(reader),
                ..Asker::default()
            },
            subject,
            action: Doing::Read,
            kind: Kind::Reports,
            depth: Depth::Everything,
            purpose: Purpose::Care,
            data: Period::ALWAYS,
            at: self.desk.act.now,
        };
        Ok(access::decide(&question, &loaded.facts()))
    }
}

/// As the reader sees them.
async fn views(reader: &mut Reader<'_>, found: &[Response]) -> Result<Vec<ResponseView>, Refusal> {
    let places = found.iter().map(|one| one.organisation).collect();
    let authors = found.iter().map(|one| one.author).collect();
    let names = Names::of(reader.desk, places, authors).await?;
    let mut views = Vec::with_capacity(found.len());
    for one in found {
        views.push(reader.view(one, &names).await?);
    }
    Ok(views)
}

/// As who wrote it sees it: they read nothing that they did not just say.
async fn written(desk: &StaffDesk<'_>, done: &Response) -> Result<Option<ResponseView>, Refusal> {
    let mut reader = Reader::new(desk);
    Ok(views(&mut reader, std::slice::from_ref(done)).await?.pop())
}

fn told(row: Entry, (done, basis): &(Response, Basis)) -> Entry {
    over(row, done.organisation, *basis)
        .subject(done.subject)
        .resource("response", [done.id.to_string()])
}

pub(super) async fn person(desk: &StaffDesk<'_>, text: &str) -> Result<Arc<Person>, Refusal> {
    desk.desk.person_numbered(text).await?.ok_or(UNKNOWN_PERSON)
}

/// What was done and when; nobody writes down what is to come.
fn draft(
    desk: &StaffDesk<'_>,
    rules: &'static str,
    (kind, at): (&str, Option<&str>),
    note: Note,
) -> Result<Draft, Refusal> {
    let wrong = Refusal::invalid("body.rule", rules);
    let at = time(at, rules)?.unwrap_or(desk.act.now);
    if at > desk.act.now {
        return Err(wrong);
    }
    Ok(Draft {
        kind: EncounterKind::parse(kind).ok_or(wrong)?,
        at,
        note,
    })
}

/// Writes down what the person behind the token did for somebody.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/responses", tag = "staff", request_body = NewResponse,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "It is written down", body = ResponseView), Refused),
)]
pub(in crate::admin::endpoints) async fn write(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Answer {
    match StaffDesk::open(&hub, &call, WRITE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(write_down(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn write_down(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Answer, Refusal> {
    let new: NewResponse = desk.desk.body()?;
    let organisation = desk.organisation(segment).await?;
    // Whoever may not write there learns nothing of whom numbers name. It is asked again in the transaction.
    allowed(
        &desk.desk.hub.store,
        &desk.act,
        organisation,
        Power::ResponsesWrite,
    )
    .await?;
    let note = Note {
        text: new.note,
        reason: None,
    };
    let draft = draft(desk, NewResponse::RULES, (&new.kind, new.at.as_deref()), note)?;
    let author = desk.act.caller.person.ok_or(UNKNOWN_STAFF)?;
    let subject = person(desk, &new.person).await?;
    let (done, _) = desk
        .commit(
            move |tx, act| {
                Box::pin(
                    async move { responses::write(tx, act, (organisation, author), &subject, draft).await },
                )
            },
            told,
        )
        .await?;
    let view = written(desk, &done).await?;
    created(&format!("/api/v1/responses/{}", done.id), &view)
}

/// Writes anew what the person behind the token wrote down. What it said before is kept, with the reason.
#[utoipa::path(
    post, path = "/api/v1/responses/{id}/correct", tag = "staff", request_body = CorrectedResponse,
    params(("id" = String, Path, description = "The id of what was written down")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "As it is now", body = ResponseView), Refused),
)]
pub(in crate::admin::endpoints) async fn correct(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Answer {
    match StaffDesk::open(&hub, &call, CORRECT, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(write_anew(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn write_anew(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Answer, Refusal> {
    let new: CorrectedResponse = desk.desk.body()?;
    let id: ResponseId = key(segment, "response.unknown")?;
    let note = Note {
        text: new.note,
        reason: Some(new.reason),
    };
    let draft = draft(desk, CorrectedResponse::RULES, (&new.kind, Some(&new.at)), note)?;
    let author = desk.act.caller.person.ok_or(UNKNOWN)?;
    let (store, realm) = (&desk.desk.hub.store, desk.desk.realm());
    let before = responses::find(store, realm.id, id).await?.ok_or(UNKNOWN)?;
    let subject = desk
        .desk
        .hub
        .people
        .by_id(realm, before.subject)
        .await?
        .ok_or(UNKNOWN)?;
    let (done, _) = desk
        .commit(
            move |tx, act| {
                Box::pin(async move { responses::correct(tx, act, (id, author), &subject, draft).await })
            },
            told,
        )
        .await?;
    let view = written(desk, &done).await?;
    json(StatusCode::OK, &view)
}

/// What the staff of an organisation, or of one below it, did, the latest written first. What was found is told to who
/// wrote it and to whom the person lets see reports.
#[utoipa::path(
    get, path = "/api/v1/organisations/{number}/responses", tag = "staff",
    params(("number" = String, Path, description = "The organisation's number"), Narrowed, Paging),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "What was done", body = Listing<ResponseView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Answer {
    match StaffDesk::open(&hub, &call, LIST, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Answer, Refusal> {
    let (page, narrowed) = desk.desk.filtered_page("responses", &["person", "staff"])?;
    let organisation = desk.organisation(segment).await?;
    let (store, realm) = (&desk.desk.hub.store, desk.desk.realm());
    let (_, basis) = allowed(store, &desk.act, organisation, Power::ResponsesRead).await?;
    let mut filter = Filter::default();
    if let Some(text) = narrowed.text("person") {
        filter.subject = Some(person(desk, text).await?.id);
    }
    if let Some(text) = narrowed.text("staff") {
        filter.author = Some(desk.staff_text(text).await?);
    }
    let before = page.after.as_deref().map(cursor::key).transpose()?;
    let mut found = responses::list(store, realm.id, organisation, filter, (before, page.limit + 1)).await?;
    let next = desk.desk.cut("responses", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let mut row = listed(
        over(desk.desk.permit(), organisation, basis),
        "response",
        found.iter().map(|one| one.id.uuid()),
    );
    row.subject = filter.subject;
    desk.desk.record(row).await?;
    let mut reader = Reader::new(desk);
    let items = views(&mut reader, &found).await?;
    reader.record().await?;
    json(StatusCode::OK, &Listing { items, next })
}
