//! The build and all tests, counted from what the test programs themselves print.

use anyhow::Result;

use super::report::{Outcome, Tally};
use super::{Context, check};
use crate::process;
use crate::tools::rust::cargo;

/// The binary that end-to-end tests drive, and the tests. One call with the very features of the test run: another
/// set of features would build the big dependencies a second time.
pub fn build() -> Result<Outcome> {
    check(process::command(cargo())?.args(["build", "--workspace", "--lib", "--bins", "--tests"]))
}

/// Unit, integration, end-to-end and browser tests.
pub fn run(context: &mut Context) -> Result<Outcome> {
    let mut test = process::command(cargo())?;
    test.args(["test", "--workspace", "--no-fail-fast"])
        .envs(context.environment()?);
    println!("{}", process::shown(&test));
    let mut counter = Counter::default();
    let good = process::stream(&mut test, |line| {
        println!("{line}");
        counter.read(line);
    })?;
    Ok(Outcome::Tests(counter.finish(good)))
}

#[derive(Default)]
struct Counter {
    tally: Tally,
    /// Failures that the result lines counted, to compare with those that were named.
    failures: u64,
}

impl Counter {
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.tally.passed += count(result, " passed;");
            self.failures += count(result, " failed;");
        } else if let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.rsplit_once(" ... "))
        {
            if outcome == "FAILED" {
                self.tally.failed.push(name.to_owned());
            } else if let Some(reason) = outcome.strip_prefix("ignored") {
                self.tally.skipped.push(format!("{name}: ignored{reason}"));
            }
        }
    }

    /// `good` is how `cargo test` itself ended: a test program that does not build or dies has no result line.
    fn finish(mut self, good: bool) -> Tally {
        let named = u64::try_from(self.tally.failed.len()).unwrap_or(u64::MAX);
        for _ in named..self.failures {
            self.tally
                .failed
                .push("a test whose name was lost in its output".to_owned());
        }
        if !good && self.tally.failed.is_empty() {
            self.tally
                .failed
                .push("cargo test ended with an error but no failed test: see above".to_owned());
        }
        if good && self.tally.passed == 0 {
            self.tally.failed.push("no test ran".to_owned());
        }
        self.tally
    }
}

/// The number before `what` in `ok. 12 passed; 0 failed; …`.
fn count(result: &str, what: &str) -> u64 {
    result
        .split_once(what)
        .and_then(|(before, _)| before.rsplit(' ').next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(output: &str, good: bool) -> Tally {
        let mut counter = Counter::default();
        output.lines().for_each(|line| counter.read(line));
        counter.finish(good)
    }

    #[test]
    fn results_of_several_test_programs_are_summed() {
        let output = "running 2 tests\ntest a::b ... ok\ntest a::c - should panic ... FAILED\n\
            test result: FAILED. 11 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test d ... ignored, needs a printer\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let tally = counted(output, false);
        assert_eq!(tally.passed, 14);
        assert_eq!(tally.failed, ["a::c - should panic"]);
        assert_eq!(tally.skipped, ["d: ignored, needs a printer"]);
    }

    #[test]
    fn a_program_that_dies_without_a_result_line_is_a_failure() {
        assert_eq!(counted("test a ... ok\n", false).failed.len(), 1);
        assert_eq!(counted("", true).failed, ["no test ran"]);
    }

    #[test]
    fn a_failure_whose_line_was_torn_by_other_output_still_counts() {
        let output = "test a ... some output of the test\nFAILED\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(counted(output, false).failed.len(), 1);
    }
}
