//! The version and commit of this build.

/// The version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version, followed by the commit in parentheses if it is known.
pub(crate) const VERSION_AND_COMMIT: &str = env!("IRSA_VERSION");

/// The commit that the program was built from, or `unknown`.
pub(crate) const COMMIT: &str = env!("IRSA_COMMIT");
