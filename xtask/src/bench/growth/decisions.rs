//! Decisions among rules: ten rules a person, asked about people everywhere by a thousand members of staff.

use std::ops::Range;

use anyhow::Result;
use serde_json::json;

use super::rounds::Question;
use super::town::{Desk, places};
use crate::bench::connection::Answer;
use crate::bench::hub::Hub;

/// Rules that the consent of one seeded person is compiled into.
const RULES: u64 = 10;
/// Different people who are asked about.
const SUBJECTS: u64 = 1_000;

/// Rules from one number to another.
pub(super) fn seed(hub: &Hub<'_>, rules: Range<u64>) -> Result<()> {
    let (before, people) = (rules.start / RULES, rules.end / RULES);
    let more = people - before;
    super::seed(hub, &[("--people", more), ("--first", before + 1)])?;
    if before == 0 {
        super::seed(hub, &[("--organisations", 1_000), ("--staff", 1_000)])?;
    }
    super::seed(hub, &[("--consents", more)])
}

/// One question about each of many.
pub(super) async fn questions(hub: &Hub<'_>, rules: u64) -> Result<Vec<Question>> {
    let people = rules / RULES;
    let mut desk = Desk::open(hub, "musubi:people.read musubi:access.evaluate").await?;
    let mut requests = Vec::new();
    for (turn, place) in (1..).zip(places(people, SUBJECTS.min(people))) {
        let (asker, subject) = (desk.number(turn).await?, desk.number(place).await?);
        requests.push(desk.post(
            "/access/v1/evaluation",
            &json!({
                "subject": {"type": "person", "id": asker},
                "action": {"name": "read"},
                "resource": {"type": "vitals", "id": subject, "properties": {"depth": "daily"}},
                "context": {"purpose": "care"},
            }),
        )?);
    }
    Ok(vec![Question {
        name: "evaluation",
        requests,
        right: is_decision,
    }])
}

fn is_decision(answer: &Answer) -> bool {
    answer.status.is_success() && answer.text().contains("\"decision\":")
}
