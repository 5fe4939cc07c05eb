//! The keys of RFC 5802, section 3, with SHA-256.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::attributes::{decode, encode};
use super::password;

const SIZE: usize = 32;

/// A key, a signature or a proof. It is zeroed when dropped, and `Debug` hides it.
#[derive(Clone)]
pub(super) struct Key([u8; SIZE]);

// === impl Key ===

impl Key {
    /// Computes `SaltedPassword`. `iterations` must be at least 1.
    pub(super) fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let password = password::saslprep(password);
        Self(pbkdf2::pbkdf2_hmac_array::<Sha256, SIZE>(
            &password, salt, iterations,
        ))
    }

    /// Computes `ClientKey` from the salted password.
    pub(super) fn client_key(&self) -> Self {
        self.sign(b"Client Key")
    }

    /// Computes `ServerKey` from the salted password.
    pub(super) fn server_key(&self) -> Self {
        self.sign(b"Server Key")
    }

    /// Computes `StoredKey` from the client key.
    pub(super) fn stored_key(&self) -> Self {
        Self(Sha256::digest(self.0).into())
    }

    /// Computes `HMAC(key, message)`.
    pub(super) fn sign(&self, message: &[u8]) -> Self {
        sign(&self.0, message)
    }

    /// Computes the proof from key and signature, or the key from proof and signature.
    pub(super) fn xor(&self, other: &Self) -> Self {
        let mut bytes = self.0;
        for (byte, other) in bytes.iter_mut().zip(other.0) {
            *byte ^= other;
        }
        Self(bytes)
    }

    /// Compares two keys in constant time.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(super) fn from_base64(text: &str) -> Option<Self> {
        let mut bytes = decode(text)?;
        let key = bytes.as_slice().try_into().ok().map(Self);
        bytes.zeroize();
        key
    }

    pub(super) fn to_base64(&self) -> String {
        encode(self.0)
    }

    pub(super) fn as_bytes(&self) -> &[u8; SIZE] {
        &self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Computes `HMAC(key, message)` with a key of any length.
pub(super) fn sign(key: &[u8], message: &[u8]) -> Key {
    #[expect(clippy::expect_used, reason = "HMAC accepts keys of any length")]
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    hmac.update(message);
    Key(hmac.finalize().into_bytes().into())
}
