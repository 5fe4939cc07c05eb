//! Every crate inherits the workspace's lints, which cargo does not do by default.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Findings, members, text};
use crate::failure::Failure;

pub(super) fn check(metadata: &Value) -> Findings {
    let mut findings = Vec::new();
    for package in members(metadata) {
        let path = Path::new(text(package, "manifest_path"));
        let manifest = fs::read_to_string(path).map_err(Failure::file(path))?;
        if !inherits(&manifest) {
            findings.push(format!(
                "`{}` has no `[lints] workspace = true`",
                path.display()
            ));
        }
    }
    Ok(findings)
}

fn inherits(manifest: &str) -> bool {
    let section = manifest
        .lines()
        .skip_while(|line| line.trim() != "[lints]")
        .skip(1);
    section
        .take_while(|line| !line.starts_with('['))
        .any(|line| line.trim() == "workspace = true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_must_be_in_its_section() {
        assert!(inherits(
            "[package]\nname = 'a'\n\n[lints]\nworkspace = true\n"
        ));
        assert!(!inherits("[lints]\n\n[dependencies.a]\nworkspace = true\n"));
        assert!(!inherits("[package]\nname = 'a'\n"));
    }
}
