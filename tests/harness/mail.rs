//! A mail server that keeps what it is given: aiosmtpd on a free port of this machine.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde::Deserialize;
use tempfile::TempDir;

use crate::tools;

/// The server; it ends when this goes.
#[derive(Debug)]
pub struct MailSink {
    directory: TempDir,
    process: Child,
    port: u16,
}

/// A mail as the server got it.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Names and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The subject, decoded.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The text as HTML.
    pub html: String,
    /// Whether it came over TLS.
    pub encrypted: bool,
}

impl Mail {
    /// The first address in the text that begins with `start`.
    pub fn link(&self, start: &str) -> String {
        let found = self.text.split_whitespace().find(|word| word.starts_with(start));
        found
            .unwrap_or_else(|| panic!("no link to {start} in:\n{}", self.text))
            .to_owned()
    }

    /// The first line of the text that is a number.
    pub fn code(&self) -> String {
        let digits = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
        let found = self.text.lines().map(str::trim).find(digits);
        found
            .unwrap_or_else(|| panic!("no code in:\n{}", self.text))
            .to_owned()
    }
}

impl MailSink {
    /// Starts one that takes mail as it comes.
    pub fn start() -> Self {
        Self::launch(&[])
    }

    /// Starts one that takes no mail without `STARTTLS`; it shows this certificate.
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        Self::launch(&[certificate, key])
    }

    fn launch(arguments: &[&Path]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut python = tools::python("mail_sink.py");
        python.arg(directory.path()).args(arguments);
        let mut process = python
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{python:?} does not start: {error}"));
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("its port");
        let port = line.trim().parse().unwrap_or_else(|_| {
            panic!("the mail server did not start; is aiosmtpd installed? run `cargo xtask tools`")
        });
        Self {
            directory,
            process,
            port,
        }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The settings that lead a hub to it. A failed mail is tried again after a second.
    pub fn configuration(&self) -> String {
        format!(
            "[smtp]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"no-reply@id.example.jp\"\nretry_seconds = 1\n",
            self.port
        )
    }

    /// Answers every recipient like this from now on, or takes mail again.
    pub fn answer(&self, answer: Option<&str>) {
        let path = self.directory.path().join("answer");
        match answer {
            Some(answer) => std::fs::write(path, answer).expect("a file"),
            // It may never have been there.
            None => drop(std::fs::remove_file(path)),
        }
    }

    /// All that it got so far, in its order.
    pub fn mails(&self) -> Vec<Mail> {
        let mut names: Vec<_> = std::fs::read_dir(self.directory.path())
            .expect("its directory")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .filter(|name| name.ends_with("json") && !name.starts_with('.'))
            .collect();
        names.sort();
        let read = |name: &String| std::fs::read(self.directory.path().join(name)).expect("a mail");
        names
            .iter()
            .map(|name| serde_json::from_slice(&read(name)).expect("a mail"))
            .collect()
    }

    /// The mails to an address.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mails();
        mails.retain(|mail| mail.to == [address]);
        mails
    }

    /// Waits for the mail to an address whose subject holds a text; the newest one.
    pub async fn wait_for(&self, address: &str, subject: &str) -> Mail {
        let find = || {
            let mails = self.to(address);
            mails
                .into_iter()
                .rev()
                .find(|mail| mail.subject.contains(subject))
        };
        tools::until(&format!("a mail to {address} about {subject}"), async || {
            find().is_some()
        })
        .await;
        find().expect("a mail")
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        // A process that is gone already is as dead as it shall be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
