//! What was seen: as a table for people, as JSON for the next run.

use std::fmt::{self, Display, Formatter, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::hub::Counters;
use super::load::Outcome;
use super::machine;
use super::scenarios::{Probe, count};
use super::table::{cells, grid};
use crate::process;

/// What the project aims at on one core of the class of machine that it is tested on: steps per second.
const RATE_AIMS: &[(&str, f64)] = &[
    ("client_credentials", 12_000.0),
    ("code_flow", 5_000.0),
    ("refresh", 8_000.0),
    ("discovery", 50_000.0),
    ("jwks", 50_000.0),
    ("userinfo", 20_000.0),
];
/// The same for figures that should be small, in their own units; the p99 of a latency in milliseconds.
const CEILINGS: &[(&str, f64)] = &[
    ("token_latency_under_sign_in_storm", 10.0),
    ("start", 100.0),
    ("first start, median", 100.0),
    ("idle_memory", 40.0),
];

/// One scenario under load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    scenario: String,
    connections: usize,
    /// Steps a second.
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    /// The server's processor time a step, in microseconds.
    user_us: f64,
    system_us: f64,
    /// How much of its processor each side used, 0 to 1.
    server_busy: f64,
    load_busy: f64,
    /// The server's resident memory at the end, in millions of bytes.
    memory_mb: f64,
    /// Steps of those who worked beside, a second.
    beside_rate: f64,
    log_rows: Option<f64>,
    rows_a_commit: Option<f64>,
    changes: Option<f64>,
    changes_a_commit: Option<f64>,
}

impl Row {
    /// From what a load saw, and what the hub counted meanwhile.
    pub fn new(
        scenario: &str,
        connections: usize,
        outcome: &Outcome<Probe>,
        counted: Option<Counters>,
    ) -> Result<Self> {
        ensure!(outcome.steps > 0, "no step ended in the measured time");
        let seconds = outcome.elapsed.as_secs_f64();
        let (steps, all) = (count(outcome.steps)?, count(outcome.all)?);
        let (before, after) = outcome.probes;
        let server = after.server.since(before.server);
        let milliseconds =
            |nanoseconds: u64| std::time::Duration::from_nanos(nanoseconds).as_secs_f64() * 1e3;
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Ok(Self {
            scenario: scenario.to_owned(),
            connections,
            rate: steps / seconds,
            p50_ms: milliseconds(outcome.latencies.value_at_quantile(0.5)),
            p99_ms: milliseconds(outcome.latencies.value_at_quantile(0.99)),
            max_ms: milliseconds(outcome.latencies.max()),
            user_us: server.user.as_secs_f64() * 1e6 / steps,
            system_us: server.system.as_secs_f64() * 1e6 / steps,
            server_busy: server.total().as_secs_f64() / seconds,
            load_busy: after.load.since(before.load).total().as_secs_f64() / seconds,
            memory_mb: machine::megabytes(after.resident),
            beside_rate: count(outcome.beside)? / seconds,
            log_rows: counted.and_then(|counted| ratio(counted.log_rows, all)),
            rows_a_commit: counted.and_then(|counted| ratio(counted.log_rows, counted.log_commits)),
            changes: counted
                .filter(|counted| counted.transactions > 0.0)
                .and_then(|counted| ratio(counted.changes, all)),
            changes_a_commit: counted.and_then(|counted| ratio(counted.changes, counted.transactions)),
        })
    }
}

impl Row {
    /// Steps that a second of the server's processor time is enough for, whoever else had the processor meanwhile.
    fn a_core_second(&self) -> f64 {
        1e6 / (self.user_us + self.system_us)
    }
}

impl Display for Row {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:.0}/s, p50 {:.2} ms, p99 {:.2} ms, {:.1} µs ({:.1} user, {:.1} system), server {:.0} %, load {:.0} %",
            self.rate,
            self.p50_ms,
            self.p99_ms,
            self.user_us + self.system_us,
            self.user_us,
            self.system_us,
            self.server_busy * 100.0,
            self.load_busy * 100.0,
        )
    }
}

/// A figure that is not about a load.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Figure {
    name: String,
    value: f64,
    unit: String,
}

/// What a run saw.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    machine: String,
    commit: String,
    databases: String,
    rows: Vec<Row>,
    figures: Vec<Figure>,
    failures: Vec<(String, String)>,
}

impl Report {
    /// An empty one, about this machine and this tree.
    pub fn new(databases: &str) -> Result<Self> {
        let commit = process::output(&mut git(&["describe", "--always", "--dirty"])?);
        Ok(Self {
            machine: machine::describe()?,
            // A tree without its history can be measured too.
            commit: commit.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned()),
            databases: databases.to_owned(),
            rows: Vec::new(),
            figures: Vec::new(),
            failures: Vec::new(),
        })
    }

    /// One that was written before.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Writes it for the next run.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, serde_json::to_vec_pretty(self)?).with_context(|| path.display().to_string())
    }

    /// Adds a scenario.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a figure.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str) {
        println!("  {name}: {value:.1} {unit}");
        self.figures.push(Figure {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        });
    }

    /// Adds a scenario that did not come to its end.
    pub fn fail(&mut self, scenario: &str, reason: &str) {
        self.failures.push((scenario.to_owned(), reason.to_owned()));
    }

    /// Whether a scenario failed.
    pub fn failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// The report for people, in Markdown, with ratios to an earlier one.
    pub fn table(&self, earlier: Option<&Self>) -> String {
        let mut text = format!(
            "# Benchmark of {}\n\n{}; databases: {}; one processor for the server, one for the load.\n\n",
            self.commit, self.machine, self.databases
        );
        text.push_str(&grid(&self.load_cells()));
        if !self.figures.is_empty() {
            let mut cells = vec![cells(["figure", "value", "aim"])];
            cells.extend(self.figures.iter().map(|figure| {
                let value = format!("{:.1} {}", figure.value, figure.unit);
                vec![figure.name.clone(), value, below(&figure.name, figure.value)]
            }));
            text.push('\n');
            text.push_str(&grid(&cells));
        }
        for (scenario, reason) in &self.failures {
            // Writing to a string does not fail.
            let _ = write!(text, "\nFAILED: {scenario}: {reason}\n");
        }
        if let Some(earlier) = earlier {
            text.push_str(&self.compared(earlier));
        }
        text
    }

    fn load_cells(&self) -> Vec<Vec<String>> {
        let bare = self
            .rows
            .iter()
            .find(|row| row.scenario == "bare")
            .map(Row::a_core_second);
        let mut lines = vec![cells([
            "scenario",
            "conns",
            "per second",
            "a core-second",
            "p50 ms",
            "p99 ms",
            "max ms",
            "CPU µs",
            "user µs",
            "system µs",
            "server busy",
            "load busy",
            "memory MB",
            "log rows",
            "rows/commit",
            "changes",
            "changes/commit",
            "beside/s",
            "of bare",
            "aim",
        ])];
        let optional = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
        lines.extend(self.rows.iter().map(|row| {
            vec![
                row.scenario.clone(),
                row.connections.to_string(),
                format!("{:.0}", row.rate),
                format!("{:.0}", row.a_core_second()),
                format!("{:.2}", row.p50_ms),
                format!("{:.2}", row.p99_ms),
                format!("{:.1}", row.max_ms),
                format!("{:.1}", row.user_us + row.system_us),
                format!("{:.1}", row.user_us),
                format!("{:.1}", row.system_us),
                format!("{:.0} %", row.server_busy * 100.0),
                format!("{:.0} %", row.load_busy * 100.0),
                format!("{:.1}", row.memory_mb),
                optional(row.log_rows),
                optional(row.rows_a_commit),
                optional(row.changes),
                optional(row.changes_a_commit),
                if row.beside_rate > 0.0 {
                    format!("{:.1}", row.beside_rate)
                } else {
                    String::new()
                },
                optional(bare.map(|bare| row.a_core_second() / bare)),
                above(row).unwrap_or_else(|| below(&row.scenario, row.p99_ms)),
            ]
        }));
        lines
    }

    fn compared(&self, earlier: &Self) -> String {
        let mut lines = vec![cells(["now : then", "per second", "p99", "CPU", "memory"])];
        for row in &self.rows {
            let Some(then) = earlier.rows.iter().find(|then| then.scenario == row.scenario) else {
                continue;
            };
            let ratio = |now: f64, then: f64| format!("{:.2}", now / then);
            lines.push(vec![
                row.scenario.clone(),
                ratio(row.rate, then.rate),
                ratio(row.p99_ms, then.p99_ms),
                ratio(row.user_us + row.system_us, then.user_us + then.system_us),
                ratio(row.memory_mb, then.memory_mb),
            ]);
        }
        for figure in &self.figures {
            let Some(then) = earlier.figures.iter().find(|then| then.name == figure.name) else {
                continue;
            };
            let mut line = vec![format!("{}: {:.2}", figure.name, figure.value / then.value)];
            line.resize(5, String::new());
            lines.push(line);
        }
        let mut text = format!(
            "\nAgainst {} ({}):\n\n{}",
            earlier.commit,
            earlier.databases,
            grid(&lines)
        );
        if earlier.machine != self.machine {
            let _ = write!(
                text,
                "\nAnother machine ({}): the ratios say nothing.\n",
                earlier.machine
            );
        }
        text
    }
}

fn git(arguments: &[&str]) -> Result<Command> {
    let mut command = process::command("git")?;
    command.args(arguments);
    Ok(command)
}

/// The aim of a scenario that should be fast, and whether it was.
fn above(row: &Row) -> Option<String> {
    let (_, aim) = RATE_AIMS.iter().find(|(name, _)| *name == row.scenario)?;
    let verdict = if row.rate >= *aim { "met" } else { "missed" };
    Some(format!("≥ {aim:.0}/s: {verdict}"))
}

/// The aim of a figure that should be small, and whether it was.
fn below(name: &str, value: f64) -> String {
    let Some((_, aim)) = CEILINGS.iter().find(|(of, _)| *of == name) else {
        return String::new();
    };
    let verdict = if value < *aim { "met" } else { "missed" };
    format!("< {aim:.0}: {verdict}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(commit: &str, rate: f64) -> Report {
        Report {
            machine: "one".to_owned(),
            commit: commit.to_owned(),
            databases: String::new(),
            rows: vec![Row {
                scenario: "refresh".to_owned(),
                connections: 64,
                rate,
                p50_ms: 1.0,
                p99_ms: 2.0,
                max_ms: 3.0,
                user_us: 4.0,
                system_us: 5.0,
                server_busy: 1.0,
                load_busy: 0.5,
                memory_mb: 6.0,
                beside_rate: 0.0,
                log_rows: Some(1.0),
                rows_a_commit: None,
                changes: None,
                changes_a_commit: None,
            }],
            figures: Vec::new(),
            failures: Vec::new(),
        }
    }

    #[test]
    fn an_aim_that_was_not_reached_is_called_missed() {
        assert!(report("a", 7_999.0).table(None).contains("≥ 8000/s: missed"));
        assert!(report("a", 8_000.0).table(None).contains("≥ 8000/s: met"));
    }

    #[test]
    fn ratios_to_another_machine_are_said_to_mean_nothing() {
        let (now, mut then) = (report("new", 300.0), report("old", 100.0));
        let text = now.table(Some(&then));
        assert!(text.contains("Against old") && text.contains("3.00"), "{text}");
        assert!(!text.contains("say nothing"));
        then.machine = "two".to_owned();
        assert!(now.table(Some(&then)).contains("the ratios say nothing"));
    }
}
