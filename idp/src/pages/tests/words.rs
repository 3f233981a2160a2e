//! The texts: complete in every language, each asked for, none missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use fluent_templates::fluent_bundle::FluentResource;

use super::{Language, root};

/// The texts of a language: key → names of its placeholders.
fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    for entry in fs::read_dir(root().join("locales").join(language.tag())).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        let resource =
            FluentResource::try_new(source.clone()).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
        let mut message = String::new();
        let before = keys.len();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line
                .split_once(" =")
                .filter(|(key, _)| !key.starts_with([' ', '*', '}', '[']))
            {
                message = key.to_owned();
                assert!(
                    keys.insert(message.clone(), BTreeSet::new()).is_none(),
                    "{message} twice in {}",
                    language.tag()
                );
            }
            for rest in line.split('$').skip(1) {
                let name = rest
                    .split(|character: char| !character.is_ascii_alphanumeric())
                    .next()
                    .unwrap_or_default();
                keys.get_mut(&message).unwrap().insert(name.to_owned());
            }
        }
        let messages = resource
            .entries()
            .filter(|entry| format!("{entry:?}").starts_with("Message"))
            .count();
        assert_eq!(
            messages,
            keys.len() - before,
            "the reader of this test and Fluent see the same texts"
        );
    }
    keys
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_placeholders() {
    assert_eq!(keys(Language::Ja), keys(Language::En));
    assert!(keys(Language::Ja).len() > 100);
}

#[test]
fn every_text_that_is_asked_for_exists_and_every_text_is_asked_for() {
    let mut asked = BTreeSet::new();
    for directory in ["templates", "src/pages"] {
        for entry in fs::read_dir(root().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() || path.ends_with("pages/tests.rs") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let source = source
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            for call in ["say(", "with(", "count("] {
                for rest in source.split(call).skip(1) {
                    if let Some(key) = rest
                        .trim_start()
                        .strip_prefix('"')
                        .and_then(|rest| rest.split('"').next())
                    {
                        asked.insert(key.to_owned());
                    }
                }
            }
        }
    }
    // `starts_with("//")` and its like are calls too.
    asked.retain(|key| {
        key.chars()
            .all(|character| character.is_ascii_lowercase() || character == '-')
            && key.contains('-')
    });
    let known: BTreeSet<String> = keys(Language::Ja).into_keys().collect();
    assert_eq!(asked, known);
}
