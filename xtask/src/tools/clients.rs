//! Relying parties that nobody here wrote, the browser driver and the spell checker: npm and PyPI packages, pinned.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Makes sure of all of them.
pub fn ensure() -> Result<()> {
    node()?;
    python()
}

/// The directory of the Python environment's programs.
pub fn python_programs() -> Result<PathBuf> {
    Ok(process::workspace()?.join("target/python/bin"))
}

fn node() -> Result<()> {
    let clients = process::workspace()?.join("tests/clients");
    once(
        &clients.join("package-lock.json"),
        &clients.join("node_modules/.installed-from"),
        || {
            let mut npm = process::command("npm")?;
            // The browser is Debian's.
            npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
                .current_dir(&clients);
            process::run(npm.args(["ci", "--no-audit", "--no-fund"]))
        },
    )
    .context("npm packages of tests/clients")
}

fn python() -> Result<()> {
    let programs = python_programs()?;
    let environment = process::workspace()?.join("target/python");
    let wanted = process::workspace()?.join("tests/clients/requirements.txt");
    once(&wanted, &environment.join("installed-from"), || {
        process::run(
            process::command("python3")?
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
        )?;
        let mut pip: Command = process::command(programs.join("python"))?;
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(&wanted);
        process::run(&mut pip)
    })
    .context("Python packages of tests/clients")
}

/// Installs unless the mark says that the same list was installed before.
fn once(list: &Path, mark: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = std::fs::read(list).with_context(|| list.display().to_string())?;
    if !std::fs::read(mark).is_ok_and(|installed| installed == wanted) {
        install()?;
        std::fs::write(mark, wanted)?;
    }
    println!("{} is installed", list.display());
    Ok(())
}
