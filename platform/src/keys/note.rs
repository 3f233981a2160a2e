//! Signed notes: a text that people can read, with lines of signatures under it (C2SP signed-note v1, tlog-cosignature v1).
//!
//! ```text
//! hub.example/log                 the text; it ends with a newline
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!                                 an empty line
//! — hub.example/log Az3grl…       em dash, name of the key, base64(id of the key (4) ‖ signature)
//! — peer.example/w1 jWbPPw…       a cosignature: base64(id (4) ‖ seconds since the epoch (8) ‖ signature)
//! ```
//!
//! Ed25519 only. The id of a key is the first four bytes of `SHA-256(name ‖ "\n" ‖ type ‖ public key)`, with type 1 for a
//! plain signature and 4 for a cosignature, so that one never passes for the other.

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::SigningAlgorithm;
use super::public::PublicKey;
use super::sealing::sha256;
use super::signer::{SigningKey, SigningKeyError};
use crate::encoding::{from_hex, hex};

/// Most bytes of a note that is read.
pub const MAX_NOTE: usize = 64 * 1024;
/// Most signatures under a note that is read.
const MAX_SIGNATURES: usize = 32;

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteSignature {
    /// The signer vouches for the text.
    Plain,
    /// The signer has seen, at a time, that a log only grew up to what the text says.
    Cosignature,
}

impl NoteSignature {
    fn byte(self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Cosignature => 4,
        }
    }
}

/// A note or a key cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is not a text with signatures under it, or too long.
    #[error("this is not a signed note")]
    Malformed,
    /// The key is not `NAME+ID+BASE64`, or not for Ed25519.
    #[error("this is not the public key of a note: NAME+ID+BASE64 is wanted")]
    Key,
    /// No signature is of a known key.
    #[error("no known key has signed the note")]
    Unsigned,
    /// A known key's signature does not hold.
    #[error("the signature of the note does not hold")]
    Signature,
}

/// A text and the lines under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note<'a> {
    /// The text, with its final newline.
    pub text: &'a str,
    /// The lines of signatures.
    pub signatures: &'a str,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        let clean = note.chars().all(|one| one == '\n' || !one.is_control());
        let end = note.rfind("\n\n").filter(|_| note.len() <= MAX_NOTE && clean);
        let (text, signatures) = end
            .and_then(|end| note.split_at_checked(end + 1))
            .ok_or(NoteError::Malformed)?;
        let signatures = signatures.strip_prefix('\n').ok_or(NoteError::Malformed)?;
        let well = signatures.ends_with('\n')
            && signatures.lines().count() <= MAX_SIGNATURES
            && signatures.lines().all(|line| Line::parse(line).is_some());
        if well {
            Ok(Self { text, signatures })
        } else {
            Err(NoteError::Malformed)
        }
    }
}

struct Line<'a> {
    name: &'a str,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        is_name(name).then(|| Self {
            name,
            id: *id,
            signature: signature.to_vec(),
        })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|one| !one.is_whitespace() && one != '+')
}

fn key_id(name: &str, kind: NoteSignature, point: &[u8; 32]) -> [u8; 4] {
    let mut bytes = format!("{name}\n").into_bytes();
    bytes.push(kind.byte());
    bytes.extend(point);
    let [a, b, c, d, ..] = sha256(&bytes);
    [a, b, c, d]
}

/// Who can sign a note, as whoever reads it knows them.
#[derive(Debug, Clone)]
pub struct NoteKey {
    name: String,
    kind: NoteSignature,
    id: [u8; 4],
    point: [u8; 32],
    parsed: ParsedPublicKey,
}

impl NoteKey {
    /// The public half of an Ed25519 key under a name.
    pub fn new(name: &str, kind: NoteSignature, key: &PublicKey) -> Result<Self, NoteError> {
        let PublicKey::Ed25519 { x } = key else {
            return Err(NoteError::Key);
        };
        let parsed = key.parse(SigningAlgorithm::EdDsa).map_err(|_| NoteError::Key)?;
        if !is_name(name) {
            return Err(NoteError::Key);
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            id: key_id(name, kind, x),
            point: *x,
            parsed,
        })
    }

    /// Reads `NAME+ID+BASE64(type ‖ public key)`.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Key)?;
        let kind = match bytes.split_first() {
            Some((1, _)) => NoteSignature::Plain,
            Some((4, _)) => NoteSignature::Cosignature,
            _ => return Err(NoteError::Key),
        };
        let point = bytes.get(1..).unwrap_or_default();
        let key = Self::new(
            name,
            kind,
            &PublicKey::ed25519(point).map_err(|_| NoteError::Key)?,
        )?;
        if from_hex(id).as_deref() == Some(key.id.as_slice()) {
            Ok(key)
        } else {
            Err(NoteError::Key)
        }
    }

    /// `NAME+ID+BASE64(type ‖ public key)`, as whoever reads notes keeps it.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend(self.point);
        format!("{}+{}+{}", self.name, hex(self.id), STANDARD.encode(bytes))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this key has signed the note; when, for a cosignature, in seconds since the epoch.
    pub fn verify(&self, note: &Note<'_>) -> Result<Option<u64>, NoteError> {
        let own = note
            .signatures
            .lines()
            .filter_map(Line::parse)
            .find(|line| line.name == self.name && line.id == self.id)
            .ok_or(NoteError::Unsigned)?;
        let (at, signature) = match self.kind {
            NoteSignature::Plain => (None, own.signature.as_slice()),
            NoteSignature::Cosignature => {
                let (at, signature) = own
                    .signature
                    .split_first_chunk::<8>()
                    .ok_or(NoteError::Signature)?;
                (Some(u64::from_be_bytes(*at)), signature)
            }
        };
        let message = at.map_or_else(|| note.text.to_owned(), |at| cosigned(at, note.text));
        self.parsed
            .verify_sig(message.as_bytes(), signature)
            .map_err(|_| NoteError::Signature)?;
        Ok(at)
    }
}

fn cosigned(at: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}

/// The line of `key`, under the name `name`, for a note with this text.
pub fn sign_note(key: &SigningKey, name: &str, text: &str) -> Result<String, SigningKeyError> {
    let signature = key.sign_with(text.as_bytes(), <[u8]>::to_vec)?;
    line(key, name, NoteSignature::Plain, &signature)
}

/// The line of a cosignature at `at` seconds since the epoch.
pub fn cosign_note(key: &SigningKey, name: &str, at: u64, text: &str) -> Result<String, SigningKeyError> {
    let mut bytes = at.to_be_bytes().to_vec();
    key.sign_with(cosigned(at, text).as_bytes(), |signature| {
        bytes.extend_from_slice(signature);
    })?;
    line(key, name, NoteSignature::Cosignature, &bytes)
}

fn line(
    key: &SigningKey,
    name: &str,
    kind: NoteSignature,
    signature: &[u8],
) -> Result<String, SigningKeyError> {
    let known = NoteKey::new(name, kind, key.public()).map_err(|_| SigningKeyError::Sign)?;
    let bytes = [known.id.as_slice(), signature].concat();
    Ok(format!("\u{2014} {name} {}\n", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of C2SP signed-note: text, key and signature of somebody else's making.
    const FOREIGN: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const FOREIGN_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn key() -> SigningKey {
        SigningKey::generate(SigningAlgorithm::EdDsa).unwrap()
    }

    #[test]
    fn a_note_that_another_implementation_signed_is_read_and_one_letter_more_breaks_it() {
        let known = NoteKey::parse(FOREIGN_KEY).unwrap();
        assert_eq!(known.verify(&Note::parse(FOREIGN).unwrap()), Ok(None));
        assert_eq!(known.to_text(), FOREIGN_KEY);
        let changed = FOREIGN.replace("problem is", "problem was");
        assert_eq!(
            known.verify(&Note::parse(&changed).unwrap()),
            Err(NoteError::Signature)
        );
    }

    #[test]
    fn a_signature_holds_for_its_text_its_name_and_its_kind_only() {
        let (key, text) = (key(), "hub.example/log\n1\nAAAA\n");
        let plain = NoteKey::new("hub.example/log", NoteSignature::Plain, key.public()).unwrap();
        let seen = NoteKey::new("hub.example/log", NoteSignature::Cosignature, key.public()).unwrap();
        let signed = format!("{text}\n{}", sign_note(&key, "hub.example/log", text).unwrap());
        let cosigned = format!(
            "{text}\n{}",
            cosign_note(&key, "hub.example/log", 7, text).unwrap()
        );
        let (signed, cosigned) = (Note::parse(&signed).unwrap(), Note::parse(&cosigned).unwrap());
        assert_eq!(plain.verify(&signed), Ok(None));
        assert_eq!(seen.verify(&cosigned), Ok(Some(7)));
        assert_eq!(plain.verify(&cosigned), Err(NoteError::Unsigned));
        assert_eq!(seen.verify(&signed), Err(NoteError::Unsigned));
        let other = NoteKey::new("peer.example/log", NoteSignature::Plain, key.public()).unwrap();
        assert_eq!(other.verify(&signed), Err(NoteError::Unsigned));
    }

    #[test]
    fn what_is_no_note_and_what_is_no_key_is_refused() {
        for text in [
            "",
            "a",
            "a\n",
            "a\n\n",
            "a\n\nb\n",
            "a\n\n\u{2014} b\n",
            "a\n\n\u{2014} b+c AAAAAAAA\n",
        ] {
            assert_eq!(Note::parse(text), Err(NoteError::Malformed), "{text:?}");
        }
        let long = format!("{}\n\n\u{2014} b AAAAAAAA\n", "a".repeat(MAX_NOTE));
        assert_eq!(Note::parse(&long), Err(NoteError::Malformed));
        let wrong_id = FOREIGN_KEY.replace("c74f20a3", "c74f20a4");
        for text in [
            "",
            "a",
            "a+b",
            "a+b+c",
            wrong_id.as_str(),
            "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            assert!(NoteKey::parse(text).is_err(), "{text:?}");
        }
    }
}
