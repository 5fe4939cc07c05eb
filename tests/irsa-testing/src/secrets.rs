//! Strings that no log may contain, at any level.

/// The secret key of the tests.
pub const GIVEN: &str = "hush-hush";

/// The start of a projected token (`{"`), and strings that occur only in a signature or a signed URL.
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
/// The log contains such a string.
pub fn check(log: &str) {
    for secret in NEVER {
        assert!(!log.contains(secret), "`{secret}` is in the log:\n{log}");
    }
}
