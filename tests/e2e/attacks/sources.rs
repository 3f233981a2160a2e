//! What the sources say of themselves, so that no endpoint and no kind of secret is forgotten.

use std::collections::BTreeSet;

use harness::tools;

/// The Rust sources under a directory of the workspace: path and text.
pub(super) fn sources(under: &str) -> Vec<(String, String)> {
    let root = tools::workspace();
    let mut directories = vec![root.join(under)];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let skipped = name.starts_with('.') || ["target", "data", "node_modules"].contains(&name);
            if path.is_dir() && !skipped {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.to_str().unwrap().to_owned(), text));
            }
        }
    }
    found
}

/// A source without its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// The text of a call from behind its opening parenthesis to the closing one.
fn call(text: &str) -> &str {
    let mut depth = 1_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// The value of a constant of this source.
fn constant<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("const {name}: &str = \""))?;
    rest.split('"').next()
}

/// The names under which the hub hashes what it is given, or keeps what is used once.
pub(super) fn kinds() -> BTreeSet<String> {
    let all = sources("idp/src");
    let everywhere = |name: &str| all.iter().find_map(|(_, text)| constant(text, name));
    let mut names = BTreeSet::new();
    for (path, text) in &all {
        if path.contains("/tests") || path.ends_with("testing.rs") {
            continue;
        }
        let text = code(text);
        for (function, place) in [("token_hash(", 0), ("keyed_hash(", 1), ("use_once(", 2)] {
            for rest in text.split(function).skip(1) {
                let arguments = call(rest);
                let Some(said) = arguments.split(',').nth(place).map(str::trim) else {
                    continue;
                };
                if let Some(name) = said.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
                    names.insert(name.to_owned());
                } else if !said.is_empty()
                    && said
                        .chars()
                        .all(|letter| letter.is_ascii_uppercase() || letter == '_')
                {
                    let value = constant(text, said).or_else(|| everywhere(said));
                    names.insert(value.unwrap_or(said).to_owned());
                }
            }
        }
        // Those that are chosen from a list: the list stands in the same source.
        if text.contains("token_hash(kind") || text.contains("token_hash(sent.kind()") {
            let listed = literals(text).filter(|name| {
                (name.starts_with("mails") || name.starts_with("recoveries-")) && !name.contains('.')
            });
            names.extend(listed.map(str::to_owned));
        }
    }
    names
}

/// An endpoint: its path, and the methods that it takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    pub path: String,
    pub methods: Vec<&'static str>,
}

/// Every route that the sources make, those of the described API aside.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut found = Vec::new();
    for (path, text) in [sources("idp/src"), sources("src")].concat() {
        if path.contains("/tests") {
            continue;
        }
        for rest in code(&text).split(".route(").skip(1) {
            let arguments = call(rest);
            let Some(path) = literals(arguments).next() else {
                continue;
            };
            let methods = ["get", "post", "put", "delete", "patch"]
                .into_iter()
                .filter(|method| {
                    [format!(" {method}("), format!(".{method}(")]
                        .iter()
                        .any(|call| arguments.contains(call))
                })
                .collect();
            found.push(Endpoint {
                path: path.to_owned(),
                methods,
            });
        }
    }
    found.sort();
    assert!(found.len() > 40, "the routes were not found: {found:?}");
    found
}
