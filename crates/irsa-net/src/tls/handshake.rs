//! Errors of TLS handshakes with servers.

use std::io;

use irsa_chain::Cause;

use super::explain;

/// The reason why a TLS handshake with a server failed.
///
/// The three reasons have different fixes: the trusted CAs, the server, or the network.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The server's certificate is not accepted or is missing.
    #[error("{}", explain(.0))]
    Certificate(rustls::Error),
    /// TLS failed for a reason other than the certificate.
    #[error("{}", explain(.0))]
    Tls(rustls::Error),
    /// The connection was lost during the handshake.
    #[error("{0}")]
    Broken(io::Error),
}

impl HandshakeError {
    /// Returns the cause, which belongs to the link [`Endpoint`](irsa_chain::Link::Endpoint).
    pub fn cause(&self) -> Cause {
        match self {
            Self::Certificate(_) => Cause::TlsCertificateInvalid,
            Self::Tls(_) => Cause::TlsHandshakeFailed,
            Self::Broken(_) => Cause::EndpointUnreachable,
        }
    }

    /// Returns the error as a sentence about `server`, such as "the domain".
    pub fn sentence(&self, server: &str) -> String {
        match self {
            Self::Certificate(_) => format!("{server}'s certificate was not accepted: {self}"),
            Self::Tls(_) => format!("the TLS handshake with {server} failed: {self}"),
            Self::Broken(_) => format!("the connection to {server} broke: {self}"),
        }
    }
}

/// Classifies the error of a TLS stream's handshake.
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

    fn handshake_error(error: Error) -> HandshakeError {
        io::Error::new(io::ErrorKind::InvalidData, error).into()
    }

    #[test]
    fn each_reason_has_a_cause_and_a_sentence() {
        let expired = handshake_error(Error::InvalidCertificate(CertificateError::Expired));
        assert_eq!(expired.cause(), Cause::TlsCertificateInvalid);
        let text = expired.sentence("the domain");
        assert!(text.starts_with("the domain's certificate was not accepted: "));
        let missing = handshake_error(Error::NoCertificatesPresented);
        assert_eq!(missing.cause(), Cause::TlsCertificateInvalid);
        let refused = handshake_error(Error::AlertReceived(AlertDescription::HandshakeFailure));
        assert_eq!(refused.cause(), Cause::TlsHandshakeFailed);
        let text = refused.sentence("the server");
        assert!(text.starts_with("the TLS handshake with the server failed: "));
        let broken = HandshakeError::from(io::Error::from(io::ErrorKind::ConnectionReset));
        assert_eq!(broken.cause(), Cause::EndpointUnreachable);
        let text = broken.sentence("the server");
        assert_eq!(text, "the connection to the server broke: connection reset");
    }
}
