//! The style sheet: nothing unstyled, nothing unused, and the contrast that its first lines promise
//! (WCAG 2.2 success criteria 1.4.6 and 1.4.11).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::html::Html;
use super::{Language, Sample, ordinary_words, root, samples, texts};

fn style_sheet() -> String {
    fs::read_to_string(root().join("assets/musubi.css")).unwrap()
}

#[test]
fn every_class_on_a_page_is_styled_and_every_styled_class_is_on_a_page() {
    let mut used = BTreeSet::new();
    for language in Language::ALL {
        for Sample { html, .. } in samples::all(&ordinary_words(), &texts(language)) {
            for element in Html::parse(&html.unwrap()).all("[class]") {
                used.extend(element.attr("class").unwrap().split(' ').map(str::to_owned));
            }
        }
    }
    let sheet = style_sheet();
    // A class follows its point and begins with a letter; `.5rem` and `.12s` do not.
    let styled: BTreeSet<String> = sheet
        .split('.')
        .skip(1)
        .map(|rest| {
            rest.split(|character: char| !character.is_ascii_lowercase() && character != '-')
                .next()
                .unwrap()
        })
        .filter(|class| !class.is_empty())
        .map(str::to_owned)
        .collect();
    assert_eq!(used, styled);
}

/// The custom properties that are colours, of the light and of the dark scheme.
fn schemes() -> [BTreeMap<String, [f64; 3]>; 2] {
    let sheet = style_sheet();
    let (light, rest) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let (dark, _) = rest.split_once("@media").unwrap();
    let colours = |text: &str| {
        let mut colours = BTreeMap::new();
        for line in text.lines() {
            let pair = line
                .trim()
                .strip_prefix("--")
                .and_then(|line| line.strip_suffix(';')?.split_once(": #"));
            if let Some((name, hex)) = pair {
                let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
                colours.insert(name.to_owned(), [part(0), part(2), part(4)]);
            }
        }
        colours
    };
    let light = colours(light);
    let mut both = light.clone();
    both.extend(colours(dark));
    [light, both]
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [red, green, blue] = colour.map(|part| {
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.0722f64.mul_add(blue, 0.2126f64.mul_add(red, 0.7152 * green))
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_keeps_seven_to_one_and_edges_three_to_one_in_both_schemes() {
    let text = [
        ("ink", "ground alert-ground care-ground well-ground tint sheet"),
        ("quiet", "ground sheet tint"),
        ("deed", "ground sheet tint"),
        ("deed-strong", "ground sheet tint"),
        ("on-deed", "deed deed-strong"),
        ("alert-ink", "alert-ground sheet"),
    ];
    let edges = [
        ("edge", "sheet tint"),
        ("focus", "ground sheet tint alert-ground"),
        ("alert-edge", "sheet alert-ground"),
        ("care-edge", "sheet care-ground"),
        ("well-edge", "sheet well-ground"),
        ("cord", "ground sheet"),
    ];
    for scheme in schemes() {
        for (pairs, least) in [(&text, 7.0), (&edges, 3.0)] {
            for (above, grounds) in pairs {
                for below in grounds.split(' ') {
                    let ratio = contrast(scheme[*above], scheme[below]);
                    assert!(ratio >= least, "{above} on {below}: {ratio:.2}");
                }
            }
        }
    }
}
