//! cargo-deny, from crates.io.

use anyhow::Result;

use super::rust::cargo;
use crate::process;

/// What is installed when there is none, or an older one that does not understand deny.toml.
const VERSION: (u32, u32, u32) = (0, 20, 2);

/// Makes sure of it. Built without optimisation: three quarters of a minute instead of many, and it runs two seconds.
pub fn ensure() -> Result<()> {
    let found =
        process::command(cargo()).and_then(|mut cargo| process::output(cargo.args(["deny", "--version"])));
    if let Some(found) = found
        .ok()
        .as_deref()
        .and_then(version)
        .filter(|found| *found >= VERSION)
    {
        println!("cargo-deny {}.{}.{} is there", found.0, found.1, found.2);
        return Ok(());
    }
    let (major, minor, patch) = VERSION;
    let wanted = format!("cargo-deny@{major}.{minor}.{patch}");
    process::run(process::command(cargo())?.args(["install", &wanted, "--locked", "--debug", "--force"]))
}

fn version(line: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = line
        .trim()
        .strip_prefix("cargo-deny ")?
        .split('.')
        .map(str::parse);
    Some((
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_compare_as_numbers_not_as_text() {
        assert!(version("cargo-deny 0.20.2\n") > version("cargo-deny 0.9.14"));
        assert_eq!(version("something else"), None);
    }
}
