//! Pages of lists among people, staff and organisations.

use std::ops::Range;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::rounds::Question;
use super::town::{Desk, places};
use crate::bench::connection::{Answer, Template};
use crate::bench::hub::Hub;

const SCOPE: &str = "musubi:people.read musubi:organisations.read musubi:staff.read";
/// Requests of a kind that differ.
const VARIED: u64 = 200;
/// Pages that are turned before a request counts as one from the middle.
const PAGES: usize = 20;

/// People from one number to another, with their share of organisations and staff.
pub(super) fn seed(hub: &Hub<'_>, people: Range<u64>) -> Result<()> {
    let more = people.end - people.start;
    super::seed(hub, &[("--people", more), ("--first", people.start + 1)])?;
    super::seed(hub, &[("--organisations", more / 100), ("--staff", more / 10)])
}

/// A question for each list.
pub(super) async fn questions(hub: &Hub<'_>, people: u64) -> Result<Vec<Question>> {
    let mut desk = Desk::open(hub, SCOPE).await?;
    let mut numbers = Vec::new();
    for place in places(people, VARIED) {
        numbers.push(desk.number(place).await?);
    }
    let mut questions = Vec::new();
    let mut add = |name, requests| {
        questions.push(Question {
            name,
            requests,
            right: names_somebody,
        });
    };
    add(
        "people, a page",
        pages(&mut desk, "/api/v1/people?limit=50").await?,
    );
    add(
        "organisations, a page",
        pages(&mut desk, "/api/v1/organisations?limit=50").await?,
    );
    let places_of_work = organisations(&mut desk).await?;
    add(
        "staff of a place, a page",
        desk.each(&places_of_work, |number| {
            format!("/api/v1/organisations/{number}/staff?limit=50")
        })?,
    );
    add(
        "one person",
        desk.each(&numbers, |number| format!("/api/v1/people/{number}"))?,
    );
    for (name, field, words) in [
        ("people by surname", "name", ["佐藤", "鈴木", "高橋", "田中"]),
        ("people by reading", "kana", ["サト", "スズ", "タカ", "タナ"]),
    ] {
        let bodies = words.map(|word| json!({ field: word, "limit": 50 }));
        let requests: Result<Vec<Template>> = bodies
            .iter()
            .map(|body| desk.post("/api/v1/people/search", body))
            .collect();
        add(name, requests?);
    }
    Ok(questions)
}

impl Desk {
    fn each(&self, numbers: &[String], path: impl Fn(&str) -> String) -> Result<Vec<Template>> {
        numbers.iter().map(|number| self.get(&path(number))).collect()
    }
}

/// The first pages of a list, each by the cursor of the one before.
async fn pages(desk: &mut Desk, path: &str) -> Result<Vec<Template>> {
    let mut requests = vec![desk.get(path)?];
    for _ in 0..PAGES {
        let Some(last) = requests.last() else { break };
        let page = desk.ask(last.clone()).await?;
        let Some(next) = page.get("next").and_then(Value::as_str) else {
            break;
        };
        requests.push(desk.get(&format!("{path}&after={next}"))?);
    }
    Ok(requests)
}

async fn organisations(desk: &mut Desk) -> Result<Vec<String>> {
    let request = desk.get("/api/v1/organisations?limit=50")?;
    let page = desk.ask(request).await?;
    let items = page
        .get("items")
        .and_then(Value::as_array)
        .context("organisations")?;
    let numbers = items
        .iter()
        .filter_map(|one| one.get("number")?.as_str().map(str::to_owned));
    Ok(numbers.collect())
}

/// An empty page costs less than what is measured.
fn names_somebody(answer: &Answer) -> bool {
    answer.status.is_success() && answer.text().contains("\"number\":\"")
}
