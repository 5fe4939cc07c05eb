//! Errors and their sources.

use std::error::Error;

/// Returns the innermost source of an error: that of the system, of TLS, or of the server. Outer messages often repeat it.
pub fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
}
