//! `cargo xtask suites golden-pods`: the pods with which the EKS pod identity webhook is tested, through the decision of
//! irsa's webhook.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// The pods, in a checkout of aws/amazon-eks-pod-identity-webhook.
const TEST_DATA: &str = "pkg/handler/testdata";
/// The test of irsa-webhook that reads them.
const TEST: &str = "tests::golden::the_sidecar_gets_what_eks_would_give_it";
/// The variable in which it finds them.
const VARIABLE: &str = "IRSA_EKS_TESTDATA";

/// Runs the test with the pods of a checkout, or of a copy of its test data.
pub(super) fn run(source: &str) -> Result<(), Failure> {
    let pods = directory(Path::new(source))?;
    progress::note(&format!("the pods in {}", pods.display()));
    let mut command = workspace::cargo();
    command
        .args(["test", "--package", "irsa-webhook", "--lib", "--"])
        .args(["--exact", TEST, "--nocapture"])
        .env(VARIABLE, &pods);
    let output = process::capture(&mut command)?;
    // A name that matches no test passes, too.
    if !output.contains("1 passed") {
        return Err(Failure::new(format!("irsa-webhook has no test `{TEST}`")));
    }
    progress::note(output.trim());
    Ok(())
}

/// The directory of the pods as an absolute path: the test runs in the directory of its crate.
fn directory(source: &Path) -> Result<PathBuf, Failure> {
    let below = source.join(TEST_DATA);
    let directory = if below.is_dir() {
        below
    } else {
        source.to_owned()
    };
    let absent = |error| {
        Failure::new(format!("cannot read `{}`: {error}", source.display())).remedy(
            "name a checkout of aws/amazon-eks-pod-identity-webhook, or a copy of its pkg/handler/testdata",
        )
    };
    directory.canonicalize().map_err(absent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_directory_is_reported_before_the_build() {
        let failure = run("/nonexistent/pods").unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("cannot read `/nonexistent/pods`"), "{text}");
    }

    #[test]
    fn a_copy_of_the_test_data_is_its_own_directory() {
        let copy = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(directory(copy).unwrap(), copy.canonicalize().unwrap());
    }
}
