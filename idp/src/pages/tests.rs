//! What holds for every page, in every state and language, whatever stands in its fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Assets, Language, Moment, Texts, Zone};

pub(in crate::pages) mod html;
#[path = "../../examples/gallery/samples.rs"]
mod samples;
mod styles;
mod words;
use html::Html;
use samples::{Sample, Words};

use crate::contact::{Channel, Topic};
use crate::factors::picture;
use crate::notices::Notice;
use crate::pages;
use crate::people::{Field, Via};
use crate::staff::words::EncounterKind;
use crate::ties::{Power, Powers, Relation};

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' style='x' \u{202E}gpj.exe\u{2066}\0\u{85} &amp; 👩‍⚕️ ]]>--><!-- {{ v.login }} { $name }";

fn hostile_words(text: &str) -> Words<'_> {
    Words {
        realm: text,
        help: text,
        name: text,
        login: text,
        email: text,
        number: text,
        client: text,
        other_client: text,
        host: text,
        url: text,
        local: text,
        scope: text,
        address: text,
        user_agent: text,
        id: text,
        now: Moment(i64::MIN),
    }
}

fn ordinary_words() -> Words<'static> {
    Words {
        local: "/signin?interaction=1",
        url: "https://clinic.example/",
        now: Moment(1_795_323_780_000_000),
        ..hostile_words("ordinary")
    }
}

fn texts(language: Language) -> Texts {
    Texts::new(language, Zone::named("Asia/Tokyo").unwrap())
}

/// Calls `check` with the name, the source and the document of every page.
fn for_every_page(words: &Words<'_>, check: impl Fn(Language, &str, &str, &Html)) {
    for language in Language::ALL {
        for Sample { name, html } in samples::all(words, &texts(language)) {
            let html = html.unwrap();
            check(
                language,
                &format!("{} {name}", language.tag()),
                &html,
                &Html::parse(&html),
            );
        }
    }
}

fn inputs() -> Vec<String> {
    let hostile = HOSTILE.to_owned();
    vec![
        hostile,
        "あ".repeat(10_000),
        "\u{202E}\u{2067}\u{200F}".repeat(50),
        "/\u{202E}/evil.example".to_owned(),
        "javascript:alert(1)".to_owned(),
        "//evil.example".to_owned(),
        "\0".to_owned(),
        String::new(),
        "ordinary".to_owned(),
    ]
}

#[test]
fn no_field_can_bring_an_element_an_attribute_or_a_script_into_a_page() {
    let mut plain = BTreeMap::new();
    for language in Language::ALL {
        for Sample { name, html } in samples::all(&ordinary_words(), &texts(language)) {
            plain.insert((language.tag(), name), elements(&Html::parse(&html.unwrap())));
        }
    }
    let words = Words {
        local: "/x",
        url: "https://clinic.example/",
        now: ordinary_words().now,
        ..hostile_words(HOSTILE)
    };
    for language in Language::ALL {
        for Sample { name, html } in samples::all(&words, &texts(language)) {
            let html = html.unwrap();
            assert!(
                !html.contains("<script>") && !html.contains("<img src=x"),
                "{name}"
            );
            assert!(!html.contains(['\0', '\u{85}', '\u{202E}', '\u{2066}']), "{name}");
            let expected = &plain[&(language.tag(), name.clone())];
            assert_eq!(&elements(&Html::parse(&html)), expected, "{name}");
        }
    }
}

/// The names of all elements with the names of their attributes, in order.
fn elements(document: &Html) -> Vec<String> {
    document
        .all("*")
        .iter()
        .map(|element| {
            let attributes: Vec<_> = element.attributes.iter().map(|(name, _)| name).collect();
            format!("{} {attributes:?}", element.name)
        })
        .collect()
}

#[test]
fn every_page_is_valid_for_a_strict_policy_and_leads_nowhere_unasked() {
    for input in inputs() {
        for_every_page(&hostile_words(&input), |_, name, html, document| {
            assert!(document.errors.is_empty(), "{name}: {:?}", document.errors);
            assert!(
                document
                    .all("style, iframe, object, embed, base, meta[http-equiv], link[rel=preload]")
                    .is_empty(),
                "{name}"
            );
            for script in document.all("script") {
                let ours = script
                    .attr("src")
                    .and_then(|url| Assets::get(url.strip_prefix("/assets/")?));
                assert!(
                    ours.is_some() && script.text.is_empty(),
                    "{name}: a script that is not a file of ours"
                );
            }
            for element in document.all("*") {
                for (attribute, value) in &element.attributes {
                    assert!(
                        !attribute.starts_with("on") && attribute != "style",
                        "{name}: {attribute}"
                    );
                    if matches!(attribute.as_str(), "href" | "src" | "action" | "formaction") {
                        let local = value.starts_with('/') && !value.starts_with("//");
                        assert!(local || value.starts_with('#'), "{name}: {attribute}={value}");
                    }
                }
            }
            assert!(html.starts_with("<!doctype html>"), "{name}");
        });
    }
}

#[test]
fn every_page_says_its_language_and_offers_the_others() {
    for_every_page(&ordinary_words(), |language, name, _, document| {
        assert_eq!(
            document.all("html")[0].attr("lang"),
            Some(language.tag()),
            "{name}"
        );
        let links = document.inside(document.all("nav")[0], "a[hreflang]");
        assert_eq!(links.len(), Language::ALL.len(), "{name}");
        for link in links {
            let tag = link.attr("hreflang").unwrap();
            assert_eq!(
                link.attr("href"),
                Some(format!("/signin?interaction=1&ui_locales={tag}").as_str()),
                "{name}"
            );
            assert_eq!(
                link.attr("aria-current").is_some(),
                tag == language.tag(),
                "{name}"
            );
        }
    });
}

#[test]
fn every_page_has_one_first_heading_and_skips_no_level() {
    for_every_page(&ordinary_words(), |_, name, _, document| {
        let levels: Vec<u8> = document
            .all("h1, h2, h3, h4, h5, h6")
            .iter()
            .map(|heading| heading.name.as_bytes()[1] - b'0')
            .collect();
        assert_eq!(levels[0], 1, "{name}");
        assert!(!levels[1..].contains(&1), "{name}");
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "{name}: {levels:?}"
        );
        assert_eq!(document.all("main").len(), 1, "{name}");
        assert!(document.all("title")[0].text.len() > 3, "{name}");
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_has_its_target() {
    for_every_page(&ordinary_words(), |_, name, _, document| {
        let ids: Vec<&str> = document
            .all("[id]")
            .iter()
            .filter_map(|element| element.attr("id"))
            .collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "{name}: an id twice"
        );
        for input in document.all("input[type!=hidden], select, textarea") {
            let id = input
                .attr("id")
                .unwrap_or_else(|| panic!("{name}: a field without id"));
            assert_eq!(document.all(&format!("label[for={id}]")).len(), 1, "{name}: {id}");
            assert!(input.attr("autocomplete").is_some(), "{name}: {id}");
        }
        for element in document.all("[aria-describedby], [aria-labelledby], label[for]") {
            for attribute in ["aria-describedby", "aria-labelledby", "for"] {
                for id in element
                    .attr(attribute)
                    .unwrap_or_default()
                    .split_ascii_whitespace()
                {
                    assert!(ids.contains(&id), "{name}: {id}");
                }
            }
        }
        for link in document.all("a[href^=#]") {
            assert!(ids.contains(&&link.attr("href").unwrap()[1..]), "{name}");
        }
        for named in document.all("button, a, label, h1, h2, h3, th, dt, li") {
            assert!(
                !named.text.trim().is_empty(),
                "{name}: nothing said in {}",
                named.name
            );
        }
        assert!(
            document
                .all("img")
                .iter()
                .all(|image| image.attr("alt").is_some()),
            "{name}"
        );
    });
}

#[test]
fn every_form_posts_to_this_host_and_carries_the_csrf_value() {
    let words = Words {
        id: "the-csrf-value",
        ..ordinary_words()
    };
    for_every_page(&words, |_, name, _, document| {
        for form in document.all("form") {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            assert_eq!(form.attr("action"), Some("/signin?interaction=1"), "{name}");
            let csrf = document.inside(form, "input[type=hidden][name=csrf]");
            assert_eq!(csrf.len(), 1, "{name}");
            assert_eq!(csrf[0].attr("value"), Some("the-csrf-value"), "{name}");
        }
    });
}

#[test]
fn passwords_are_never_filled_in_and_say_which_kind_they_are() {
    for_every_page(&ordinary_words(), |_, name, _, document| {
        for field in document.all("input[type=password]") {
            assert_eq!(field.attr("value"), None, "{name}");
            let expected = if name.contains("sign-in") || field.attr("name") == Some("current") {
                "current-password"
            } else {
                "new-password"
            };
            assert_eq!(field.attr("autocomplete"), Some(expected), "{name}");
        }
    });
}

#[test]
fn a_problem_is_announced_and_tied_to_its_field() {
    for_every_page(&ordinary_words(), |_, name, _, document| {
        let problems = [
            "wrong",
            "missing",
            "throttled",
            "sign-in-busy",
            "sign-in-expired",
            "problem",
            "code-expired",
            "mismatch",
        ];
        let alerts = document.all("[role=alert]").len();
        assert_eq!(
            alerts,
            usize::from(problems.iter().any(|word| name.contains(word))),
            "{name}"
        );
        for field in document.all("[aria-invalid=true]") {
            assert!(
                field
                    .attr("aria-describedby")
                    .unwrap()
                    .split(' ')
                    .any(|id| id == "problem"),
                "{name}"
            );
        }
    });
}

#[test]
fn wrong_credentials_do_not_say_which_of_the_two_is_wrong() {
    for_every_page(&ordinary_words(), |_, name, _, document| {
        if name.ends_with("sign-in-wrong") {
            assert_eq!(document.all("[aria-invalid=true]").len(), 2, "{name}");
        }
    });
}

#[test]
fn every_file_that_a_page_asks_for_exists() {
    for_every_page(&ordinary_words(), |_, name, _, document| {
        for element in document.all("link[href], img[src], script[src]") {
            let url = element.attr("href").or(element.attr("src")).unwrap();
            assert!(
                Assets::get(url.strip_prefix("/assets/").unwrap()).is_some(),
                "{name}: {url}"
            );
        }
    });
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
