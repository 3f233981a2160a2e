//! Module of the conformance suite to test of our own: `plans/modules.toml`, its rules, and the table generated from it.
//!
//! The build must not need the suite. Every module that a run under `plans/outcomes/` names has a row; a row names the
//! end-to-end tests that make the module's checks against the running server, or says what is missing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::outcomes::Run;
use crate::{GENERATED, cell, directory, tests_cell};

/// One module, and the tests that make its checks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// The suite's name of it.
    pub name: String,
    /// The tests, named as in `requirements.toml`.
    pub tests: Vec<String>,
    /// What of the module no test of ours makes, and why.
    pub gap: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    module: Vec<Module>,
}

/// Reads `plans/modules.toml`.
pub fn load() -> Result<Vec<Module>> {
    let path = directory().join("plans/modules.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(toml::from_str::<File>(&text)
        .with_context(|| path.display().to_string())?
        .module)
}

/// Where the generated table lies.
pub fn table_path() -> PathBuf {
    directory().join("plans/MODULES.md")
}

/// Everything wrong with the table, given the runs and the names of all tests in the sources; empty when nothing is.
pub fn problems(modules: &[Module], runs: &[Run], tests: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut listed = BTreeSet::new();
    for Module {
        name,
        tests: named,
        gap,
    } in modules
    {
        if !listed.insert(name) {
            problems.push(format!("{name} is listed twice"));
        }
        if named.is_empty() && gap.is_none() {
            problems.push(format!("{name} names no test and no gap"));
        }
        for test in named {
            if !tests.contains(test) {
                problems.push(format!("{name}: there is no test {test}"));
            } else if !test.starts_with("e2e::") {
                problems.push(format!("{name}: {test} does not drive the running server"));
            }
        }
    }
    let ran: BTreeSet<&String> = runs
        .iter()
        .flat_map(|run| &run.module)
        .map(|module| &module.name)
        .collect();
    problems.extend(ran.difference(&listed).map(|name| format!("{name} has no row")));
    problems.extend(
        listed
            .difference(&ran)
            .map(|name| format!("no run has a module {name}")),
    );
    problems
}

/// The table for people, as Markdown.
pub fn table(modules: &[Module]) -> String {
    let gaps = modules.iter().filter(|module| module.gap.is_some()).count();
    let mut table = format!(
        "{GENERATED}\n\n# The suite's modules and our own tests\n\nWhat each module of the OpenID Foundation's conformance suite \
         checks, made against the running server by tests of\nour own, so that the build shows it without the suite. {} modules, \
         {gaps} with a gap.\n\n| module | tests | gap |\n|---|---|---|\n",
        modules.len()
    );
    for Module { name, tests, gap } in modules {
        let gap = cell(gap.as_deref().unwrap_or_default());
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {name} | {} | {gap} |", tests_cell(tests));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{outcomes, sources};

    #[test]
    fn every_module_that_ran_has_a_row_with_existing_tests_or_a_gap() {
        let (modules, runs) = (load().unwrap(), outcomes::load().unwrap());
        let tests = sources::tests().unwrap();
        assert_eq!(problems(&modules, &runs, &tests), Vec::<String>::new());
    }

    #[test]
    fn the_table_of_modules_is_the_one_that_the_rows_generate() {
        let found = std::fs::read_to_string(table_path()).unwrap();
        assert!(found == table(&load().unwrap()), "run `cargo xtask requirements`");
    }

    #[test]
    fn a_row_that_is_missing_empty_doubled_or_names_no_test_is_named() {
        let row = |name: &str, tests: &[&str], gap: Option<&str>| Module {
            name: name.to_owned(),
            tests: tests.iter().map(|test| (*test).to_owned()).collect(),
            gap: gap.map(str::to_owned),
        };
        let ran = |name: &str| outcomes::Module {
            name: name.to_owned(),
            variant: BTreeMap::new(),
            result: "PASSED".to_owned(),
            said: Vec::new(),
        };
        let run = Run {
            run: "r".to_owned(),
            plan: "p".to_owned(),
            date: "2026-01-31".to_owned(),
            suite: "s".to_owned(),
            hub: "h".to_owned(),
            variant: BTreeMap::new(),
            module: vec![ran("a"), ran("b"), ran("c")],
        };
        let rows = [
            row("a", &["e2e::there"], None),
            row("a", &[], Some("twice")),
            row("b", &["e2e::gone", "idp::there"], None),
            row("d", &[], None),
        ];
        let tests = BTreeSet::from(["e2e::there".to_owned(), "idp::there".to_owned()]);
        assert_eq!(
            problems(&rows, &[run], &tests),
            [
                "a is listed twice",
                "b: there is no test e2e::gone",
                "b: idp::there does not drive the running server",
                "d names no test and no gap",
                "c has no row",
                "no run has a module d",
            ]
        );
    }
}
