//! The version and commit of this build.

/// The version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that the program was built from, or `unknown` for a build that is not a release.
pub(crate) const COMMIT: &str = env!("IRSA_COMMIT");
