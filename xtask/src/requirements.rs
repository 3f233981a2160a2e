//! `cargo xtask requirements`: the tables that people read, from the TOML files that people write.

use std::process::ExitCode;

use anyhow::{Context, Result};
use conformance::{clauses, modules, outcomes, requirements, reviews, sources};

/// Writes conformance/REQUIREMENTS.md, conformance/CLAUSES.md, conformance/plans/OUTCOMES.md and conformance/plans/MODULES.md
/// from the TOML files beside them.
///
/// Refuses a table that claims what no test shows: `shown` needs an end-to-end test, and every test that is named
/// must exist in the sources.
#[derive(clap::Args)]
pub struct Arguments {
    /// Writes nothing; fails when a table differs from what would be written.
    #[arg(long)]
    check: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tests = sources::tests()?;
    let requirements = requirements::load()?;
    let clauses = clauses::load()?;
    let mut problems = requirements::problems(&requirements, &tests);
    problems.extend(clauses::problems(&clauses, &tests));
    let (runs, looked, modules) = (outcomes::load()?, reviews::load()?, modules::load()?);
    problems.extend(reviews::problems(&looked, &runs));
    problems.extend(modules::problems(&modules, &runs, &tests));
    let tables = [
        (requirements::table_path(), requirements::table(&requirements)),
        (clauses::table_path(), clauses::table(&clauses)),
        (outcomes::table_path(), outcomes::table(&runs, &looked)),
        (modules::table_path(), modules::table(&modules)),
    ];
    for (path, table) in tables {
        let shown = path.display();
        if std::fs::read_to_string(&path).is_ok_and(|found| found == table) {
            println!("{shown} is current");
        } else if arguments.check {
            problems.push(format!("{shown} is not current: run `cargo xtask requirements`"));
        } else {
            std::fs::write(&path, table).with_context(|| shown.to_string())?;
            println!("{shown} written");
        }
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
