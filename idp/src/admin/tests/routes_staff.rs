//! The routes of organisations and staff, for the table of every route.

use http::Method as M;
use serde_json::{Value, json};

use super::fixture::World;
use super::routes::Route;
use crate::admin::scope;

/// What the calls are about.
pub(super) struct Things {
    hospital: String,
    department: String,
    empty: String,
    staff: String,
    other: String,
    affiliation: String,
    occupation: String,
    delegation: String,
    invitation: String,
    code: String,
}

pub(super) async fn things(world: &World, root: &str) -> Things {
    let made = async |path: &str, body: Value| {
        let answer = world.post(path, root, &body).await;
        assert_eq!(answer.status, 201, "{path} {answer:?}");
        answer.json()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let organisation = async |name: &str, parent: Option<&str>| {
        let mut body = json!({"name": name, "kind": "hospital"});
        if let Some(parent) = parent {
            body["parent"] = parent.into();
        }
        text(&made("/api/v1/organisations", body).await["number"])
    };
    let hospital = organisation("Hospital", None).await;
    let department = organisation("Department", Some(&hospital)).await;
    let empty = organisation("Empty", None).await;
    let staff_of = |number: &str| format!("/api/v1/organisations/{number}/staff");
    let nurse = json!({"login": "nurse", "name": "Nurse", "occupations": [{"code": "clerk"}]});
    let nurse = made(&staff_of(&department), nurse).await["staff"].clone();
    let other = json!({"login": "other", "name": "Other"});
    let other = made(&staff_of(&hospital), other).await["staff"].clone();
    let affiliation = text(&nurse["affiliations"][0]["id"]);
    let body = json!({"affiliation": affiliation, "organisation": department, "powers": ["staff.read"]});
    let delegation = text(&made("/api/v1/delegations", body).await["id"]);
    let path = format!("/api/v1/organisations/{hospital}/invitations");
    let invitation = made(&path, json!({})).await;
    Things {
        staff: text(&nurse["number"]),
        other: text(&other["number"]),
        occupation: text(&nurse["affiliations"][0]["occupations"][0]["id"]),
        code: text(&invitation["code"]),
        invitation: text(&invitation["id"]),
        hospital,
        department,
        empty,
        affiliation,
        delegation,
    }
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rows(things: &Things) -> Vec<Route> {
    let (read, write) = (scope::ORGANISATIONS_READ.name, scope::ORGANISATIONS_WRITE.name);
    let (see, staff) = (scope::STAFF_READ.name, scope::STAFF_WRITE.name);
    let organisation = |action: &str| format!("/api/v1/organisations/{}{action}", things.hospital);
    let row = |method: M, template: &'static str, scope, path: String, body: Value, status| Route {
        method,
        template,
        scope,
        path,
        body,
        status,
    };
    let none = || Value::Null;
    let renamed = json!({"name": "Renamed", "kind": "clinic"});
    let somebody = |login: &str| json!({"login": login, "name": "Somebody"});
    let delegated = json!({"affiliation": things.affiliation, "organisation": things.department,
        "powers": ["staff.write"]});
    vec![
        row(
            M::GET,
            "/api/v1/organisations",
            read,
            "/api/v1/organisations".into(),
            none(),
            200,
        ),
        row(
            M::POST,
            "/api/v1/organisations",
            write,
            "/api/v1/organisations".into(),
            json!({"name": "New", "kind": "gym"}),
            201,
        ),
        row(
            M::GET,
            "/api/v1/organisations/{number}",
            read,
            organisation(""),
            none(),
            200,
        ),
        row(
            M::PUT,
            "/api/v1/organisations/{number}",
            write,
            organisation(""),
            renamed,
            200,
        ),
        row(
            M::POST,
            "/api/v1/organisations/{number}/move",
            write,
            format!("/api/v1/organisations/{}/move", things.department),
            json!({"parent": things.empty}),
            200,
        ),
        row(
            M::POST,
            "/api/v1/organisations/{number}/end",
            write,
            format!("/api/v1/organisations/{}/end", things.empty),
            none(),
            200,
        ),
        row(
            M::GET,
            "/api/v1/organisations/{number}/staff",
            see,
            organisation("/staff"),
            none(),
            200,
        ),
        row(
            M::POST,
            "/api/v1/organisations/{number}/staff",
            staff,
            organisation("/staff"),
            somebody("new"),
            201,
        ),
        row(
            M::POST,
            "/api/v1/organisations/{number}/administrator",
            staff,
            organisation("/administrator"),
            somebody("chief"),
            201,
        ),
        row(
            M::POST,
            "/api/v1/organisations/{number}/staff/import",
            staff,
            organisation("/staff/import"),
            json!({"staff": [somebody("imported")]}),
            200,
        ),
        row(
            M::GET,
            "/api/v1/organisations/{number}/invitations",
            see,
            organisation("/invitations"),
            none(),
            200,
        ),
        row(
            M::POST,
            "/api/v1/organisations/{number}/invitations",
            staff,
            organisation("/invitations"),
            json!({}),
            201,
        ),
        row(
            M::POST,
            "/api/v1/invitations/{id}/withdraw",
            staff,
            format!("/api/v1/invitations/{}/withdraw", things.invitation),
            none(),
            204,
        ),
        row(
            M::POST,
            "/api/v1/invitations/accept",
            scope::OWN_DELEGATIONS.name,
            "/api/v1/invitations/accept".into(),
            json!({"code": things.code}),
            201,
        ),
        row(
            M::GET,
            "/api/v1/staff/{number}",
            see,
            format!("/api/v1/staff/{}", things.staff),
            none(),
            200,
        ),
        row(
            M::GET,
            "/api/v1/staff/{number}/powers",
            see,
            format!("/api/v1/staff/{}/powers", things.staff),
            none(),
            200,
        ),
        row(
            M::POST,
            "/api/v1/staff/{number}/affiliations",
            staff,
            format!("/api/v1/staff/{}/affiliations", things.other),
            json!({"organisation": things.department}),
            201,
        ),
        row(
            M::POST,
            "/api/v1/affiliations/{id}/end",
            staff,
            format!("/api/v1/affiliations/{}/end", things.affiliation),
            none(),
            200,
        ),
        row(
            M::POST,
            "/api/v1/affiliations/{id}/occupations",
            staff,
            format!("/api/v1/affiliations/{}/occupations", things.affiliation),
            json!({"code": "trainer"}),
            201,
        ),
        row(
            M::POST,
            "/api/v1/occupations/{id}/end",
            staff,
            format!("/api/v1/occupations/{}/end", things.occupation),
            none(),
            200,
        ),
        row(
            M::GET,
            "/api/v1/organisations/{number}/attendance",
            see,
            organisation("/attendance?month=2027-01"),
            none(),
            200,
        ),
        // The right caller reaches the decision: the affiliation is not theirs, there is no such attendance.
        row(
            M::POST,
            "/api/v1/attendance/in",
            scope::OWN_DELEGATIONS.name,
            "/api/v1/attendance/in".into(),
            json!({"affiliation": things.affiliation}),
            404,
        ),
        row(
            M::POST,
            "/api/v1/attendance/out",
            scope::OWN_DELEGATIONS.name,
            "/api/v1/attendance/out".into(),
            json!({"affiliation": things.affiliation}),
            409,
        ),
        row(
            M::POST,
            "/api/v1/attendance/{id}/correct",
            staff,
            format!("/api/v1/attendance/{}/correct", things.affiliation),
            json!({"came": "2027-01-01T00:00:00Z", "went": "2027-01-01T01:00:00Z", "reason": "Forgotten"}),
            404,
        ),
        row(
            M::GET,
            "/api/v1/organisations/{number}/appointments",
            see,
            organisation("/appointments"),
            none(),
            200,
        ),
        // The right caller reaches the decision: nobody has this staff number, and no appointment was made.
        row(
            M::POST,
            "/api/v1/organisations/{number}/appointments",
            staff,
            organisation("/appointments"),
            json!({"person": "1", "staff": "1", "kind": "visit", "at": "2027-02-01T00:00:00Z", "minutes": 30}),
            404,
        ),
        row(
            M::POST,
            "/api/v1/appointments/{id}/move",
            staff,
            format!("/api/v1/appointments/{}/move", things.affiliation),
            json!({"at": "2027-02-01T00:00:00Z", "to": "2027-02-01T00:00:00Z"}),
            404,
        ),
        row(
            M::POST,
            "/api/v1/appointments/{id}/cancel",
            staff,
            format!("/api/v1/appointments/{}/cancel", things.affiliation),
            json!({}),
            404,
        ),
        row(
            M::GET,
            "/api/v1/organisations/{number}/responses",
            see,
            organisation("/responses"),
            none(),
            200,
        ),
        // The right caller reaches the decision: a service is nobody who did something, and nothing was written down.
        row(
            M::POST,
            "/api/v1/organisations/{number}/responses",
            staff,
            organisation("/responses"),
            json!({"person": "1", "kind": "visit", "note": "Blood pressure was measured"}),
            404,
        ),
        row(
            M::POST,
            "/api/v1/responses/{id}/correct",
            staff,
            format!("/api/v1/responses/{}/correct", things.affiliation),
            json!({"kind": "visit", "at": "2026-01-01T00:00:00Z", "note": "It was not", "reason": "Wrong person"}),
            404,
        ),
        row(
            M::GET,
            "/api/v1/delegations",
            see,
            "/api/v1/delegations".into(),
            none(),
            200,
        ),
        row(
            M::POST,
            "/api/v1/delegations",
            staff,
            "/api/v1/delegations".into(),
            delegated,
            201,
        ),
        row(
            M::POST,
            "/api/v1/delegations/{id}/withdraw",
            staff,
            format!("/api/v1/delegations/{}/withdraw", things.delegation),
            none(),
            200,
        ),
    ]
}
