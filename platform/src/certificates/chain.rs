//! A certificate as it was shown, with those that came with it.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::encoding::base64url;
use crate::keys::sha256;

/// The longest certificate, in bytes.
const LONGEST: usize = 16 * 1024;
/// The most certificates in a chain.
const MOST: usize = 8;

/// The bytes are not an X.509 certificate, or more than anybody needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a certificate")]
pub struct MalformedCertificate;

/// The certificate that a caller holds the key of, and those that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    leaf: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
}

impl Chain {
    /// From DER, the caller's own certificate first.
    pub fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, MalformedCertificate> {
        let fits = certificates.len() <= MOST && certificates.iter().all(|one| one.len() <= LONGEST);
        let mut certificates = certificates.into_iter();
        let leaf = certificates.next().filter(|_| fits).ok_or(MalformedCertificate)?;
        Certificate::from_der(&leaf).map_err(|_| MalformedCertificate)?;
        Ok(Self {
            leaf,
            others: certificates.collect(),
        })
    }

    /// `x5t#S256` (RFC 8705 §3.1): the SHA-256 of the caller's own certificate in base64url.
    pub fn thumbprint(&self) -> String {
        base64url(self.hash())
    }

    /// The SHA-256 of the caller's own certificate.
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.leaf)
    }

    /// The caller's own certificate.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.leaf
    }

    /// Those that came with it.
    pub fn others(&self) -> &[CertificateDer<'static>] {
        &self.others
    }
}

/// Reads the certificates of a PEM file.
pub fn load(path: &Path) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_file_iter(path)?.collect()
}
