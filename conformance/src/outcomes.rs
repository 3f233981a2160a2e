//! What the OpenID Foundation's conformance suite said about the hub: `plans/outcomes/*.toml`, one file a run, and the
//! table generated from them. `cargo xtask suite` writes the files; nobody edits them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::reviews::{self, Review};
use crate::{GENERATED, cell, directory};

/// One run of one plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The name of the run in `plans/plans.toml`.
    pub run: String,
    /// The suite's name of the plan.
    pub plan: String,
    /// The day, as `2026-01-31`.
    pub date: String,
    /// The commit of the suite.
    pub suite: String,
    /// The commit of the hub.
    pub hub: String,
    /// What was chosen for the whole plan.
    pub variant: BTreeMap<String, String>,
    /// What came of each module, in the plan's order.
    pub module: Vec<Module>,
}

/// What came of one module.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// The suite's name of it.
    pub name: String,
    /// What the plan chose for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variant: BTreeMap<String, String>,
    /// The suite's word, or `TIMEOUT` if it never came to an end.
    pub result: String,
    /// What failed or was warned of: condition and message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
}

/// Where the files of the runs lie.
pub fn runs_path() -> PathBuf {
    directory().join("plans/outcomes")
}

/// Where the generated table lies.
pub fn table_path() -> PathBuf {
    directory().join("plans/OUTCOMES.md")
}

/// Reads all runs, by name.
pub fn load() -> Result<Vec<Run>> {
    let mut paths = BTreeSet::new();
    for entry in std::fs::read_dir(runs_path())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.insert(path);
        }
    }
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)?;
        anyhow::Ok(toml::from_str(&text)?)
    };
    paths
        .iter()
        .map(|path| read(path).with_context(|| path.display().to_string()))
        .collect()
}

/// Keeps a run in place of the one of the same name before it.
pub fn save(run: &Run) -> Result<()> {
    let path = runs_path().join(format!("{}.toml", run.run));
    std::fs::write(&path, toml::to_string(run)?).with_context(|| path.display().to_string())
}

/// The table for people, as Markdown.
pub fn table(runs: &[Run], looked: &[Review]) -> String {
    let mut out = format!("{GENERATED}\n\n# What the conformance suite says\n\n");
    out.push_str(
        "Runs of the OpenID Foundation's conformance suite against this hub (`README.md` tells how). PASSED and SKIPPED \
         (a part that the hub does not offer) are the suite's own words; REVIEW means that a person has to look at a \
         page that the suite kept, and what they saw stands beside it; TIMEOUT means that the module never \
         ended.\n\n",
    );
    out.push_str("| Run | Date | Hub | Suite | Outcome |\n|---|---|---|---|---|\n");
    for run in runs {
        let (hub, suite) = (short(&run.hub), short(&run.suite));
        let _ = writeln!(
            out,
            "| [{0}](#{0}) | {1} | `{hub}` | `{suite}` | {2} |",
            run.run,
            run.date,
            counts(run)
        );
    }
    for run in runs {
        let _ = write!(out, "\n## {}\n\n`{}`", run.run, run.plan);
        for (name, value) in &run.variant {
            let _ = write!(out, ", {name} `{value}`");
        }
        out.push_str("\n\n| Module | Result | What was said |\n|---|---|---|\n");
        for module in &run.module {
            let own: Vec<&str> = module.variant.values().map(String::as_str).collect();
            let own = if own.is_empty() {
                String::new()
            } else {
                format!(" ({})", own.join(", "))
            };
            let mut said = module.said.clone();
            if module.result == "REVIEW" {
                said.push(reviews::of(looked, run, &module.name).to_owned());
            }
            let said = cell(&said.join("; "));
            let _ = writeln!(out, "| {}{own} | {} | {said} |", module.name, module.result);
        }
    }
    out
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

fn counts(run: &Run) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for module in &run.module {
        *counts.entry(&module.result).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(result, count)| format!("{count} {result}"))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_outcomes_is_the_one_that_the_runs_generate() {
        let found = std::fs::read_to_string(table_path()).unwrap();
        let expected = table(&load().unwrap(), &reviews::load().unwrap());
        assert!(found == expected, "run `cargo xtask requirements`");
    }

    #[test]
    fn every_module_of_a_run_is_in_the_table_with_what_was_said() {
        let module = |name: &str, result: &str, said: &[&str]| Module {
            name: name.to_owned(),
            variant: BTreeMap::from([("response_type".to_owned(), "code".to_owned())]),
            result: result.to_owned(),
            said: said.iter().map(|said| (*said).to_owned()).collect(),
        };
        let run = Run {
            run: "basic".to_owned(),
            plan: "basic-plan".to_owned(),
            date: "2026-01-31".to_owned(),
            suite: "0123456789abcdef".to_owned(),
            hub: "fedcba9876543210".to_owned(),
            variant: BTreeMap::new(),
            module: vec![module("one", "PASSED", &[]), module("two", "FAILED", &["a | b"])],
        };
        let table = table(&[run], &[]);
        assert!(table.contains(
            "| [basic](#basic) | 2026-01-31 | `fedcba987654` | `0123456789ab` | 1 FAILED, 1 PASSED |"
        ));
        assert!(table.contains("| two (code) | FAILED | a \\| b |"), "{table}");
    }
}
