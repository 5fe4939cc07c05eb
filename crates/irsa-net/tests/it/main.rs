//! Tests that need their own process.

mod scarcity;
