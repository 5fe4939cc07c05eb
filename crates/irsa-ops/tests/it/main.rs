//! What concerns the process as a whole, and so needs one of its own.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod panics;
