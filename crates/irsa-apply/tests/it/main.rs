//! Set-ups applied to real servers.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod opensearch;
