//! Tests that affect the whole process and therefore need their own.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod panics;
