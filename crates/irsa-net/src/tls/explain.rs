//! TLS errors in plain words.

mod certificate;

use std::io;

use rustls::{AlertDescription, Error};

/// What a TLS error means and what to do, for people who run a database and not a PKI.
///
/// Names in it come from the other side's certificate; they are cut to a few.
pub fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(problem) => certificate::explain(problem),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::NoCertificatesPresented => "the other side showed no certificate".to_owned(),
        Error::InvalidMessage(_) => "the other side does not speak TLS on this port: check the \
                                     port, and that nothing in between answers in its place"
            .to_owned(),
        Error::PeerIncompatible(problem) => format!(
            "the other side offers no TLS that we accept ({problem:?}): it needs TLS 1.2 or 1.3 \
             with an AEAD cipher suite"
        ),
        Error::NoApplicationProtocol => {
            "the other side offers no application protocol that we speak".to_owned()
        }
        other => other.to_string(),
    }
}

/// [`explain`] for an error of a TLS stream; `None` where it holds no TLS error.
pub fn explain_io(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    Some(explain(inner))
}

fn of_alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA | AlertDescription::BadCertificate => {
            "the other side does not trust our certificate: give it the file with our authority's"
        }
        AlertDescription::CertificateRequired => {
            "the other side wants a client certificate, and we showed none"
        }
        AlertDescription::CertificateExpired => "the other side says that our certificate expired",
        AlertDescription::UnrecognisedName => "the other side does not know the name we asked for",
        AlertDescription::NoApplicationProtocol => {
            "the other side speaks none of the application protocols that we offered"
        }
        AlertDescription::ProtocolVersion => {
            "the other side speaks neither TLS 1.2 nor 1.3, or refuses both"
        }
        other => return format!("the other side ended the TLS handshake with the alert {other:?}"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explains_what_a_server_without_tls_looks_like() {
        let error = Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(explain(&error).starts_with("the other side does not speak TLS on this port"));
    }

    #[test]
    fn explains_a_client_that_does_not_trust_us() {
        let text = explain(&Error::AlertReceived(AlertDescription::UnknownCA));
        assert!(text.contains("does not trust our certificate"), "{text}");
    }

    #[test]
    fn finds_the_tls_error_in_an_io_error() {
        let error = io::Error::new(io::ErrorKind::InvalidData, Error::NoCertificatesPresented);
        assert!(explain_io(&error).is_some());
        assert!(explain_io(&io::ErrorKind::UnexpectedEof.into()).is_none());
    }
}
