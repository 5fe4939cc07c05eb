//! Untrusted text in reports.

use irsa_chain::untrusted;

/// An untrusted text on one line, truncated if it is long.
pub(super) fn clean(text: &str) -> String {
    untrusted::printable(text).to_string()
}

/// The same in backticks.
pub(super) fn quoted(text: &str) -> String {
    untrusted::quoted(text).to_string()
}
