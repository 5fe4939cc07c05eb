//! The key for canceling a session's query.

use std::fmt;
use std::ops::RangeInclusive;

use bytes::BytesMut;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::request;

/// The allowed length of a secret in bytes (PostgreSQL docs, "BackendKeyData").
const SECRET: RangeInclusive<usize> = 4..=256;

/// The key that a server sends to a client at login, and that the client sends back to cancel the session's query.
///
/// Keys are compared in constant time, and `Debug` hides the secret.
#[derive(Clone)]
pub struct CancelKey {
    /// The process ID of the session.
    pub process_id: u32,
    secret: Vec<u8>,
}

// === impl CancelKey ===

impl CancelKey {
    /// Creates a key.
    ///
    /// A secret has exactly 4 bytes in protocol 3.0 and 4 to 256 bytes since 3.2. Secrets of other lengths are written
    /// unchanged, but readers reject them.
    pub fn new(process_id: u32, secret: Vec<u8>) -> Self {
        Self { process_id, secret }
    }

    /// Returns the secret, which proves that a cancel request comes from the session's client.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Writes the CancelRequest for this key.
    pub fn encode_request(&self, buf: &mut BytesMut) {
        request::cancel_request(self, buf);
    }

    /// Parses process ID and secret, the format that CancelRequest and BackendKeyData share.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let (&process_id, secret) = body.split_first_chunk()?;
        SECRET
            .contains(&secret.len())
            .then(|| Self::new(u32::from_be_bytes(process_id), secret.to_vec()))
    }
}

impl PartialEq for CancelKey {
    fn eq(&self, other: &Self) -> bool {
        self.process_id == other.process_id && bool::from(self.secret.ct_eq(&other.secret))
    }
}

impl Eq for CancelKey {}

impl fmt::Debug for CancelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelKey")
            .field("process_id", &self.process_id)
            .finish_non_exhaustive()
    }
}

impl Drop for CancelKey {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_process_id_and_by_secret() {
        let key = CancelKey::new(7, vec![1, 2, 3, 4]);
        assert_eq!(key, key.clone());
        assert_ne!(key, CancelKey::new(8, vec![1, 2, 3, 4]));
        assert_ne!(key, CancelKey::new(7, vec![1, 2, 3, 5]));
        assert_ne!(key, CancelKey::new(7, vec![1, 2, 3, 4, 5]));
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let shown = format!("{:?}", CancelKey::new(7, vec![201, 202, 203, 204]));
        assert_eq!(shown, "CancelKey { process_id: 7, .. }");
    }
}
