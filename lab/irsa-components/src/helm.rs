//! A real Helm for tests. No registry ships it, so Go builds it from its own modules: once, in two to three minutes on
//! two cores.

use std::path::{Path, PathBuf};

use crate::Progress;
use crate::go::{GoError, GoProgram};

/// The version of Helm that `go.mod` pins.
pub const VERSION: &str = "v4.3.1";

const SOURCES: &[(&str, &str)] = &[
    ("go.mod", include_str!("../helm/go.mod")),
    ("go.sum", include_str!("../helm/go.sum")),
    ("main.go", include_str!("../helm/main.go")),
];
/// The `go` line of `go.mod` is 1.26.
const LEAST_GO: u32 = 26;

/// Returns Helm ([`VERSION`]) from `cache`, after a build if the cache lacks it: that takes minutes and 1.5 GB of
/// memory. `progress` gets a line before that.
///
/// # Errors
/// It must be built and Go is missing, or the build failed.
pub async fn locate(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, GoError> {
    let helm = GoProgram {
        name: "helm",
        version: VERSION,
        sources: SOURCES,
        least_go: LEAST_GO,
        linker_flags: String::new(),
        duration: "2 to 3 minutes",
    };
    helm.locate(cache, progress).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_builds_the_pinned_version() {
        let (_, go_mod) = SOURCES[0];
        let pinned = format!("helm.sh/helm/v4 {VERSION}\n");
        assert!(go_mod.contains(&pinned), "go.mod lacks `{pinned}`");
        assert!(go_mod.contains(&format!("\ngo 1.{LEAST_GO}.0\n")));
    }
}
