//! The names of all tests in the workspace's sources, read without building anything.
//!
//! A name is the crate's (for an integration-test binary its own: `e2e`), then what `cargo test` prints:
//! `platform::clock::model::tests::an_offset_is_…`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::workspace;

/// Directories that hold sources, and the name that the tests in them start with. `musubi` is the binary.
const ROOTS: &[(&str, &str)] = &[
    ("src", "musubi"),
    ("admin-ui/src", "admin_ui"),
    ("conformance/src", "conformance"),
    ("federation/src", "federation"),
    ("idp/src", "idp"),
    ("migrations/src", "migrations"),
    ("platform/src", "platform"),
    ("records/src", "records"),
    ("tests/e2e", "e2e"),
    ("tests/harness", "harness"),
    ("xtask/src", "xtask"),
];

/// Every test function's full name.
pub fn tests() -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for (directory, prefix) in ROOTS {
        let directory = workspace().join(directory);
        if directory.is_dir() {
            walk(&directory, prefix, &mut names)?;
        }
    }
    Ok(names)
}

fn walk(directory: &Path, prefix: &str, names: &mut BTreeSet<String>) -> Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        if path.is_dir() {
            walk(&path, &format!("{prefix}::{stem}"), names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = match stem {
                "lib" | "main" | "mod" => prefix.to_owned(),
                name => format!("{prefix}::{name}"),
            };
            in_file(&std::fs::read_to_string(&path)?, &module, names);
        }
    }
    Ok(())
}

/// Relies on rustfmt's indentation to know where an inline module ends.
fn in_file(text: &str, module: &str, names: &mut BTreeSet<String>) {
    let mut inline: Vec<(usize, &str)> = Vec::new();
    let mut is_test = false;
    for line in text.lines() {
        let code = line.trim_start();
        let indentation = line.len() - code.len();
        if code == "}" && inline.last().is_some_and(|(opened, _)| *opened == indentation) {
            inline.pop();
        } else if let Some(name) = name_after(code, "mod ").filter(|_| code.ends_with('{')) {
            inline.push((indentation, name));
        } else if code.starts_with("#[test]") || code.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(name) = name_after(code, "fn ")
            && std::mem::take(&mut is_test)
        {
            let path = inline
                .iter()
                .map(|(_, name)| *name)
                .chain([name])
                .collect::<Vec<_>>()
                .join("::");
            names.insert(format!("{module}::{path}"));
        }
    }
}

/// The identifier that follows a keyword at the start of the line, after `pub`, `async` and the like.
fn name_after<'a>(code: &'a str, keyword: &str) -> Option<&'a str> {
    let start = ["", "pub ", "pub(crate) ", "async ", "pub async "]
        .iter()
        .find_map(|before| code.strip_prefix(before)?.strip_prefix(keyword))?;
    start
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .next()
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_cargo_test_prints() {
        let text = "#[test]\nfn plain() {}\nfn helper() {}\nmod tests {\n    #[tokio::test(start_paused = true)]\n    \
                    async fn inner() {\n    }\n}\n#[test]\n#[should_panic]\nfn after() {}\n";
        let mut names = BTreeSet::new();
        in_file(text, "e2e::sign_in", &mut names);
        let names: Vec<_> = names.into_iter().collect();
        assert_eq!(
            names,
            [
                "e2e::sign_in::after",
                "e2e::sign_in::plain",
                "e2e::sign_in::tests::inner"
            ]
        );
    }

    #[test]
    fn this_very_test_is_found() {
        assert!(
            super::tests()
                .unwrap()
                .contains("conformance::sources::tests::this_very_test_is_found")
        );
    }
}
