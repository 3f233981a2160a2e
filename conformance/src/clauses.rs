//! Specification clause to test: one file a specification in `clauses/`, and the table generated from them.
//!
//! A clause without a test is a visible gap, not an error; a test that is named must exist.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{GENERATED, cell, directory, tests_cell};

/// How strongly the specification asks (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Required.
    Must,
    /// Required unless there is a reason.
    Should,
}

/// One thing that a specification asks of an authorization server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The section that says so, such as `4.6`.
    pub clause: String,
    /// How strongly.
    pub level: Level,
    /// What, in our own words.
    pub requirement: String,
    /// The tests that show it, named as in `requirements.toml`.
    pub tests: Vec<String>,
}

/// One specification and what is followed of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// How it is cited, such as `RFC 7636`.
    pub spec: String,
    /// Its name.
    pub title: String,
    /// Its clauses, in its own order.
    pub clause: Vec<Clause>,
}

/// Reads `clauses/*.toml`, in the order of their file names.
pub fn load() -> Result<Vec<Specification>> {
    let mut files = std::fs::read_dir(directory().join("clauses"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file)?;
            toml::from_str(&text).with_context(|| file.display().to_string())
        })
        .collect()
}

/// Where the generated table lies.
pub fn table_path() -> PathBuf {
    directory().join("CLAUSES.md")
}

/// Everything wrong with these tables, given the names of all tests in the sources; empty when nothing is.
pub fn problems(specifications: &[Specification], tests: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for Specification { spec, clause, .. } in specifications {
        for Clause {
            clause,
            requirement,
            tests: named,
            ..
        } in clause
        {
            if !seen.insert((spec, clause, requirement)) {
                problems.push(format!("{spec} {clause} is listed twice: {requirement}"));
            }
            for test in named.iter().filter(|test| !tests.contains(*test)) {
                problems.push(format!("{spec} {clause}: there is no test {test}"));
            }
        }
    }
    problems
}

/// The tables for people, as Markdown: a summary, then each specification.
pub fn table(specifications: &[Specification]) -> String {
    let mut table = format!(
        "{GENERATED}\n\n# Clauses\n\nWhat the specifications ask of an authorization server, and the tests that show it. A clause \
         without a test is\na gap.\n\n| specification | clauses | with tests | gaps | of them MUST |\n|---|---|---|---|---|\n"
    );
    for Specification { spec, title, clause } in specifications {
        let gaps = clause.iter().filter(|clause| clause.tests.is_empty());
        let musts = gaps.clone().filter(|clause| clause.level == Level::Must).count();
        let gaps = gaps.count();
        let all = clause.len();
        // Writing to a string does not fail.
        let _ = writeln!(
            table,
            "| {spec} {title} | {all} | {} | {gaps} | {musts} |",
            all - gaps
        );
    }
    for Specification { spec, title, clause } in specifications {
        let _ = write!(
            table,
            "\n## {spec} {title}\n\n| clause | level | what | tests |\n|---|---|---|---|\n"
        );
        for Clause {
            clause,
            level,
            requirement,
            tests,
        } in clause
        {
            let level = match level {
                Level::Must => "MUST",
                Level::Should => "SHOULD",
            };
            let tests = if tests.is_empty() {
                "gap".to_owned()
            } else {
                tests_cell(tests)
            };
            let _ = writeln!(table, "| {clause} | {level} | {} | {tests} |", cell(requirement));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn every_clause_is_listed_once_and_names_only_existing_tests() {
        let tests = sources::tests().unwrap();
        assert_eq!(problems(&load().unwrap(), &tests), Vec::<String>::new());
    }

    #[test]
    fn the_generated_table_is_current() {
        let written = std::fs::read_to_string(table_path()).unwrap();
        assert!(
            written == table(&load().unwrap()),
            "run `cargo xtask requirements`"
        );
    }

    #[test]
    fn a_test_that_does_not_exist_is_named() {
        let text = "spec = 'X'\ntitle = 'x'\n[[clause]]\nclause = '1'\nlevel = 'MUST'\nrequirement = 'r'\ntests = ['e2e::gone']\n";
        let specification: Specification = toml::from_str(text).unwrap();
        assert_eq!(
            problems(&[specification], &BTreeSet::new()),
            ["X 1: there is no test e2e::gone"]
        );
    }
}
