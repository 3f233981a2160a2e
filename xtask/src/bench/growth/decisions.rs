//! Decisions among rules: ten rules a person, asked about people everywhere by a thousand members of staff.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use super::rounds::{Question, ask, block};
use super::town::{Desk, places};
use super::{Point, sizes};
use crate::bench::connection::Answer;
use crate::bench::databases::Databases;
use crate::bench::hub::{Binary, Hub};
use crate::bench::load::Plan;

/// Rules that the consent of one seeded person is compiled into.
const RULES: u64 = 10;
/// Different people who are asked about.
const SUBJECTS: u64 = 1_000;

pub(super) fn measure(
    binary: &Binary,
    databases: &Databases,
    plan: Plan,
    most: u64,
    points: &mut Vec<Point>,
) -> Result<()> {
    let hub = Hub::new(binary, databases)?;
    drop(hub.serve()?);
    let mut people = 0;
    for size in sizes(most) {
        let begun = Instant::now();
        let more = size / RULES - people;
        let (first, more) = ((people + 1).to_string(), more.to_string());
        hub.run(&["dev", "seed", "--people", &more, "--first", &first], "")?;
        if people == 0 {
            hub.run(&["dev", "seed", "--organisations", "1000", "--staff", "1000"], "")?;
        }
        hub.run(&["dev", "seed", "--consents", &more], "")?;
        people = size / RULES;
        let seeded = begun.elapsed();
        let server = hub.serve()?;
        let point = block(async {
            hub.keys_are_there().await?;
            let question = questions(&hub, people).await?;
            ask((&hub, &server), plan, question, (databases.name(), size, seeded)).await
        })?;
        points.push(point);
    }
    Ok(())
}

async fn questions(hub: &Hub<'_>, people: u64) -> Result<Question> {
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
    Ok(Question {
        name: "evaluation",
        requests,
        right: is_decision,
    })
}

fn is_decision(answer: &Answer) -> bool {
    answer.status.is_success() && answer.text().contains("\"decision\":")
}
