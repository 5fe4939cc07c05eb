//! The buffers that all sessions of a thread share while they are polled.

use std::cell::RefCell;

use super::outbox::Outbox;

/// The maximum size of a socket read in bytes: four full TLS records.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// The maximum size of a socket read before the relay starts, in bytes. Early bytes are buffered, so it is smaller.
pub(crate) const EARLY_READ_SIZE: usize = 16 * 1024;

/// Buffers that a session borrows for the duration of one poll.
pub(crate) struct Scratch {
    /// The input of a socket read: the bytes of an incomplete TLS record, then the new bytes.
    pub(super) input: Box<[u8]>,
    /// The number of bytes in `input` that are plaintext, if the socket has no TLS.
    pub(super) direct: usize,
    /// The output of decryption.
    pub(super) plain: Outbox,
    /// The output of encryption.
    pub(super) cipher: Outbox,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Runs `work` with the buffers of this thread.
pub(crate) fn with_scratch<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with(|shared| match shared.try_borrow_mut() {
        Ok(mut scratch) => work(&mut scratch),
        // A nested poll is correct, but slower.
        Err(_) => work(&mut Scratch::new()),
    })
}

// === impl Scratch ===

impl Scratch {
    fn new() -> Self {
        Self {
            input: vec![0; 2 * READ_SIZE].into_boxed_slice(),
            direct: 0,
            plain: Outbox::default(),
            cipher: Outbox::default(),
        }
    }

    /// Returns the plaintext of the last receive.
    pub(crate) fn received(&self) -> &[u8] {
        match self.direct {
            0 => self.plain.filled(),
            direct => &self.input[..direct],
        }
    }

    /// Returns the plaintext of the last receive and the buffer to encrypt it into.
    pub(super) fn received_and_cipher(&mut self) -> (&[u8], &mut Outbox) {
        let received = match self.direct {
            0 => self.plain.filled(),
            direct => &self.input[..direct],
        };
        (received, &mut self.cipher)
    }

    pub(super) fn forget_received(&mut self) {
        self.direct = 0;
        self.plain.clear();
    }
}
