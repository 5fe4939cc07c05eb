//! Authentication messages: the server's requests, and AuthenticationOk.

use bytes::{BufMut, Bytes, BytesMut};

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of all Authentication messages.
pub const AUTHENTICATION: u8 = b'R';

const OK: u32 = 0;
const KERBEROS_V5: u32 = 2;
const CLEARTEXT_PASSWORD: u32 = 3;
const MD5_PASSWORD: u32 = 5;
const GSS: u32 = 7;
const GSS_CONTINUE: u32 = 8;
const SSPI: u32 = 9;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// An authentication request, or AuthenticationOk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// AuthenticationOk: the client is authenticated.
    Ok,
    /// A request for the password in clear text. Amazon RDS requests an IAM token this way.
    CleartextPassword,
    /// A request for the password as an MD5 hash with this salt.
    Md5 {
        /// The salt, chosen by the server.
        salt: [u8; 4],
    },
    /// A request for a SASL exchange with one of these mechanisms.
    Sasl {
        /// Names such as `SCRAM-SHA-256`, in the server's order of preference.
        mechanisms: Vec<String>,
    },
    /// Server data for the next step of a SASL exchange.
    SaslContinue(Bytes),
    /// Server data for the last step of a SASL exchange.
    SaslFinal(Bytes),
    /// A request for a GSSAPI exchange.
    Gss,
    /// Server data for the next step of a GSSAPI or SSPI exchange.
    GssContinue(Bytes),
    /// A request for an SSPI exchange.
    Sspi,
    /// A request for Kerberos V5, which current servers no longer use.
    KerberosV5,
    /// An unknown request, by its number.
    Other(u32),
}

// === impl Authentication ===

impl Authentication {
    /// Parses the body of an Authentication message.
    ///
    /// # Errors
    /// Fails if the body does not match its request type.
    pub fn parse(body: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("Authentication", body);
        let parsed = match reader.u32()? {
            OK => Self::Ok,
            KERBEROS_V5 => Self::KerberosV5,
            CLEARTEXT_PASSWORD => Self::CleartextPassword,
            MD5_PASSWORD => Self::Md5 {
                salt: reader.array()?,
            },
            GSS => Self::Gss,
            SSPI => Self::Sspi,
            SASL => Self::Sasl {
                mechanisms: mechanisms(&mut reader)?,
            },
            GSS_CONTINUE => return Ok(Self::GssContinue(copied(reader))),
            SASL_CONTINUE => return Ok(Self::SaslContinue(copied(reader))),
            SASL_FINAL => return Ok(Self::SaslFinal(copied(reader))),
            other => return Ok(Self::Other(other)),
        };
        reader.finish()?;
        Ok(parsed)
    }

    /// Writes the message.
    pub fn encode(&self, buf: &mut BytesMut) {
        writer::message(AUTHENTICATION, buf, |buf| {
            buf.put_u32(self.code());
            match self {
                Self::Md5 { salt } => buf.put_slice(salt),
                Self::Sasl { mechanisms } => put_mechanisms(mechanisms, buf),
                Self::SaslContinue(data) | Self::SaslFinal(data) | Self::GssContinue(data) => {
                    buf.put_slice(data);
                }
                _ => {}
            }
        });
    }

    fn code(&self) -> u32 {
        match self {
            Self::Ok => OK,
            Self::KerberosV5 => KERBEROS_V5,
            Self::CleartextPassword => CLEARTEXT_PASSWORD,
            Self::Md5 { .. } => MD5_PASSWORD,
            Self::Gss => GSS,
            Self::GssContinue(_) => GSS_CONTINUE,
            Self::Sspi => SSPI,
            Self::Sasl { .. } => SASL,
            Self::SaslContinue(_) => SASL_CONTINUE,
            Self::SaslFinal(_) => SASL_FINAL,
            Self::Other(code) => *code,
        }
    }
}

/// Reads names up to the empty name that ends the list.
fn mechanisms(reader: &mut Reader<'_>) -> Result<Vec<String>, MessageError> {
    let mut mechanisms = Vec::new();
    loop {
        match reader.text()? {
            "" => return Ok(mechanisms),
            name => mechanisms.push(name.to_owned()),
        }
    }
}

fn put_mechanisms(mechanisms: &[String], buf: &mut BytesMut) {
    for name in mechanisms.iter().filter(|name| !name.is_empty()) {
        writer::string(name, buf);
    }
    buf.put_u8(0);
}

fn copied(reader: Reader<'_>) -> Bytes {
    Bytes::copy_from_slice(reader.rest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_request_of_an_rds_server() {
        let body = b"\0\0\0\x03";
        assert_eq!(
            Authentication::parse(body),
            Ok(Authentication::CleartextPassword)
        );
    }

    #[test]
    fn parses_sasl_mechanisms_up_to_the_empty_name() {
        let body = b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
        let mechanisms = vec!["SCRAM-SHA-256-PLUS".to_owned(), "SCRAM-SHA-256".to_owned()];
        assert_eq!(
            Authentication::parse(body),
            Ok(Authentication::Sasl { mechanisms })
        );
    }

    #[test]
    fn rejects_malformed_bodies() {
        for (body, text) in [
            (&b""[..], "malformed Authentication: it is truncated"),
            (
                b"\0\0\0\x05abc",
                "malformed Authentication: it is truncated",
            ),
            (
                b"\0\0\0\0x",
                "malformed Authentication: there are extra bytes after its last field",
            ),
            (
                b"\0\0\0\x0aSCRAM\0",
                "malformed Authentication: a string has no terminating zero byte",
            ),
            (
                b"\0\0\0\x0a\xff\0\0",
                "malformed Authentication: a string is not valid UTF-8",
            ),
        ] {
            let error = Authentication::parse(body).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
