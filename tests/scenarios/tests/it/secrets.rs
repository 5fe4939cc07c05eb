//! Secrets that no log may contain, at any level.

use irsa_lab::Sessions;
use irsa_testing::secrets::check;

/// Fails if a log contains a secret of a session whose access key it contains.
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
