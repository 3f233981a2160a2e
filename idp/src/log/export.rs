//! Writes the log out, chain by chain, in bounded batches.

use std::collections::VecDeque;
use std::io;

use platform::clock::Clock;
use platform::database::{DatabaseError, Store};
use platform::keys::jwk::JwkError;
use platform::keys::signer::{SigningKey, SigningKeyError};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use uuid::Uuid;

use super::checkpoint::{ALGORITHM, Checkpoint, Occasion};
use super::lines::{CheckpointLine, End, FORMAT_NAME, Header, Line, Place};
use super::read;
use super::report::Report;
use super::verify::Verifier;
use crate::ids::WriterId;

/// Rows, writers or checkpoints read at once.
const PAGE: i64 = 500;
/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// The log could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The export could not be written.
    #[error("the export could not be written: {0}")]
    Output(#[from] io::Error),
    /// A line could not be encoded.
    #[error("a line of the export could not be encoded: {0}")]
    Encoding(#[from] serde_json::Error),
    /// The log's public keys are not usable.
    #[error(transparent)]
    Keys(#[from] JwkError),
    /// A checkpoint could not be signed.
    #[error(transparent)]
    Signature(#[from] SigningKeyError),
}

pub(super) async fn export(
    store: &Store,
    key: &SigningKey,
    clock: &Clock,
    out: &mut (impl AsyncWrite + Unpin + Send),
) -> Result<Report, ExportError> {
    let jwks = read::public_jwks(store).await?;
    // The process's own key, which nobody without the key-encryption key can have put there; the table is open to all.
    let verifier = Verifier::with_keys([key.public().to_jwk(key.kid(), ALGORITHM).as_str()])?;
    let mut export = Export {
        out,
        verifier,
        buffer: Vec::with_capacity(BUFFER),
        totals: End { writers: 0, rows: 0 },
    };
    let keys = jwks
        .iter()
        .map(|jwk| serde_json::from_str(jwk))
        .collect::<Result<_, _>>()?;
    let header = Header {
        format: FORMAT_NAME.to_owned(),
        exported_at: clock.now(),
        keys,
    };
    export.line(Line::Header(header)).await?;
    for (writer, until) in writers(store, &mut export).await? {
        chain(store, writer, until, &mut export).await?;
    }
    for head in export.verifier.sound_heads() {
        let at = clock.now();
        let signed = Checkpoint::new(head, at.as_micros(), Occasion::Export).sign(key)?;
        let line = CheckpointLine {
            writer: head.writer,
            seq: head.seq,
            hash: head.hash,
            at,
            signed,
        };
        export.line(Line::Checkpoint(line)).await?;
    }
    export.end().await
}

/// Writes all writers; gives them and where their chains end. The ends are read after what later writers commit to, and
/// a checkpoint is never ahead of its row, so that a log in use does not look as if its end were missing.
async fn writers<W: AsyncWrite + Unpin>(
    store: &Store,
    export: &mut Export<'_, W>,
) -> Result<Vec<(WriterId, i64)>, ExportError> {
    let (mut writers, mut after) = (Vec::new(), WriterId::from(Uuid::nil()));
    loop {
        let page = read::writers(store, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for line in page {
            writers.push((line.id, 0));
            export.totals.writers += 1;
            export.line(Line::Writer(line)).await?;
        }
    }
    for (writer, until) in &mut writers {
        *until = read::extent(store, *writer).await?;
    }
    Ok(writers)
}

/// Writes a chain up to place `until`, each checkpoint behind its row.
async fn chain<W: AsyncWrite + Unpin>(
    store: &Store,
    writer: WriterId,
    until: i64,
    export: &mut Export<'_, W>,
) -> Result<(), ExportError> {
    let mut checkpoints = Checkpoints {
        store,
        writer,
        until,
        read: VecDeque::new(),
        after: (-1, 0),
        done: false,
    };
    let mut after = 0;
    loop {
        let page = read::rows(store, writer, (after, until), PAGE).await?;
        let whole = page.len() < usize::try_from(PAGE).unwrap_or(0);
        for row in page {
            let seq = row.as_ref().map_or_else(|seq| *seq, |row| row.seq);
            checkpoints.write_before(seq, export).await?;
            after = seq;
            export.totals.rows += 1;
            let line = row.map_or(Line::Unreadable(Place { writer, seq }), |row| {
                Line::Row(Box::new(row))
            });
            export.line(line).await?;
        }
        if whole {
            return checkpoints.write_before(i64::MAX, export).await;
        }
    }
}

/// The checkpoints of a chain that are not written yet.
struct Checkpoints<'a> {
    store: &'a Store,
    writer: WriterId,
    until: i64,
    read: VecDeque<CheckpointLine>,
    after: (i64, i64),
    done: bool,
}

impl Checkpoints<'_> {
    /// Writes those that are about places before `seq`.
    async fn write_before<W: AsyncWrite + Unpin>(
        &mut self,
        seq: i64,
        export: &mut Export<'_, W>,
    ) -> Result<(), ExportError> {
        loop {
            if self.read.is_empty() && !self.done {
                self.read = read::checkpoints(self.store, self.writer, self.after, self.until, PAGE)
                    .await?
                    .into();
                self.done = self.read.is_empty();
                self.after = self
                    .read
                    .back()
                    .map_or(self.after, |last| (last.seq, last.at.as_micros()));
            }
            match self.read.pop_front_if(|next| next.seq < seq) {
                Some(next) => export.line(Line::Checkpoint(next)).await?,
                None => return Ok(()),
            }
        }
    }
}

/// Where the lines go: to the reader, and through the verifier.
struct Export<'a, W> {
    out: &'a mut W,
    verifier: Verifier,
    buffer: Vec<u8>,
    totals: End,
}

impl<W: AsyncWrite + Unpin> Export<'_, W> {
    async fn line(&mut self, line: Line) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.buffer, &line)?;
        self.buffer.push(b'\n');
        self.verifier.accept(line);
        if self.buffer.len() >= BUFFER {
            self.out.write_all(&self.buffer).await?;
            self.buffer.clear();
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Report, ExportError> {
        self.line(Line::End(self.totals)).await?;
        self.out.write_all(&self.buffer).await?;
        self.out.flush().await?;
        Ok(self.verifier.finish())
    }
}
