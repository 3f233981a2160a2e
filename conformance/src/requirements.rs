//! Requirement to test: `requirements.toml`, its rules, and the table generated from it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{GENERATED, cell, directory, ids, tests_cell};

/// How far a requirement has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// An end-to-end test drives the real server and would fail without the feature, whole.
    Shown,
    /// Tests show a part; `gap` says which part is not there.
    Partial,
    /// Nothing shows it.
    Missing,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Partial => "partial",
            Self::Missing => "missing",
        }
    }
}

/// One line of the requirements.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The id, such as `H1.3`.
    pub id: String,
    /// What it asks for, short.
    pub title: String,
    /// How far it has got.
    pub status: Status,
    /// The tests that show it, named as `cargo test` names them after the name of their crate:
    /// `e2e::sign_in::a_person_signs_in`.
    pub tests: Vec<String>,
    /// For `partial`: what is not shown yet.
    #[serde(default)]
    pub gap: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    requirement: Vec<Requirement>,
}

/// Reads `requirements.toml`.
pub fn load() -> Result<Vec<Requirement>> {
    let path = directory().join("requirements.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Requirement>> {
    Ok(toml::from_str::<File>(text)?.requirement)
}

/// Where the generated table lies.
pub fn table_path() -> PathBuf {
    directory().join("REQUIREMENTS.md")
}

/// Everything wrong with these lines, given the names of all tests in the sources; empty when nothing is.
pub fn problems(requirements: &[Requirement], tests: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let found: Vec<&str> = requirements
        .iter()
        .map(|requirement| requirement.id.as_str())
        .collect();
    let expected = ids::all();
    for id in &expected {
        if !found.contains(&id.as_str()) {
            problems.push(format!("{id} is not listed"));
        }
    }
    if problems.is_empty() && found != expected {
        problems.push("an id is listed twice, unknown, or out of order".to_owned());
    }
    for requirement in requirements {
        problems.extend(problem(requirement, tests).map(|what| format!("{}: {what}", requirement.id)));
    }
    problems
}

fn problem(requirement: &Requirement, tests: &BTreeSet<String>) -> Option<String> {
    if let Some(unknown) = requirement.tests.iter().find(|test| !tests.contains(*test)) {
        return Some(format!("there is no test {unknown}"));
    }
    let end_to_end = requirement.tests.iter().any(|test| test.starts_with("e2e::"));
    match requirement.status {
        Status::Shown if !end_to_end => {
            Some("shown needs a test that drives the real server (e2e::…)".to_owned())
        }
        Status::Shown if requirement.gap.is_some() => Some("shown has no gap".to_owned()),
        Status::Partial if requirement.tests.is_empty() => Some("partial needs a test".to_owned()),
        Status::Partial if requirement.gap.as_deref().is_none_or(str::is_empty) => {
            Some("partial says in `gap` what is not shown".to_owned())
        }
        Status::Missing if !requirement.tests.is_empty() => Some("it has tests: partial or shown".to_owned()),
        _ => None,
    }
}

/// The table for people, as Markdown.
pub fn table(requirements: &[Requirement]) -> String {
    let count = |status| {
        requirements
            .iter()
            .filter(|requirement| requirement.status == status)
            .count()
    };
    let mut table = format!(
        "{GENERATED}\n\n# Requirements\n\n{} in all: {} shown, {} partial, {} missing. *Shown* means that a test drives the real\n\
         server and would fail without the feature.\n\n| id | what | status | tests |\n|---|---|---|---|\n",
        requirements.len(),
        count(Status::Shown),
        count(Status::Partial),
        count(Status::Missing),
    );
    for Requirement {
        id,
        title,
        status,
        tests,
        gap,
    } in requirements
    {
        let gap = gap
            .as_deref()
            .map(|gap| format!(": {}", cell(gap)))
            .unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(
            table,
            "| {id} | {} | {}{gap} | {} |",
            cell(title),
            status.name(),
            tests_cell(tests)
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn every_requirement_is_listed_once_and_claims_only_what_existing_tests_show() {
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

    fn with(status: &str, tests: &str, gap: &str) -> Option<String> {
        let line = format!(
            "[[requirement]]\nid = \"M1\"\ntitle = \"x\"\nstatus = \"{status}\"\ntests = [{tests}]\n{gap}"
        );
        let known = ["e2e::a::shows".to_owned(), "idp::b::shows".to_owned()].into();
        problem(&parse(&line).unwrap()[0], &known)
    }

    #[test]
    fn a_claim_without_its_test_is_refused() {
        assert_eq!(with("shown", "'e2e::a::shows'", ""), None);
        assert!(with("shown", "", "").is_some());
        assert!(with("shown", "'idp::b::shows'", "").is_some());
        assert!(with("shown", "'e2e::a::gone'", "").is_some());
        assert!(with("partial", "'idp::b::shows'", "").is_some());
        assert_eq!(with("partial", "'idp::b::shows'", "gap = 'the rest'"), None);
        assert!(with("missing", "'idp::b::shows'", "").is_some());
        assert_eq!(with("missing", "", ""), None);
    }

    #[test]
    fn an_id_left_out_or_listed_twice_is_named() {
        let mut requirements = load().unwrap();
        let first = requirements.remove(0);
        assert!(problems(&requirements, &BTreeSet::new()).contains(&"M1 is not listed".to_owned()));
        requirements.insert(0, first.clone());
        requirements.push(first);
        assert!(
            problems(&requirements, &BTreeSet::new())
                .iter()
                .any(|problem| problem.contains("twice"))
        );
    }
}
