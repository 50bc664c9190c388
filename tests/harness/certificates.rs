//! A CA and the certificates that it signs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::replace;

/// A CA.
pub type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A CA of its own for each test.
pub fn issuer() -> Issuer {
    let mut parameters = CertificateParams::new(Vec::new()).expect("the parameters of a CA");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    // Another name than that of the certificates it signs, or they would count as signed by themselves.
    parameters
        .distinguished_name
        .push(DnType::CommonName, "a CA of this test");
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("a CA")
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Identity {
    /// A server's, for a name.
    pub fn server(issuer: &Issuer, name: &str) -> Self {
        Self::signed(
            issuer,
            &CertificateParams::new([name.to_owned()]).expect("a name"),
        )
    }

    /// A client's, with a SPIFFE id.
    pub fn client(issuer: &Issuer, id: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.subject_alt_names = vec![SanType::URI(id.try_into().expect("an id"))];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Self::signed(issuer, &parameters)
    }

    fn signed(issuer: &Issuer, parameters: &CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, issuer).expect("a certificate");
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    /// What a server is that shows it and asks for none.
    pub fn serving(&self) -> ServerConfig {
        let key = PrivateKeyDer::Pkcs8(self.key.serialize_der().into());
        ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .expect("a TLS configuration")
    }

    /// Writes both as PEM.
    pub fn write(&self, certificate: &Path, key: &Path) {
        replace(certificate, &self.pem);
        replace(key, &self.key.serialize_pem());
    }
}

/// Connects by TLS to `localhost` at this address, whose certificate must be of the CA; shows an identity if there is one.
pub async fn connect(
    address: SocketAddr,
    trusted: &Issuer,
    identity: Option<&Identity>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).expect("a CA");
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::Pkcs8(identity.key.serialize_der().into());
            builder
                .with_client_auth_cert(vec![identity.certificate.clone()], key)
                .expect("a client's certificate")
        }
    };
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}
