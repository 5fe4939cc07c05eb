//! The certificate authorities of the image.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Length of a line of base64 (RFC 7468, section 2).
const LINE: usize = 64;

/// Returns Mozilla's trusted roots as PEM: the same that irsa embeds, so that the image trusts what its version of irsa
/// trusts, and is the same on every machine.
pub(crate) fn pem() -> String {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    roots.iter().map(|root| certificate(root)).collect()
}

fn certificate(der: &[u8]) -> String {
    let mut text = STANDARD.encode(der);
    let lines = text.len().div_ceil(LINE);
    for line in (1..lines).rev() {
        text.insert(line * LINE, '\n');
    }
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_length_of_the_rfc() {
        let text = certificate(&[7; 100]);
        let lengths: Vec<_> = text.lines().map(str::len).collect();
        assert_eq!(lengths, [27, 64, 64, 8, 25]);
    }

    #[test]
    fn a_full_last_line_is_not_followed_by_an_empty_one() {
        let text = certificate(&[7; 48]);
        assert_eq!(text.lines().count(), 3);
    }
}
