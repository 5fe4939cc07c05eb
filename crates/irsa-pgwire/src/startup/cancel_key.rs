//! The key to a session's cancellation.

use std::fmt;
use std::ops::RangeInclusive;

use bytes::BytesMut;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::request;

/// Bytes that a secret can have (PostgreSQL docs, "BackendKeyData").
const SECRET: RangeInclusive<usize> = 4..=256;

/// What a server gives a client at login, and a client shows to cancel what that session does.
///
/// Equality takes the same time whatever byte differs, and `Debug` hides the secret.
#[derive(Clone)]
pub struct CancelKey {
    /// Which session.
    pub process_id: u32,
    secret: Vec<u8>,
}

// === impl CancelKey ===

impl CancelKey {
    /// A key of one's own.
    ///
    /// A secret has exactly 4 bytes in protocol 3.0, and 4 to 256 since 3.2. One of another length
    /// is written as it is, and no reader takes it.
    pub fn new(process_id: u32, secret: Vec<u8>) -> Self {
        Self { process_id, secret }
    }

    /// The proof that a request to cancel comes from the session's owner.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Writes the CancelRequest that this key is for.
    pub fn encode_request(&self, buf: &mut BytesMut) {
        request::cancel_request(self, buf);
    }

    /// Reads process id and secret, the form that CancelRequest and BackendKeyData share.
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
    fn differs_by_process_and_by_secret() {
        let key = CancelKey::new(7, vec![1, 2, 3, 4]);
        assert_eq!(key, key.clone());
        assert_ne!(key, CancelKey::new(8, vec![1, 2, 3, 4]));
        assert_ne!(key, CancelKey::new(7, vec![1, 2, 3, 5]));
        assert_ne!(key, CancelKey::new(7, vec![1, 2, 3, 4, 5]));
    }

    #[test]
    fn hides_its_secret() {
        let shown = format!("{:?}", CancelKey::new(7, vec![201, 202, 203, 204]));
        assert_eq!(shown, "CancelKey { process_id: 7, .. }");
    }
}
