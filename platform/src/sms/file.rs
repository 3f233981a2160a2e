//! Messages as lines of a file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use futures_util::future::BoxFuture;

use super::{NotTaken, ShortMessage, ShortMessages};

/// Appends each message to a file that only this user can read.
#[derive(Debug, Clone)]
pub struct MessageFile(PathBuf);

impl MessageFile {
    /// Appends to `path`, which is made where it is missing.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl ShortMessages for MessageFile {
    fn send(&self, message: ShortMessage) -> BoxFuture<'_, Result<(), NotTaken>> {
        let path = self.0.clone();
        Box::pin(async move {
            let written = tokio::task::spawn_blocking(move || append(path, &message)).await;
            match written {
                Ok(written) => written.map_err(|error| NotTaken(error.kind())),
                Err(_) => Err(NotTaken(std::io::ErrorKind::Other)),
            }
        })
    }
}

fn append(path: PathBuf, message: &ShortMessage) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One write a line: what several processes append does not mix.
    let mut file = options.open(path)?;
    file.write_all(&line)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_message_is_a_line_that_only_its_owner_reads() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sms.jsonl");
        let sender = MessageFile::new(path.clone());
        for text in ["one", "two\nlines"] {
            let message = ShortMessage {
                to: "+819012345678".to_owned(),
                text: text.to_owned(),
                at: "2026-11-26T00:00:00Z".to_owned(),
            };
            sender.send(message).await.unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("+819012345678"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        let nowhere = MessageFile::new(directory.path().join("none").join("sms.jsonl"));
        let message = ShortMessage {
            to: String::new(),
            text: "secret".to_owned(),
            at: String::new(),
        };
        let error = nowhere.send(message).await.unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
