//! TLS of the hub's own (RFC 8446; RFC 9325): the certificate, renewed without a stop, and the certificates of clients.
//!
//! A client is asked for a certificate only where that is set, and never has to show one. Whichever it shows is taken, if
//! it holds the key: who vouches for it is judged where a client authenticates, since some clients register a certificate
//! that nobody vouches for (RFC 8705 §2.2).

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use platform::certificates::{Authorities, Chain, load};
use platform::config::Server;
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CipherSuite, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme, version,
};
use tokio_rustls::server::TlsStream;

/// The suites of TLS 1.2 that FAPI 2.0 §5.2.2 allows: forward secrecy and authenticated encryption.
const OF_TLS_1_2: [CipherSuite; 4] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
];

/// TLS with the certificate of the moment.
#[derive(Clone)]
pub struct Tls(watch::Receiver<Arc<ServerConfig>>);

/// What to read.
#[derive(Clone)]
struct Sources {
    certificate: PathBuf,
    key: PathBuf,
    settings: Server,
    authorities: Authorities,
}

impl Tls {
    /// As it is set; `None` where it is not.
    pub fn of(settings: &Server, authorities: &Authorities) -> anyhow::Result<Option<Self>> {
        let (certificate, key) = match (&settings.tls_certificate_file, &settings.tls_key_file) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            (None, None) => return Ok(None),
            _ => anyhow::bail!("server.tls_certificate_file and server.tls_key_file go together"),
        };
        let sources = Sources {
            certificate,
            key,
            settings: settings.clone(),
            authorities: authorities.clone(),
        };
        let (renewed, current) = watch::channel(Arc::new(sources.read()?));
        renew_on_hangup(sources, renewed)?;
        Ok(Some(Self(current)))
    }

    fn current(&self) -> Arc<ServerConfig> {
        self.0.borrow().clone()
    }

    /// The handshake; with the client's certificate, if it showed one.
    pub async fn accept(&self, stream: TcpStream) -> std::io::Result<(TlsStream<TcpStream>, Option<Chain>)> {
        let stream = TlsAcceptor::from(self.current()).accept(stream).await?;
        let (_, connection) = stream.get_ref();
        let shown = connection.peer_certificates().unwrap_or_default();
        let shown = shown.iter().cloned().map(CertificateDer::into_owned).collect();
        let chain = Chain::new(shown).ok();
        Ok((stream, chain))
    }
}

/// Reads the files again at each SIGHUP. What cannot be used leaves things as they were.
fn renew_on_hangup(sources: Sources, renewed: watch::Sender<Arc<ServerConfig>>) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup()).context("signals cannot be received")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match sources.read() {
                Ok(config) => {
                    renewed.send_replace(Arc::new(config));
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) => tracing::error!(%error, "the TLS certificate stays as it was"),
            }
        }
    });
    Ok(())
}

impl Sources {
    fn read(&self) -> anyhow::Result<ServerConfig> {
        let certificate = load(&self.certificate)
            .with_context(|| format!("{}: no certificates in PEM", self.certificate.display()))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("{}: no private key in PEM", self.key.display()))?;
        let provider = provider();
        let versions: &[_] = if self.settings.tls_1_2 {
            &[&version::TLS13, &version::TLS12]
        } else {
            &[&version::TLS13]
        };
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions)?;
        let builder = if self.settings.ask_client_certificates {
            builder.with_client_cert_verifier(Arc::new(Holder {
                names: self.authorities.names(),
                provider,
            }))
        } else {
            builder.with_no_client_auth()
        };
        let mut config = builder
            .with_single_cert(certificate, key)
            .context("the TLS certificate and its key cannot be used")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider
        .cipher_suites
        .retain(|suite| suite.version() == &version::TLS13 || OF_TLS_1_2.contains(&suite.suite()));
    Arc::new(provider)
}

/// Takes any certificate whose key the client holds.
#[derive(Debug)]
struct Holder {
    names: Vec<DistinguishedName>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Holder {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.names
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
