//! What happened, step by step, and the sums.

use std::fmt;
use std::time::Duration;

/// How a step ended.
pub enum Outcome {
    /// A check that found nothing wrong: counts as one.
    Passed,
    /// A check that found something, or could not be made: counts as one.
    Failed(String),
    /// Not made, and why: counts as one.
    Skipped(String),
    /// A test suite, counted test by test.
    Tests(Tally),
}

/// Counted tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// The names of those that failed, or what else went wrong.
    pub failed: Vec<String>,
    /// The names of those that were not run, with the reason.
    pub skipped: Vec<String>,
}

/// All steps so far.
#[derive(Default)]
pub struct Report {
    steps: Vec<(&'static str, Duration, Outcome)>,
}

impl Report {
    /// Notes how a step ended, and says so.
    pub fn add(&mut self, name: &'static str, time: Duration, outcome: Outcome) {
        if let Outcome::Failed(why) = &outcome {
            println!("FAILED: {why}");
        }
        self.steps.push((name, time, outcome));
    }

    /// Whether a step of this name has passed.
    pub fn has_passed(&self, name: &str) -> bool {
        self.steps
            .iter()
            .any(|(step, _, outcome)| *step == name && matches!(outcome, Outcome::Passed))
    }

    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.sum().failed.is_empty()
    }

    fn sum(&self) -> Tally {
        let mut sum = Tally::default();
        for (name, _, outcome) in &self.steps {
            match outcome {
                Outcome::Passed => sum.passed += 1,
                Outcome::Failed(why) => sum.failed.push(format!("{name}: {why}")),
                Outcome::Skipped(why) => sum.skipped.push(format!("{name}: {why}")),
                Outcome::Tests(tests) => {
                    sum.passed += tests.passed;
                    sum.failed.extend(tests.failed.iter().cloned());
                    sum.skipped.extend(tests.skipped.iter().cloned());
                }
            }
        }
        sum
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, time, outcome) in &self.steps {
            write!(formatter, "{name:<26}{:>8.1} s  ", time.as_secs_f64())?;
            match outcome {
                Outcome::Passed => writeln!(formatter, "passed")?,
                Outcome::Failed(_) => writeln!(formatter, "failed")?,
                Outcome::Skipped(_) => writeln!(formatter, "skipped")?,
                Outcome::Tests(tests) => writeln!(formatter, "{}", Counts(tests))?,
            }
        }
        let sum = self.sum();
        for failed in &sum.failed {
            writeln!(formatter, "failed: {failed}")?;
        }
        for skipped in &sum.skipped {
            writeln!(formatter, "skipped: {skipped}")?;
        }
        write!(formatter, "{}", Counts(&sum))
    }
}

struct Counts<'a>(&'a Tally);

impl fmt::Display for Counts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            passed,
            failed,
            skipped,
        } = self.0;
        write!(
            formatter,
            "{passed} passed, {} failed, {} skipped",
            failed.len(),
            skipped.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_checks_and_tests_and_the_lines_before_say_why() {
        let mut report = Report::default();
        report.add("format", Duration::ZERO, Outcome::Passed);
        report.add(
            "advisories",
            Duration::ZERO,
            Outcome::Skipped("no database".to_owned()),
        );
        let tests = Tally {
            passed: 40,
            failed: vec!["idp::x".to_owned()],
            skipped: Vec::new(),
        };
        report.add("tests", Duration::ZERO, Outcome::Tests(tests));
        let text = report.to_string();
        let lines: Vec<_> = text.lines().rev().collect();
        assert_eq!(lines[0], "41 passed, 1 failed, 1 skipped");
        assert_eq!(lines[1], "skipped: advisories: no database");
        assert_eq!(lines[2], "failed: idp::x");
        assert!(!report.is_good());
        assert!(report.has_passed("format") && !report.has_passed("advisories"));
    }
}
