//! What a person saw on the pages that the conformance suite asks to be looked at: `plans/reviews.toml`. A review is of
//! the pages of one hub; those of a later run have not been looked at before somebody says so here.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::directory;
use crate::outcomes::Run;

/// One module's page, looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The runs whose pages are meant.
    pub runs: Vec<String>,
    /// The suite's name of the module.
    pub module: String,
    /// The commit of the hub whose pages they are.
    pub hub: String,
    /// What they show, and whether that is what the module asks for.
    pub shows: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    review: Vec<Review>,
}

/// Reads `plans/reviews.toml`.
pub fn load() -> Result<Vec<Review>> {
    let path = directory().join("plans/reviews.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(toml::from_str::<File>(&text)
        .with_context(|| path.display().to_string())?
        .review)
}

/// What is said of the page of a module of a run.
pub fn of<'a>(reviews: &'a [Review], run: &Run, module: &str) -> &'a str {
    reviews
        .iter()
        .find(|review| review.hub == run.hub && review.module == module && review.runs.contains(&run.run))
        .map_or("nobody has looked at the page yet", |review| &review.shows)
}

/// Reviews of what no run asks for; empty when there is none.
pub fn problems(reviews: &[Review], runs: &[Run]) -> Vec<String> {
    let asked: BTreeSet<(&str, &str, &str)> = runs
        .iter()
        .flat_map(|run| {
            let asked = run.module.iter().filter(|module| module.result == "REVIEW");
            asked.map(|module| (run.run.as_str(), module.name.as_str(), run.hub.as_str()))
        })
        .collect();
    let mut problems = Vec::new();
    for review in reviews {
        for run in &review.runs {
            if !asked.contains(&(run.as_str(), review.module.as_str(), review.hub.as_str())) {
                let (module, hub) = (&review.module, &review.hub);
                problems.push(format!("{run} kept no page of {module} at {hub}"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcomes;

    #[test]
    fn only_pages_of_the_recorded_runs_are_reviewed() {
        let problems = problems(&load().unwrap(), &outcomes::load().unwrap());
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_review_counts_for_the_pages_of_its_own_hub_alone() {
        let text = "[[review]]\nruns = ['r']\nmodule = 'm'\nhub = 'one'\nshows = 'a page'\n";
        let reviews = toml::from_str::<File>(text).unwrap().review;
        let run = |hub: &str| {
            let text = format!(
                "run = 'r'\nplan = 'p'\ndate = 'd'\nsuite = 's'\nhub = '{hub}'\nvariant = {{}}\n[[module]]\nname = 'm'\nresult = 'REVIEW'\n"
            );
            toml::from_str::<Run>(&text).unwrap()
        };
        assert_eq!(of(&reviews, &run("one"), "m"), "a page");
        assert_eq!(
            of(&reviews, &run("two"), "m"),
            "nobody has looked at the page yet"
        );
        assert!(problems(&reviews, &[run("one")]).is_empty());
        assert_eq!(problems(&reviews, &[run("two")]), ["r kept no page of m at one"]);
    }
}
