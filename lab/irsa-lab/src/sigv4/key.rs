//! The signing key and the signature.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::scope::CredentialScope;
use crate::secret::Secret;

/// Returns SHA-256 as lower-case hex.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns whether `signature` is that of `string_to_sign` in `scope` with `secret`; compares in constant time.
pub(super) fn signature_is(
    signature: &str,
    secret: &Secret,
    scope: &CredentialScope<'_>,
    string_to_sign: &str,
) -> bool {
    let expected = sign(secret, scope, string_to_sign);
    expected.as_bytes().ct_eq(signature.as_bytes()).into()
}

/// Returns the HMAC of the string with the key that is derived from secret, date, region and service.
fn sign(secret: &Secret, scope: &CredentialScope<'_>, string_to_sign: &str) -> String {
    let start = format!("AWS4{}", secret.expose()).into_bytes();
    let steps = [scope.date, scope.region, scope.service, "aws4_request"];
    let key = steps
        .into_iter()
        .fold(start, |key, step| hmac(&key, step.as_bytes()));
    hex(&hmac(&key, string_to_sign.as_bytes()))
}

#[expect(clippy::expect_used, reason = "HMAC accepts keys of any length")]
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the IAM User Guide, "Create a signed AWS API request", step 3 and 4.
    #[test]
    fn matches_the_documented_example() {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let scope = CredentialScope {
            date: "20150830",
            region: "us-east-1",
            service: "iam",
        };
        let string_to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
             f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(signature_is(signature, &secret, &scope, string_to_sign));
        assert!(!signature_is(
            &signature.to_uppercase(),
            &secret,
            &scope,
            string_to_sign
        ));
    }

    #[test]
    fn hashes_the_empty_payload() {
        assert_eq!(
            sha256_hex(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
