//! The house rules that neither the compiler nor clippy knows: which way crates import, where a third-party crate
//! has its home, what a decision may touch, how long a file is. ARCHITECTURE.md says why.

use std::path::{Path, PathBuf};

/// Which crates of the workspace a crate may depend on. Whoever is not on the left is a new crate: add it here.
const IMPORTS: &[(&str, &[&str])] = &[
    (
        "musubi",
        &[
            "admin-ui",
            "federation",
            "idp",
            "migrations",
            "platform",
            "records",
        ],
    ),
    ("federation", &["idp", "platform"]),
    ("records", &["idp", "platform"]),
    ("admin-ui", &["idp", "platform"]),
    ("idp", &["platform"]),
    ("platform", &["migrations"]),
    ("migrations", &[]),
    ("conformance", &[]),
    // They drive the binary from outside: what is behind its interfaces is none of their business.
    ("e2e", &["conformance"]),
    ("xtask", &["conformance"]),
];

/// A third-party crate and the paths where code may name it: a directory ends with `/`, `*` stands before a suffix.
const HOMES: &[(&str, &[&str])] = &[
    ("sea_orm", &["platform/", "migrations/", "*/store.rs"]),
    ("sea_orm_migration", &["migrations/"]),
    ("sqlx", &["platform/src/database/"]),
    ("josekit", &["platform/src/keys/"]),
    ("openssl", &["platform/src/keys/"]),
    ("redis", &["platform/src/ephemeral/"]),
    ("reqwest", &["platform/src/outbound/", "tests/", "xtask/"]),
    ("webauthn_rs", &["idp/src/factors/passkeys/"]),
    ("totp_rs", &["idp/src/factors/totp.rs"]),
    ("lettre", &["platform/src/mail/"]),
    (
        "axum",
        &[
            "src/",
            "platform/src/http/",
            "*/api.rs",
            "*/pages.rs",
            "*/endpoints/*.rs",
            "idp/src/admin/tests/",
            "idp/src/testing.rs",
        ],
    ),
];

/// What a `model.rs` does not touch: it decides, and others fetch and answer.
const IMPURE: &[&str] = &["axum", "redis", "reqwest", "sea_orm", "sqlx", "tokio"];

const LONGEST_FILE: usize = 600;

/// Spelled in halves, so that this file does not break the rule it holds.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("#", "[ignore"),
];

struct Source {
    /// From the root of the workspace, with `/`.
    path: String,
    text: String,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// All Rust sources of the workspace.
fn sources() -> Vec<Source> {
    let root = workspace();
    let mut directories = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !name.starts_with('.') && !["target", "data", "node_modules"].contains(&name)
            {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(sources.len() > 20, "the sources of the workspace were not found");
    sources
}

/// The lines that are not comments, counted from 1.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether the line names the crate: `name::…` that is not the tail of another path, or `use name`; not in a string.
fn names_crate(line: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let starts = before.is_none_or(|letter| !is_part(letter) && letter != ':' && letter != '.');
        let imported = line[..at].trim_end().ends_with("use") && !after.starts_with(is_part);
        let quoted = line[..at].matches('"').count() % 2 == 1;
        starts && !quoted && (after.starts_with("::") || imported)
    })
}

fn is_home(path: &str, homes: &[&str]) -> bool {
    homes.iter().any(|home| match home.split_once('*') {
        None => path.starts_with(home),
        Some(("", suffix)) if !suffix.contains('*') => path.ends_with(suffix),
        Some((_, rest)) => {
            let (middle, suffix) = rest.split_once('*').unwrap();
            path.contains(middle) && path.ends_with(suffix)
        }
    })
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn crates_import_downwards_only() {
    let root = workspace();
    let manifest = |path: &Path| -> toml::Table { std::fs::read_to_string(path).unwrap().parse().unwrap() };
    let members = manifest(&root.join("Cargo.toml"))["workspace"]["members"]
        .as_array()
        .unwrap()
        .clone();
    let mut manifests = vec![root.join("Cargo.toml")];
    manifests.extend(
        members
            .iter()
            .map(|member| root.join(member.as_str().unwrap()).join("Cargo.toml")),
    );
    let mut broken = Vec::new();
    for manifest in manifests.iter().map(|path| manifest(path)) {
        let name = manifest["package"]["name"].as_str().unwrap();
        let Some((_, allowed)) = IMPORTS.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("{name} is not in the table of imports"));
            continue;
        };
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = manifest.get(kind).and_then(toml::Value::as_table);
            for dependency in dependencies.into_iter().flat_map(toml::Table::keys) {
                let ours = IMPORTS.iter().any(|(known, _)| known == dependency);
                if ours && !allowed.contains(&dependency.as_str()) {
                    broken.push(format!("{name} may not depend on {dependency} ({kind})"));
                }
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn third_party_crates_stay_in_their_homes() {
    let mut broken = Vec::new();
    for Source { path, text } in sources() {
        for (name, homes) in HOMES {
            let lines = code(&text).filter(|(_, line)| names_crate(line, name));
            if !is_home(&path, homes) {
                broken.extend(
                    lines.map(|(number, _)| {
                        format!("{path}:{number}: {name} belongs in {}", homes.join(", "))
                    }),
                );
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn models_decide_without_input_output_or_waiting() {
    let mut broken = Vec::new();
    for Source { path, text } in sources()
        .iter()
        .filter(|source| source.path.ends_with("/model.rs"))
    {
        for (number, line) in code(text) {
            let waits = line.contains(".await") || line.contains("async ");
            if waits || IMPURE.iter().any(|name| names_crate(line, name)) {
                broken.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn every_file_says_what_it_is_for_and_is_short_enough_to_read() {
    let mut broken = Vec::new();
    for Source { path, text } in sources() {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            broken.push(format!("{path} has {lines} lines, more than {LONGEST_FILE}"));
        }
        let opens = text.lines().next().unwrap_or_default();
        if opens
            .strip_prefix("//!")
            .is_none_or(|purpose| purpose.trim().len() < 3)
        {
            broken.push(format!("{path} does not open with //! and what it is for"));
        }
    }
    assert_none(&broken);
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_switched_off() {
    let mut broken = Vec::new();
    for Source { path, text } in sources() {
        for (index, line) in text.lines().enumerate() {
            if UNFINISHED.iter().any(|word| line.contains(word)) {
                broken.push(format!("{path}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn the_rules_themselves_see_what_they_should() {
    for named in [
        "use axum::Router;",
        "    axum::serve(",
        "use axum;",
        "fn f(x: &axum::body::Body)",
        "pub use axum::http;",
    ] {
        assert!(names_crate(named, "axum"), "{named}");
    }
    for other in [
        "my_axum::x",
        "self::axum::x",
        "config.axum",
        "let axum = 1;",
        "use axum_extra::x;",
    ] {
        assert!(!names_crate(other, "axum"), "{other}");
    }
    let (_, homes) = HOMES.iter().find(|(name, _)| *name == "axum").unwrap();
    for home in [
        "src/serve.rs",
        "idp/src/people/api.rs",
        "idp/src/oauth/endpoints/token.rs",
        "platform/src/http/mod.rs",
    ] {
        assert!(is_home(home, homes), "{home}");
    }
    for other in [
        "idp/src/people/model.rs",
        "idp/src/people/store.rs",
        "idp/src/oauth/grants/refresh.rs",
    ] {
        assert!(!is_home(other, homes), "{other}");
    }
}
