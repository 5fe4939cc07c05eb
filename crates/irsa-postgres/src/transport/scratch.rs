//! The buffers that every session of a thread shares while it is being polled.

use std::cell::RefCell;

use super::outbox::Outbox;

/// The most bytes one socket read takes: four full TLS records.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// The most bytes one socket read takes from a client or server that has not authenticated: what it sends ahead is kept.
pub(crate) const EARLY_READ_SIZE: usize = 16 * 1024;

/// Buffers borrowed for the length of one poll; a waiting session holds none of them.
pub(crate) struct Scratch {
    /// What a socket read fills: what an incomplete TLS record left behind, then the read itself.
    pub(super) input: Box<[u8]>,
    /// How much of `input` is plaintext already, since the socket has no TLS.
    pub(super) direct: usize,
    /// What decryption yields.
    pub(super) plain: Outbox,
    /// What encryption yields.
    pub(super) cipher: Outbox,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Lends this thread's buffers to `work`.
pub(crate) fn with_scratch<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with(|shared| match shared.try_borrow_mut() {
        Ok(mut scratch) => work(&mut scratch),
        // A poll inside a poll: correct, only slower.
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

    /// The plaintext of the last receive.
    pub(crate) fn received(&self) -> &[u8] {
        match self.direct {
            0 => self.plain.filled(),
            direct => &self.input[..direct],
        }
    }

    /// The plaintext of the last receive, with room to encrypt it into.
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
