//! What this program was built from.

/// Its version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit of its sources, or `unknown` in a build that is not a release.
pub(crate) const COMMIT: &str = env!("IRSA_COMMIT");
