//! Signature Version 4 as in the IAM User Guide, without the verifier's code; used by unit tests and integration tests.
//! The lab itself only verifies.

use std::fmt::Write as _;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

/// The canonical parts of a request.
#[derive(Debug)]
pub(crate) struct ToSign<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    /// The signed headers in any order.
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    /// The body's hash, or its replacement.
    pub(crate) payload: &'a str,
}

/// The credentials, time and scope of a signature.
#[derive(Debug)]
pub(crate) struct Key<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) stamp: &'a str,
}

impl ToSign<'_> {
    /// Returns the value of `SignedHeaders`.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.sorted().iter().map(|(name, _)| *name).collect();
        names.join(";")
    }

    /// Returns the value of `Authorization`.
    pub(crate) fn authorization(&self, key: &Key<'_>) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
            key.id,
            key.scope(),
            self.names(),
            self.signature(key)
        )
    }

    /// Returns the signature in hexadecimal.
    pub(crate) fn signature(&self, key: &Key<'_>) -> String {
        let scope = key.scope();
        let hash = sha256(self.canonical().as_bytes());
        let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", key.stamp);
        let start = format!("AWS4{}", key.secret).into_bytes();
        let key = scope.split('/').fold(start, |key, step| hmac(&key, step));
        hex(&hmac(&key, &to_sign))
    }

    fn canonical(&self) -> String {
        let lines = self.sorted().iter().fold(String::new(), |mut lines, line| {
            let (name, value) = line;
            let _ = writeln!(lines, "{name}:{}", value.trim());
            lines
        });
        let Self {
            method,
            path,
            query,
            payload,
            ..
        } = self;
        format!(
            "{method}\n{path}\n{query}\n{lines}\n{}\n{payload}",
            self.names()
        )
    }

    fn sorted(&self) -> Vec<(&str, &str)> {
        let mut headers = self.headers.clone();
        headers.sort_unstable();
        headers
    }
}

impl Key<'_> {
    /// Returns `DATE/REGION/SERVICE/aws4_request`.
    pub(crate) fn scope(&self) -> String {
        let (date, _) = self.stamp.split_once('T').unwrap();
        format!("{date}/{}/{}/aws4_request", self.region, self.service)
    }
}

/// Formats a time as `20261124T210800Z`.
pub(crate) fn stamp(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let (date, clock) = (at.date(), at.time());
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// Returns SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
