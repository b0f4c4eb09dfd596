//! TLS: the certificate, and replacing it while connections are open.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

/// What may be spoken inside, the best first.
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];

/// As clients and servers call HTTP/2 when they agree on it.
pub(super) const HTTP2: &[u8] = b"h2";

/// A certificate and its key, which new connections are made with. Clones share them.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    identity: Arc<Identity>,
}

/// Why there can be no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read, or is not what it should be.
    #[error("cannot use {path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: pem::Error,
    },
    /// The file of the certificate has none.
    #[error("there is no certificate in {0}")]
    NoCertificate(PathBuf),
    /// The two are of no use together.
    #[error("{certificate} and {key} are no certificate and its key: {reason}")]
    Unfit {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        reason: rustls::Error,
    },
    /// It cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(rustls::Error),
}

impl Tls {
    /// With the certificate, those that vouch for it behind it, and the key in these files, as PEM.
    ///
    /// # Errors
    /// [`TlsError`]: the certificate, the key, whether they belong together.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(read(&certificate, &key, &provider)?);
        let identity = Arc::new(Identity { certificate, key, provider: Arc::clone(&provider), current });
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(TlsError::Setup)?.with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(&identity) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), identity })
    }

    /// Reads both files again, for connections that are made from now on.
    ///
    /// # Errors
    /// As [`Tls::open`]; what was read before stays in use then.
    pub fn reload(&self) -> Result<(), TlsError> {
        let Identity { certificate, key, provider, current } = &*self.identity;
        let renewed = read(certificate, key, provider)?;
        *current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }
}

/// Who we are to clients.
struct Identity {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn read(
    certificate: &PathBuf,
    key: &PathBuf,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let unreadable = |path: &PathBuf| {
        let path = path.clone();
        move |reason| TlsError::File { path, reason }
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(unreadable(certificate))?.collect();
    let chain = chain.map_err(unreadable(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.clone()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let unfit = |reason| TlsError::Unfit { certificate: certificate.clone(), key: key.clone(), reason };
    CertifiedKey::from_der(chain, private, provider).map(Arc::new).map_err(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files with a certificate and a key that belong together.
    fn files(directory: &std::path::Path) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
        let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).expect("written");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
        (certificate, key)
    }

    fn current(tls: &Tls) -> Vec<u8> {
        tls.identity.current.read().expect("read").cert[0].to_vec()
    }

    #[test]
    fn files_that_are_of_no_use_are_refused_by_name() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let (certificate, key) = files(directory.path());
        let other = tempfile::tempdir().expect("temporary directory");
        let (_, other_key) = files(other.path());
        let missing = directory.path().join("missing.pem");
        let empty = directory.path().join("empty.pem");
        std::fs::write(&empty, "").expect("written");
        for (certificate, key, reason) in [
            (&missing, &key, format!("cannot use {}: ", missing.display())),
            (&certificate, &missing, format!("cannot use {}: ", missing.display())),
            (&empty, &key, format!("there is no certificate in {}", empty.display())),
            (&certificate, &empty, format!("cannot use {}: ", empty.display())),
            (&key, &certificate, format!("there is no certificate in {}", key.display())),
            (
                &certificate,
                &other_key,
                format!("{} and {} are no", certificate.display(), other_key.display()),
            ),
        ] {
            let error =
                Tls::open(certificate.clone(), key.clone()).map(|_| ()).expect_err(&reason).to_string();
            assert!(error.starts_with(&reason) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let (certificate, key) = files(directory.path());
        let tls = Tls::open(certificate.clone(), key).expect("opened");
        let first = current(&tls);
        files(directory.path());
        tls.reload().expect("reloaded");
        let second = current(&tls);
        assert_ne!(second, first);
        std::fs::write(certificate, "-----BEGIN CERTIFICATE-----\n").expect("written");
        tls.reload().expect_err("broken");
        assert_eq!(current(&tls), second);
    }
}
