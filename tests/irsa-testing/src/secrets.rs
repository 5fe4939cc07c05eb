//! What no log may contain, at any level.

/// A secret key that the tests use.
pub const GIVEN: &str = "hush-hush";

/// The start of a projected token (`{"`), and what only a signature or a signed URL has.
const NEVER: [&str; 5] = [
    GIVEN,
    "eyJ",
    "X-Amz-Signature=",
    "X-Amz-Security-Token=",
    "BEGIN PRIVATE KEY",
];

/// Fails if a log contains something that looks like a secret.
///
/// # Panics
/// It does.
pub fn check(log: &str) {
    for secret in NEVER {
        assert!(!log.contains(secret), "`{secret}` is in the log:\n{log}");
    }
}
