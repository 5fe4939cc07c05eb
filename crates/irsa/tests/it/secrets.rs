//! What must be in no log, at whatever level.

use irsa_lab::Sessions;

/// A secret key that the tests give.
pub(crate) const GIVEN: &str = "hush-hush";

/// The start of a projected token (`{"`), and what only a signature or a signed URL has.
const NEVER: [&str; 5] = [
    GIVEN,
    "eyJ",
    "X-Amz-Signature=",
    "X-Amz-Security-Token=",
    "BEGIN PRIVATE KEY",
];

/// Fails if a log has something of the form of a secret.
pub(crate) fn check(log: &str) {
    for secret in NEVER {
        assert!(!log.contains(secret), "`{secret}` is in the log:\n{log}");
    }
}

/// Fails if a log has a secret of the sessions whose keys it names.
pub(crate) fn check_sessions(log: &str, sessions: &Sessions) {
    check(log);
    let keys = log
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| word.starts_with("ASIA"));
    for session in keys.filter_map(|key| sessions.find(key)) {
        let credentials = &session.credentials;
        assert!(!log.contains(credentials.secret_access_key.expose()));
        assert!(!log.contains(credentials.session_token.expose()));
    }
}
