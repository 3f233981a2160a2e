//! Debian packages, and the programs that a development machine has anyway.

use anyhow::{Result, bail, ensure};

use crate::process;

/// Servers, the browser and its fonts, and what starts them. Each is used by a test.
const PACKAGES: &[&str] = &[
    "apache2",
    "chromium",
    "chrony",
    "curl",
    "fonts-noto-cjk",
    "libapache2-mod-auth-openidc",
    "libfaketime",
    "postgresql",
    "python3-venv",
    "redis-server",
];

/// Programs that are assumed, each with the package to get it from.
const PROGRAMS: &[(&str, &str)] = &[
    ("cc", "build-essential"),
    ("cmake", "cmake"),
    ("make", "build-essential"),
    ("node", "nodejs, 20.19 or newer"),
    ("npm", "npm"),
    ("openssl", "openssl"),
    ("perl", "perl"),
    ("python3", "python3"),
    ("setpriv", "util-linux"),
];

/// Makes sure of all of them; an error says what to run.
pub fn ensure() -> Result<()> {
    ensure!(
        process::find("dpkg-query").is_some(),
        "the tests' servers are installed as Debian packages; this is no Debian"
    );
    let missing: Vec<&str> = PACKAGES
        .iter()
        .copied()
        .filter(|package| !installed(package))
        .collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    let absent: Vec<String> = PROGRAMS
        .iter()
        .filter(|(program, _)| process::find(program).is_none())
        .map(|(program, package)| format!("{program} (Debian: {package})"))
        .collect();
    ensure!(absent.is_empty(), "not on the path: {}", absent.join(", "));
    println!(
        "{} packages and {} programs are there",
        PACKAGES.len(),
        PROGRAMS.len()
    );
    Ok(())
}

fn installed(package: &str) -> bool {
    let mut query = std::process::Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    process::output(&mut query).is_ok_and(|status| status == "installed")
}

fn install(packages: &[&str]) -> Result<()> {
    if !process::is_root() {
        bail!(
            "missing: {}. As root:\n  apt-get update && apt-get install --yes --no-install-recommends {}",
            packages.join(", "),
            packages.join(" ")
        );
    }
    println!("installing {}", packages.join(", "));
    // A fresh machine has no package lists, an old one stale ones: then the first try fails.
    if apt_get(&["install", "--yes", "--no-install-recommends"], packages).is_err() {
        apt_get(&["update"], &[])?;
        apt_get(&["install", "--yes", "--no-install-recommends"], packages)?;
    }
    Ok(())
}

fn apt_get(arguments: &[&str], packages: &[&str]) -> Result<()> {
    let mut apt = process::command("apt-get")?;
    apt.env("DEBIAN_FRONTEND", "noninteractive")
        .arg("--quiet")
        .args(arguments)
        .args(packages);
    process::run(&mut apt)
}
