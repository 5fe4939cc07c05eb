//! A byte buffer that is filled in place. Its length is separate from its storage, so reuse does not zero memory again.

/// Outgoing bytes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    storage: Vec<u8>,
    filled: usize,
}

impl Outbox {
    /// Returns at least `wanted` writable bytes after the filled ones.
    pub(crate) fn space(&mut self, wanted: usize) -> &mut [u8] {
        let needed = self.filled + wanted;
        if self.storage.len() < needed {
            self.storage.resize(needed, 0);
        }
        &mut self.storage[self.filled..]
    }

    /// Marks `written` bytes of [`Outbox::space`] as filled.
    pub(crate) fn advance(&mut self, written: usize) {
        self.filled = (self.filled + written).min(self.storage.len());
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.advance(bytes.len());
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.storage[..self.filled]
    }

    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Outbox;

    #[test]
    fn keeps_filled_bytes_until_it_is_cleared() {
        let mut outbox = Outbox::default();
        outbox.space(4)[..2].copy_from_slice(b"ab");
        outbox.advance(2);
        outbox.extend(b"cd");
        assert_eq!(outbox.filled(), b"abcd");
        outbox.clear();
        outbox.extend(b"x");
        assert_eq!(outbox.filled(), b"x");
    }
}
