//! `cargo xtask growth`: whether a request costs the same among ten thousand and among ten million. Seeds a hub step by
//! step, asks at each size, and draws the curve. The method is in `conformance/BENCH.md`.

mod decisions;
mod lists;
mod plot;
mod rounds;
mod town;

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use self::rounds::{Question, ask, block};
use super::databases::Databases;
use super::hub::{Binary, Hub};
use super::load::Plan;
use super::table::{cells, grid};
use super::{LOAD_CORE, WARM_UP, binary, machine, optimised};
use crate::process;

/// What can grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Decisions by the number of rules that people's consents were compiled into
    Decisions,
    /// Pages of lists by the number of people; a tenth of them are staff, a hundredth as many organisations
    Lists,
}

/// Measures what a request costs by how much is in the database, from ten thousand upwards, and draws it.
///
/// Ten million rules need about 20 GB of disk on both databases together, and an hour. The figures go to
/// growth-WHAT.json, the drawing to growth-WHAT.svg.
#[derive(clap::Args)]
pub struct Arguments {
    /// What grows
    #[arg(value_enum)]
    what: What,
    /// Up to how many rules, or people
    #[arg(long, default_value_t = 1_000_000)]
    most: u64,
    /// Only on the embedded database
    #[arg(long, conflicts_with = "only_postgres")]
    only_sqlite: bool,
    /// Only on PostgreSQL
    #[arg(long)]
    only_postgres: bool,
    /// How long each size is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=240))]
    seconds: u64,
}

/// What was seen at one size.
#[derive(Debug, Clone, Serialize)]
struct Point {
    /// The database.
    database: &'static str,
    /// What was asked.
    asked: String,
    /// How much there was.
    size: u64,
    /// The server's processor time a request, in microseconds.
    cpu_us: f64,
    /// Latency with one request at a time.
    p50_ms: f64,
    /// The same.
    p99_ms: f64,
    /// How long it took to get from the size before to this one.
    seeded_s: f64,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        return optimised();
    }
    let binary = binary(true)?;
    machine::pin(LOAD_CORE)?;
    let plan = Plan {
        warm_up: WARM_UP,
        measured: Duration::from_secs(arguments.seconds),
        connections: 1,
    };
    let mut points = Vec::new();
    for postgres in [false, true] {
        if (arguments.only_sqlite && postgres) || (arguments.only_postgres && !postgres) {
            continue;
        }
        let databases = Databases::start(postgres)?;
        match arguments.what {
            What::Decisions => {
                let asked = &decisions::questions;
                grow(
                    (&binary, &databases),
                    (plan, arguments.most),
                    decisions::seed,
                    asked,
                    &mut points,
                )?;
            }
            What::Lists => grow(
                (&binary, &databases),
                (plan, arguments.most),
                lists::seed,
                &lists::questions,
                &mut points,
            )?,
        }
    }
    let name = match arguments.what {
        What::Decisions => "growth-decisions",
        What::Lists => "growth-lists",
    };
    println!("\n{}", table(&points));
    let file =
        |ending: &str| -> Result<PathBuf> { Ok(process::workspace()?.join(format!("{name}.{ending}"))) };
    std::fs::write(file("json")?, serde_json::to_vec_pretty(&points)?).context("the figures")?;
    std::fs::write(file("svg")?, plot::draw(&points)?).context("the drawing")?;
    Ok(ExitCode::SUCCESS)
}

/// Grows a fresh hub from each size to the next, and asks at each.
fn grow(
    (binary, databases): (&Binary, &Databases),
    (plan, most): (Plan, u64),
    seed: fn(&Hub<'_>, Range<u64>) -> Result<()>,
    questions: &impl AsyncFn(&Hub<'_>, u64) -> Result<Vec<Question>>,
    points: &mut Vec<Point>,
) -> Result<()> {
    let hub = Hub::new(binary, databases)?;
    drop(hub.serve()?);
    let mut before = 0;
    for size in sizes(most) {
        let begun = Instant::now();
        seed(&hub, before..size)?;
        before = size;
        let seeded = begun.elapsed();
        let server = hub.serve()?;
        block(async {
            hub.keys_are_there().await?;
            for question in questions(&hub, size).await? {
                let about = (databases.name(), size, seeded);
                points.push(ask((&hub, &server), plan, question, about).await?);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Makes more of what there is: `musubi dev seed` with these options.
fn seed(hub: &Hub<'_>, options: &[(&str, u64)]) -> Result<()> {
    let mut arguments = vec!["dev".to_owned(), "seed".to_owned()];
    for (option, count) in options {
        arguments.extend([(*option).to_owned(), count.to_string()]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    hub.run(&arguments, "").map(drop)
}

/// The sizes from ten thousand to `most`, each ten times the one before.
fn sizes(most: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(10_000_u64), |size| size.checked_mul(10)).take_while(move |size| *size <= most)
}

fn table(points: &[Point]) -> String {
    let mut lines = vec![cells([
        "asked",
        "database",
        "among",
        "CPU µs",
        "p50 ms",
        "p99 ms",
        "of smallest",
        "seeding s",
    ])];
    for point in points {
        let smallest = points
            .iter()
            .find(|other| other.database == point.database && other.asked == point.asked);
        let ratio = smallest.map_or(1.0, |smallest| point.cpu_us / smallest.cpu_us);
        lines.push(cells([
            point.asked.as_str(),
            point.database,
            &point.size.to_string(),
            &format!("{:.0}", point.cpu_us),
            &format!("{:.2}", point.p50_ms),
            &format!("{:.2}", point.p99_ms),
            &format!("{ratio:.2}"),
            &format!("{:.0}", point.seeded_s),
        ]));
    }
    grid(&lines)
}
