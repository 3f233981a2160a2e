//! How a command is put on record before it changes anything (requirement H4.1).
//!
//! The command line has no person behind it whom the hub knows; what it has is an account of the operating system. Its
//! number allowed the command and stands in the clear, its names stand in the sealed detail.

use anyhow::Context as _;
use idp::log::{Action, Entry};
use idp::realms::Realm;

use crate::installation::Installation;

/// The service that log rows name for what was done by command.
pub const SERVICE: &str = "command line";

/// A row for something that a command does in `realm`.
pub fn entry(realm: &Realm, action: Action) -> Entry {
    by_command(Entry::permit(realm.id, action, realm.keys.data.clone())).detail("os_user", os_user())
}

/// Says in a row that a command did it, and by which account's right.
pub fn by_command(entry: Entry) -> Entry {
    let entry = Entry {
        service: SERVICE.into(),
        ..entry
    };
    entry.granted_by(format!(
        "operating system user {}",
        rustix::process::getuid().as_raw()
    ))
}

/// Writes the row; without it nothing may be changed.
pub async fn append(hub: &Installation, entry: Entry) -> anyhow::Result<()> {
    let written = hub.log().await?.append(entry).await;
    written
        .map(drop)
        .context("nothing was changed; see whether its database answers and has room")
}

fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = name_of(uid, &accounts).unwrap_or("unknown");
    match std::env::var("SUDO_USER") {
        Ok(behind) => format!("{name} ({uid}), by sudo of {behind}"),
        Err(_) => format!("{name} ({uid})"),
    }
}

/// The name of an account in a table such as `/etc/passwd`.
fn name_of(uid: u32, accounts: &str) -> Option<&str> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse::<u32>().ok()? == uid).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number_and_not_by_its_group() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\nbroken\nhub:x:998:1000::/:/bin/false\nother:x:1000:998::/:";
        assert_eq!(name_of(998, accounts), Some("hub"));
        assert_eq!(name_of(1000, accounts), Some("other"));
        assert_eq!(name_of(5, accounts), None);
    }
}
