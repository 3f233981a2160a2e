//! The authorities that clients may be vouched for by (RFC 8705 §2.1).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::UnixTime;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::chain::{Chain, load};
use crate::clock::Instant;

/// The file of the authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It cannot be read, or is not PEM.
    #[error("the file of the authorities cannot be read: {0}")]
    Unreadable(#[from] rustls::pki_types::pem::Error),
    /// A certificate in it is not one of an authority.
    #[error("a certificate in the file of the authorities cannot be used: {0}")]
    Certificate(#[from] rustls::Error),
    /// There is none in it.
    #[error("the file of the authorities cannot be used: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The authorities. Without any, nobody is vouched for.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Option<Arc<dyn ClientCertVerifier>>);

impl Authorities {
    /// Those in a PEM file.
    pub fn load(path: &Path) -> Result<Self, AuthoritiesError> {
        let mut roots = RootCertStore::empty();
        for certificate in load(path)? {
            roots.add(certificate)?;
        }
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Self(Some(verifier)))
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.0.is_some()
    }

    /// Their names, as a handshake tells them to who shall choose a certificate.
    pub fn names(&self) -> Vec<rustls::DistinguishedName> {
        self.0
            .as_ref()
            .map(|verifier| verifier.root_hint_subjects().to_vec())
            .unwrap_or_default()
    }

    /// Whether one of them vouches at `now` for a certificate as one of a client.
    pub fn vouch_for(&self, chain: &Chain, now: Instant) -> bool {
        let seconds = u64::try_from(now.as_seconds()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        self.0.as_ref().is_some_and(|verifier| {
            verifier
                .verify_client_cert(chain.leaf(), chain.others(), now)
                .is_ok()
        })
    }
}
