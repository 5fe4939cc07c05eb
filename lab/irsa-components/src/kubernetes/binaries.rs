//! The server program in the cache, built once from the sources beside this crate.

use std::path::{Path, PathBuf};

use super::KubernetesError;
use crate::Progress;
use crate::go::GoProgram;

/// The version of Kubernetes that `go.mod` pins.
pub const VERSION: &str = "v1.35.4";

const SOURCES: [(&str, &str); 3] = [
    ("go.mod", include_str!("../../kubernetes/go.mod")),
    ("go.sum", include_str!("../../kubernetes/go.sum")),
    ("main.go", include_str!("../../kubernetes/main.go")),
];
/// The `go` line of `go.mod` is 1.25.
const LEAST_GO: u32 = 25;
/// The package with the version that Kubernetes reports.
const VERSION_PACKAGE: &str = "k8s.io/component-base/version";

/// A Kubernetes that is ready to start.
#[derive(Debug, Clone)]
pub struct KubernetesBinaries {
    program: PathBuf,
}

impl KubernetesBinaries {
    /// Returns the pinned version ([`VERSION`]) from `cache`, after a build if the cache lacks it: that takes minutes,
    /// about 2 GB of memory and, in Go's own caches, 3 GB of disk. `progress` gets a line before that.
    ///
    /// # Errors
    /// It must be built and Go is missing, or the build failed.
    pub async fn locate(cache: &Path, progress: Progress<'_>) -> Result<Self, KubernetesError> {
        let program = GoProgram {
            name: "kubernetes",
            version: VERSION,
            sources: &SOURCES,
            least_go: LEAST_GO,
            linker_flags: linker_flags(),
            duration: "3 to 4 minutes",
        };
        let program = program.locate(cache, progress).await?;
        Ok(Self { program })
    }

    /// The program, whose first argument selects the server.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Returns linker flags that set the reported version.
fn linker_flags() -> String {
    let mut numbers = VERSION.trim_start_matches('v').split('.');
    let mut number = || numbers.next().unwrap_or_default();
    let (major, minor) = (number(), number());
    format!(
        "-X {VERSION_PACKAGE}.gitVersion={VERSION} -X {VERSION_PACKAGE}.gitMajor={major} \
         -X {VERSION_PACKAGE}.gitMinor={minor}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_builds_the_pinned_version() {
        let pinned = format!("k8s.io/kubernetes {VERSION}");
        assert!(SOURCES[0].1.contains(&pinned), "go.mod lacks `{pinned}`");
    }

    #[test]
    fn the_minimum_go_is_that_of_its_module() {
        assert!(SOURCES[0].1.contains(&format!("\ngo 1.{LEAST_GO}.0\n")));
    }

    #[test]
    fn the_version_is_set_in_three_forms() {
        let flags = linker_flags();
        for part in [".gitVersion=v1.35.4", ".gitMajor=1", ".gitMinor=35"] {
            assert!(flags.contains(part), "{flags}");
        }
    }
}
