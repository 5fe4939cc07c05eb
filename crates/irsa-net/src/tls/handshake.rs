//! Why a TLS handshake with a server failed.

use std::io;

use irsa_chain::Cause;

use super::explain;

/// Why a TLS handshake with a server failed, in plain words.
///
/// The three are told apart because each is mended elsewhere: in what is trusted, in what listens
/// there, or on the way.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The certificate that the server showed is not accepted, or it showed none.
    #[error("{}", explain(.0))]
    Certificate(rustls::Error),
    /// TLS failed for another reason.
    #[error("{}", explain(.0))]
    Tls(rustls::Error),
    /// The connection broke, which says nothing of certificates.
    #[error("{0}")]
    Broken(io::Error),
}

impl HandshakeError {
    /// The cause, of the link [`Endpoint`](irsa_chain::Link::Endpoint).
    pub fn cause(&self) -> Cause {
        match self {
            Self::Certificate(_) => Cause::TlsCertificateInvalid,
            Self::Tls(_) => Cause::TlsHandshakeFailed,
            Self::Broken(_) => Cause::EndpointUnreachable,
        }
    }

    /// A sentence about `server`, such as "the domain".
    pub fn sentence(&self, server: &str) -> String {
        match self {
            Self::Certificate(_) => format!("{server}'s certificate was not accepted: {self}"),
            Self::Tls(_) => format!("the TLS handshake with {server} failed: {self}"),
            Self::Broken(_) => format!("the connection to {server} broke: {self}"),
        }
    }
}

/// Of what a TLS stream's handshake failed with.
impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(
                about @ (rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented),
            ) => Self::Certificate(about.clone()),
            Some(other) => Self::Tls(other.clone()),
            None => Self::Broken(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, CertificateError, Error};

    use super::*;

    fn of(error: Error) -> HandshakeError {
        io::Error::new(io::ErrorKind::InvalidData, error).into()
    }

    #[test]
    fn each_reason_has_a_cause_and_a_sentence() {
        let expired = of(Error::InvalidCertificate(CertificateError::Expired));
        assert_eq!(expired.cause(), Cause::TlsCertificateInvalid);
        let said = expired.sentence("the domain");
        assert!(said.starts_with("the domain's certificate was not accepted: "));
        let none = of(Error::NoCertificatesPresented);
        assert_eq!(none.cause(), Cause::TlsCertificateInvalid);
        let refused = of(Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert_eq!(refused.cause(), Cause::TlsHandshakeFailed);
        let said = refused.sentence("the server");
        assert!(said.starts_with("the TLS handshake with the server failed: "));
        let broken = HandshakeError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert_eq!(broken.cause(), Cause::EndpointUnreachable);
        let said = broken.sentence("the server");
        assert_eq!(said, "the connection to the server broke: connection reset");
    }
}
