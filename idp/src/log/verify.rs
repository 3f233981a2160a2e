//! Verifies an export with nothing but public keys, line by line, in memory that depends on the number of writers only.
//! Pure.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use platform::keys::jwk::{JwkError, KeySet};

use super::canonical::{FORMAT, Head, content, genesis_hash};
use super::chain::{Chain, Judgement};
use super::checkpoint::{Checkpoint, key_set};
use super::lines::{CheckpointLine, End, FORMAT_NAME, Header, Line, WriterLine};
use super::report::{Fault, Finding, Report};
use crate::ids::WriterId;

/// Longest line that is looked at, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// Examines the lines of an export in their order.
#[derive(Debug)]
pub struct Verifier {
    trusted: Option<KeySet>,
    own: KeySet,
    known: BTreeMap<WriterId, Vec<Head>>,
    chains: BTreeMap<WriterId, Chain>,
    line: u64,
    rows: u64,
    writers: u64,
    header: bool,
    chains_begun: bool,
    end: Option<End>,
    faults: Vec<Fault>,
}

impl Verifier {
    /// Judges signatures by `trusted`, the log's public keys from outside the export; without them by those in its
    /// header, which shows that the export agrees with itself and no more.
    pub fn new(trusted: Option<KeySet>) -> Self {
        Self {
            trusted,
            own: KeySet::default(),
            known: BTreeMap::new(),
            chains: BTreeMap::new(),
            line: 0,
            rows: 0,
            writers: 0,
            header: false,
            chains_begun: false,
            end: None,
            faults: Vec::new(),
        }
    }

    /// Judges by the log's public keys, each a JWK.
    pub fn with_keys<'a>(jwks: impl IntoIterator<Item = &'a str>) -> Result<Self, JwkError> {
        Ok(Self::new(Some(key_set(jwks)?)))
    }

    /// Asks that the export agrees with a checkpoint that was kept elsewhere, from an earlier export or by a peer: so a
    /// tail that was cut off together with its own checkpoints is found. It must verify under the keys given to
    /// [`Self::new`].
    pub fn expect(&mut self, signed: &str) -> Result<(), Finding> {
        let keys = self.trusted.as_ref().unwrap_or(&self.own);
        let Checkpoint {
            writer, seq, hash, ..
        } = Checkpoint::verify(signed, keys).map_err(|_| Finding::Checkpoint)?;
        self.known
            .entry(writer)
            .or_default()
            .push(Head { writer, seq, hash });
        Ok(())
    }

    /// Judges the next line.
    pub fn line(&mut self, text: &[u8]) {
        if let Ok(line) = serde_json::from_slice(text) {
            self.accept(line);
        } else {
            self.line += 1;
            self.fault(None, None, Finding::Malformed);
        }
    }

    /// Judges the next line, already read.
    pub fn accept(&mut self, line: Line) {
        self.line += 1;
        let first = matches!(line, Line::Header(_));
        // All writers come before all chains: what they commit to must be known when the chain passes by.
        let late = self.chains_begun && matches!(line, Line::Writer(_));
        if first == self.header || late || self.end.is_some() {
            return self.fault(None, None, Finding::Malformed);
        }
        self.chains_begun = !matches!(line, Line::Header(_) | Line::Writer(_));
        match line {
            Line::Header(header) => self.header(&header),
            Line::Writer(writer) => self.writer(&writer),
            Line::Row(row) => {
                self.rows += 1;
                let hashed = content(&row.row);
                self.judge(row.writer, row.seq, |chain| chain.row(row.seq, row.hash, hashed));
            }
            Line::Unreadable(place) => {
                self.rows += 1;
                self.judge(place.writer, place.seq, |chain| chain.unreadable(place.seq));
            }
            Line::Checkpoint(checkpoint) => self.checkpoint(&checkpoint),
            Line::End(end) => self.end = Some(end),
        }
    }

    /// Judges what can only be judged at the end.
    pub fn finish(mut self) -> Report {
        self.line += 1;
        let complete = End {
            writers: self.writers,
            rows: self.rows,
        };
        if self.end != Some(complete) {
            self.fault(None, None, Finding::Incomplete);
        }
        let outcomes: Vec<_> = self
            .chains
            .values_mut()
            .filter_map(|chain| Some((chain.writer(), chain.finish().err()?)))
            .collect();
        for (writer, (seq, finding)) in outcomes {
            self.fault(Some(writer), Some(seq), finding);
        }
        for (writer, heads) in std::mem::take(&mut self.known) {
            let seq = heads.iter().map(|head| head.seq).max();
            self.fault(Some(writer), seq, Finding::WriterMissing);
        }
        let unproven = self.chains.values().map(Chain::unproven).sum::<i64>();
        Report {
            writers: self.writers,
            rows: self.rows,
            unproven: u64::try_from(unproven).unwrap_or(0),
            keys_were_trusted: self.trusted.is_some(),
            faults: self.faults,
        }
    }

    /// The heads of the chains that are in order so far.
    pub fn sound_heads(&self) -> Vec<Head> {
        self.chains
            .values()
            .filter(|chain| chain.is_sound())
            .map(Chain::head)
            .collect()
    }

    fn fault(&mut self, writer: Option<WriterId>, seq: Option<i64>, finding: Finding) {
        if self.faults.len() < Report::MAX_FAULTS {
            self.faults.push(Fault {
                line: self.line,
                writer,
                seq,
                finding,
            });
        }
    }

    fn judge(&mut self, writer: WriterId, seq: i64, judge: impl FnOnce(&mut Chain) -> Judgement) {
        match self.chains.get_mut(&writer).map(judge) {
            Some(Ok(())) => {}
            Some(Err((at, finding))) => self.fault(Some(writer), Some(at), finding),
            None => self.fault(Some(writer), Some(seq), Finding::WriterUnknown),
        }
    }

    fn header(&mut self, header: &Header) {
        self.header = true;
        let keys: Vec<_> = header.keys.iter().map(ToString::to_string).collect();
        match key_set(keys.iter().map(String::as_str)) {
            Ok(keys) if header.format == FORMAT_NAME => self.own = keys,
            _ => self.fault(None, None, Finding::Malformed),
        }
    }

    fn writer(&mut self, line: &WriterLine) {
        self.writers += 1;
        let genesis = genesis_hash(line.id, line.started_at.as_micros(), &line.kid, &line.commitments);
        let sound = line.format == FORMAT && genesis == line.genesis;
        for head in &line.commitments {
            match self.chains.get_mut(&head.writer) {
                Some(chain) => chain.vouch(head.seq, head.hash),
                None => self.known.entry(head.writer).or_default().push(*head),
            }
        }
        let mut chain = Chain::new(Head {
            writer: line.id,
            seq: 0,
            hash: line.genesis,
        });
        for head in self.known.remove(&line.id).unwrap_or_default() {
            chain.vouch(head.seq, head.hash);
        }
        if !sound {
            chain.condemn();
            self.fault(Some(line.id), Some(0), Finding::Genesis);
        }
        if self.chains.insert(line.id, chain).is_some() {
            self.fault(Some(line.id), None, Finding::WriterRepeated);
        }
    }

    fn checkpoint(&mut self, line: &CheckpointLine) {
        let keys = self.trusted.as_ref().unwrap_or(&self.own);
        let said = match Checkpoint::verify(&line.signed, keys) {
            Ok(said) if said.states(line) => said,
            _ => return self.fault(Some(line.writer), Some(line.seq), Finding::Checkpoint),
        };
        self.judge(said.writer, said.seq, |chain| {
            chain.signed(said.seq, &said.hash, said.occasion)
        });
    }
}

impl Checkpoint {
    /// Whether the line beside the signature says the same.
    fn states(&self, line: &CheckpointLine) -> bool {
        let own = (self.writer, self.seq, self.hash, self.at);
        own == (line.writer, line.seq, line.hash, line.at.as_micros())
    }
}

/// Verifies a whole export, which may be larger than memory.
pub fn verify(mut export: impl BufRead, mut verifier: Verifier) -> io::Result<Report> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut export, MAX_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(verifier.finish());
        }
        verifier.line(&line);
    }
}
