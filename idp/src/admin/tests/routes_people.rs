//! The routes of what is known about people, for the table of all routes.

use http::Method;
use serde_json::{Value, json};

use super::routes::Route;

/// Their rows, about the person of this number.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rows(person: &str) -> Vec<Route> {
    let row = |method: Method, template, scope, path: String, body: Value| Route {
        method,
        template,
        scope,
        path,
        body,
        status: 200,
    };
    let people = |action: &str| format!("/api/v1/people/{person}{action}");
    vec![
        row(
            Method::PATCH,
            "/api/v1/people/{number}",
            "musubi:people.write",
            people(""),
            json!({"family_name_kana": "やまだ"}),
        ),
        row(
            Method::GET,
            "/api/v1/people/{number}/history",
            "musubi:people.read",
            people("/history"),
            Value::Null,
        ),
        row(
            Method::GET,
            "/api/v1/people/{number}/contact",
            "musubi:people.read",
            people("/contact"),
            Value::Null,
        ),
        row(
            Method::PUT,
            "/api/v1/people/{number}/contact",
            "musubi:people.write",
            people("/contact"),
            json!({"preferences": [{"channel": "email", "topic": "survey", "allowed": true}]}),
        ),
        row(
            Method::GET,
            "/api/v1/people/{number}/contact/history",
            "musubi:people.read",
            people("/contact/history"),
            Value::Null,
        ),
        Route {
            status: 409,
            ..row(
                Method::POST,
                "/api/v1/people/{number}/messages",
                "musubi:people.write",
                people("/messages"),
                json!({"topic": "service", "subject": "Hello", "text": "Hello."}),
            )
        },
        row(
            Method::GET,
            "/api/v1/people/{number}/ties",
            "musubi:people.read",
            people("/ties"),
            Value::Null,
        ),
        Route {
            status: 409,
            ..row(
                Method::POST,
                "/api/v1/people/{number}/guardians",
                "musubi:people.write",
                people("/guardians"),
                json!({"guardian": person, "basis": "adult", "evidence": "file 1"}),
            )
        },
        Route {
            status: 404,
            ..row(
                Method::POST,
                "/api/v1/people/{number}/guardians/end",
                "musubi:people.write",
                people("/guardians/end"),
                json!({"guardian": person}),
            )
        },
        row(
            Method::POST,
            "/api/v1/people/{number}/export",
            "musubi:people.write",
            people("/export"),
            Value::Null,
        ),
        row(
            Method::POST,
            "/api/v1/people/{number}/erase",
            "musubi:people.write",
            people("/erase"),
            json!({"confirm": person}),
        ),
        row(
            Method::POST,
            "/api/v1/people/search",
            "musubi:people.read",
            "/api/v1/people/search".to_owned(),
            json!({"login": "hanako"}),
        ),
    ]
}
