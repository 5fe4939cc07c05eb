//! Explanations of TLS errors.

mod certificate;

use std::io;

use rustls::{AlertDescription, Error};

/// Explains a TLS error and what to do about it, for readers without PKI knowledge.
///
/// Names in the text come from the peer's certificate; at most four are listed.
pub fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(problem) => certificate::explain(problem),
        Error::AlertReceived(alert) => explain_alert(*alert),
        Error::NoCertificatesPresented => "the peer sent no certificate".to_owned(),
        Error::InvalidMessage(_) => {
            "the peer does not speak TLS on this port: check the port, and \
                                     check for a proxy in between"
                .to_owned()
        }
        Error::PeerIncompatible(problem) => format!(
            "the peer supports no TLS version or cipher suite that irsa accepts ({problem:?}): it \
             needs TLS 1.2 or 1.3 with an AEAD cipher suite"
        ),
        Error::NoApplicationProtocol => {
            "the peer offers no application protocol (ALPN) that irsa supports".to_owned()
        }
        other => other.to_string(),
    }
}

/// Explains an error of a TLS stream like [`explain`]. Returns `None` if it is not a TLS error.
pub fn explain_io(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    Some(explain(inner))
}

fn explain_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA | AlertDescription::BadCertificate => {
            "the peer does not trust the certificate of irsa: add its CA to the CAs that the peer trusts"
        }
        AlertDescription::CertificateRequired => {
            "the peer requires a client certificate"
        }
        AlertDescription::CertificateExpired => "the peer reports that the certificate of irsa has expired",
        AlertDescription::UnrecognisedName => "the peer does not know the requested server name",
        AlertDescription::NoApplicationProtocol => {
            "the peer supports no application protocol (ALPN) that irsa offered"
        }
        AlertDescription::ProtocolVersion => {
            "the peer accepts neither TLS 1.2 nor TLS 1.3"
        }
        other => return format!("the peer ended the TLS handshake with the alert {other:?}"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explains_a_server_without_tls() {
        let error = Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(explain(&error).starts_with("the peer does not speak TLS on this port"));
    }

    #[test]
    fn explains_a_peer_that_does_not_trust_the_certificate() {
        let text = explain(&Error::AlertReceived(AlertDescription::UnknownCA));
        assert!(
            text.contains("does not trust the certificate of irsa"),
            "{text}"
        );
    }

    #[test]
    fn finds_the_tls_error_in_an_io_error() {
        let error = io::Error::new(io::ErrorKind::InvalidData, Error::NoCertificatesPresented);
        assert!(explain_io(&error).is_some());
        assert!(explain_io(&io::ErrorKind::UnexpectedEof.into()).is_none());
    }
}
