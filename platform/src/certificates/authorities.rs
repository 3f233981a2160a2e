//! The authorities that clients may be vouched for by (RFC 8705 §2.1), and what they have revoked (RFC 5280 §5).
//!
//! Where there are revocation lists, each authority on the way to a certificate needs one: a certificate that no list could
//! name, or whose list is out of date, is vouched for by nobody. The lists are read again when their files change; what
//! cannot be read leaves things as they were.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::chain::{Chain, load};
use crate::clock::Instant;

/// The files of the authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// The authorities cannot be read, or are not PEM.
    #[error("the file of the authorities cannot be read: {0}")]
    Unreadable(#[from] rustls::pki_types::pem::Error),
    /// A certificate in it is not one of an authority.
    #[error("a certificate in the file of the authorities cannot be used: {0}")]
    Certificate(#[from] rustls::Error),
    /// A revocation list cannot be read.
    #[error("the revocation list {0} cannot be read: {1}")]
    List(PathBuf, std::io::Error),
    /// There is no authority, or a list is none.
    #[error("the authorities or their revocation lists cannot be used: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The authorities. Without any, nobody is vouched for.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Option<Arc<Known>>);

struct Known {
    roots: Arc<RootCertStore>,
    lists: Vec<PathBuf>,
    verifier: RwLock<Arc<dyn ClientCertVerifier>>,
    seen: Mutex<Vec<Stamp>>,
}

/// By what a file is seen to have changed; `None`: it is not there.
type Stamp = Option<(u64, u64, SystemTime)>;

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Known")
            .field("roots", &self.roots.len())
            .field("lists", &self.lists)
            .finish_non_exhaustive()
    }
}

impl Authorities {
    /// Those in a PEM file, with their revocation lists in PEM or DER. Without a list nothing is looked up.
    pub fn load(path: &Path, lists: &[PathBuf]) -> Result<Self, AuthoritiesError> {
        let mut roots = RootCertStore::empty();
        for certificate in load(path)? {
            roots.add(certificate)?;
        }
        let roots = Arc::new(roots);
        let seen = stamps(lists);
        Ok(Self(Some(Arc::new(Known {
            verifier: RwLock::new(verifier(roots.clone(), lists)?),
            roots,
            lists: lists.to_vec(),
            seen: Mutex::new(seen),
        }))))
    }

    /// Whether there are revocation lists, which may change.
    pub fn has_lists(&self) -> bool {
        self.0.as_ref().is_some_and(|known| !known.lists.is_empty())
    }

    /// Reads the revocation lists again if a file has changed; whether one had. It blocks.
    pub fn refresh(&self) -> Result<bool, AuthoritiesError> {
        let Some(known) = &self.0 else { return Ok(false) };
        let now = stamps(&known.lists);
        let mut seen = known.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        // One that cannot be read is looked at again only when it changes once more.
        *seen = now;
        let fresh = verifier(known.roots.clone(), &known.lists)?;
        *known.verifier.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }

    /// Their names, as a handshake tells them to who shall choose a certificate.
    pub fn names(&self) -> Vec<rustls::DistinguishedName> {
        self.0
            .as_ref()
            .map(|known| known.verifier().root_hint_subjects().to_vec())
            .unwrap_or_default()
    }

    /// Whether one of them vouches at `now` for a certificate as one of a client, and has not revoked it.
    pub fn vouch_for(&self, chain: &Chain, now: Instant) -> bool {
        let seconds = u64::try_from(now.as_seconds()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        self.0.as_ref().is_some_and(|known| {
            known
                .verifier()
                .verify_client_cert(chain.leaf(), chain.others(), now)
                .is_ok()
        })
    }
}

impl Known {
    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        self.verifier
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn verifier(
    roots: Arc<RootCertStore>,
    lists: &[PathBuf],
) -> Result<Arc<dyn ClientCertVerifier>, AuthoritiesError> {
    let mut revoked = Vec::new();
    for path in lists {
        revoked.extend(read(path)?);
    }
    let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider()))
        .with_crls(revoked)
        .enforce_revocation_expiration();
    Ok(builder.build()?)
}

fn read(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, AuthoritiesError> {
    let bytes = std::fs::read(path).map_err(|error| AuthoritiesError::List(path.to_owned(), error))?;
    if bytes.trim_ascii_start().starts_with(b"-----") {
        let lists = CertificateRevocationListDer::pem_slice_iter(&bytes).collect::<Result<_, _>>()?;
        return Ok(lists);
    }
    Ok(vec![CertificateRevocationListDer::from(bytes)])
}

fn stamps(lists: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let known = std::fs::metadata(path).ok()?;
        Some((known.ino(), known.len(), known.modified().ok()?))
    };
    lists.iter().map(stamp).collect()
}
