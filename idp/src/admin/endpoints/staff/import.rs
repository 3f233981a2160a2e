//! `POST /api/v1/organisations/{number}/staff/import`: many members of staff at once, from JSON or CSV. All or nobody.
//!
//! A file registers people and their occupations. What it says of powers is not left out but refused, with all the rest:
//! who wrote it meant something that does not happen this way.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;
use utoipa::ToSchema;

use super::body::{NewStaff, STAFF_RULES, Sealed};
use super::{StaffDesk, over};
use crate::admin::endpoints::answer::{Refused, json as answer};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::people::Person;
use crate::staff::affiliations::{Joined, register_all};

const IMPORT: Action = Action::new("staff.import");

/// Most people in one file.
const MOST: usize = 200;
const LINK_LIFE: Duration = Duration::from_hours(24);
/// What a column or a member is called that would carry powers.
const POWERS: &[&str] = &[
    "power",
    "powers",
    "delegation",
    "delegations",
    "may_delegate",
    "role",
    "roles",
    "admin",
    "administrator",
    "scope",
    "scopes",
    "groups",
];
const COLUMNS: &[&str] = &[
    "login",
    "name",
    "email",
    "gender",
    "birthdate",
    "locale",
    "title",
    "from",
    "until",
    "occupation",
    "licence",
    "licence_until",
];

const CARRIES_POWERS: Refusal = Refusal::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "staff.import.powers",
    "A file of staff carries no powers",
)
.detail("Nobody was registered. Delegate to them afterwards, each by a call of its own.");
const MALFORMED: Refusal = Refusal::invalid(
    "staff.import.malformed",
    "The file is CSV with a header of known columns, or JSON with `staff`; it has 1 to 200 people.",
);

/// People to be registered.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffImport)]
struct Import {
    /// They, 1 to 200.
    #[garde(length(min = 1, max = MOST), dive)]
    staff: Vec<NewStaff>,
}

impl Rules for Import {
    const RULES: &'static str = STAFF_RULES;
}

/// Somebody who was registered.
#[derive(Serialize, ToSchema)]
struct ImportedView {
    /// The login name, as it was sent.
    login: String,
    /// The staff number.
    number: String,
    /// With this they set their first password, within a day. It works once.
    password_link: String,
}

/// Who was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedStaff)]
struct ImportedStaff {
    /// In the order of the file.
    registered: Vec<ImportedView>,
}

/// Registers many people as staff of an organisation, from JSON or CSV: all of them, or nobody.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/staff/import", tag = "staff",
    request_body(content((Import = "application/json"), (String = "text/csv"))),
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "Who was registered", body = ImportedStaff), Refused),
)]
pub(in crate::admin::endpoints) async fn import(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, IMPORT, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(register(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn register(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let import = read(desk)?;
    let organisation = desk.organisation(segment).await?;
    let logins: Vec<String> = import.staff.iter().map(|one| one.login.clone()).collect();
    let sealed = import.staff.into_iter().map(|one| one.seal(desk, organisation));
    let sealed = sealed.collect::<Result<Vec<Sealed>, _>>()?;
    let all = sealed
        .into_iter()
        .map(|one| (one.person, one.place, one.occupations))
        .collect();
    let made = desk
        .commit(
            move |tx, act| Box::pin(register_all(tx, act, all)),
            move |row, made: &Vec<(Person, Joined)>| {
                let row = match made.first() {
                    Some((_, first)) => over(row, organisation, first.basis),
                    None => row,
                };
                super::listed(row, "person", made.iter().map(|(person, _)| person.id.uuid()))
            },
        )
        .await?;
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    let mut registered = Vec::with_capacity(made.len());
    for (login, (person, joined)) in logins.into_iter().zip(made) {
        let token = hub.passwords.create_link(realm, person.id, LINK_LIFE).await?;
        registered.push(ImportedView {
            login,
            number: joined.number.to_string(),
            password_link: realm.url(&format!("/set-password?token={token}")),
        });
    }
    answer(StatusCode::OK, &ImportedStaff { registered })
}

fn read(desk: &StaffDesk<'_>) -> Result<Import, Refusal> {
    let call = desk.desk.call;
    let kind = call.header(&CONTENT_TYPE).unwrap_or_default();
    let is_csv = kind
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"));
    if !is_csv {
        let body: Option<Value> = serde_json::from_slice(&call.body).ok();
        if body.as_ref().is_some_and(carries_powers) {
            return Err(CARRIES_POWERS);
        }
        return desk.desk.body();
    }
    let import = from_csv(&call.body)?;
    import
        .validate()
        .map_err(|_| Refusal::invalid("body.rule", STAFF_RULES))?;
    Ok(import)
}

/// Whether a member anywhere in it would carry powers. The reader bounds how deep it goes.
fn carries_powers(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| is_power(name) || carries_powers(member)),
        Value::Array(items) => items.iter().any(carries_powers),
        _ => false,
    }
}

fn is_power(name: &str) -> bool {
    POWERS.contains(&name.trim().to_lowercase().as_str())
}

fn from_csv(bytes: &[u8]) -> Result<Import, Refusal> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|_| MALFORMED)?.clone();
    if header.iter().any(is_power) {
        return Err(CARRIES_POWERS);
    }
    let doubled = header.iter().enumerate().any(|(place, name)| {
        !COLUMNS.contains(&name) || header.iter().take(place).any(|before| before == name)
    });
    if doubled {
        return Err(MALFORMED);
    }
    let mut staff = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| MALFORMED)?;
        if staff.len() == MOST {
            return Err(MALFORMED);
        }
        staff.push(member(&header, &record)?);
    }
    Ok(Import { staff })
}

fn member(header: &csv::StringRecord, record: &csv::StringRecord) -> Result<NewStaff, Refusal> {
    let mut members = Map::new();
    let mut occupation = Map::new();
    for (name, text) in header.iter().zip(record).filter(|(_, text)| !text.is_empty()) {
        let (place, name) = match name {
            "occupation" => (&mut occupation, "code"),
            "licence" | "licence_until" => (&mut occupation, name),
            other => (&mut members, other),
        };
        place.insert(name.to_owned(), Value::from(text));
    }
    if !occupation.is_empty() {
        members.insert("occupations".to_owned(), json!([occupation]));
    }
    serde_json::from_value(members.into()).map_err(|_| Refusal::invalid("body.member", STAFF_RULES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> &'static str {
        from_csv(text.as_bytes()).map_or_else(|refusal| refusal.id, |_| "nothing")
    }

    #[test]
    fn a_column_that_would_carry_powers_refuses_the_whole_file() {
        for column in ["powers", "Role", " scopes ", "ADMIN"] {
            assert_eq!(
                refusal(&format!("login,name,{column}\nhanako,Hanako,staff.write\n")),
                "staff.import.powers"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_as_described_is_refused_and_an_empty_cell_is_nothing() {
        assert_eq!(
            refusal("login,name,colour\nhanako,Hanako,blue\n"),
            "staff.import.malformed"
        );
        assert_eq!(refusal("login,login\nhanako,hanako\n"), "staff.import.malformed");
        assert_eq!(refusal("login,name\nhanako\n"), "staff.import.malformed");
        assert_eq!(refusal("login,name\nhanako,\n"), "body.member");
        assert_eq!(refusal("\u{feff}login,name,email\nhanako,花子,\n"), "nothing");
    }
}
