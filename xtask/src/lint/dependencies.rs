//! Rules for dependencies: licenses, bans, sources, and duplicate versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::deny::Deny;
use super::{Findings, license, list, text};

pub(super) fn check(metadata: &Value) -> Findings {
    let deny = Deny::read()?;
    let packages = reachable(metadata);
    let mut all: Vec<String> = packages
        .iter()
        .flat_map(|package| findings(package, &deny))
        .collect();
    all.extend(superfluous(&packages, &deny.skips));
    Ok(all)
}

fn findings(package: &Value, deny: &Deny) -> Vec<String> {
    let name = text(package, "name");
    let mut findings = Vec::new();
    if let Some((_, reason)) = deny.bans.iter().find(|(banned, _)| banned == name) {
        findings.push(format!("`{name}` is banned: {reason}"));
    }
    if !license::is_met(text(package, "license"), &deny.licenses) {
        findings.push(format!(
            "`{name}` has a license that is not allowed: `{}`",
            text(package, "license")
        ));
    }
    let source = text(package, "source");
    if !source.is_empty() && !source.starts_with("registry+") {
        findings.push(format!(
            "`{name}` comes from `{source}` instead of the registry"
        ));
    }
    findings
}

/// Returns the packages that are built for our members. The lock file also has packages that no enabled feature needs.
fn reachable(metadata: &Value) -> Vec<&Value> {
    let uses: BTreeMap<&str, &Value> = list(&metadata["resolve"], "nodes")
        .iter()
        .map(|node| (text(node, "id"), node))
        .collect();
    let mut left: Vec<&str> = list(metadata, "workspace_members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = left.pop() {
        if seen.insert(id) {
            let next = uses
                .get(id)
                .map_or(&[][..], |node| list(node, "dependencies"));
            left.extend(next.iter().filter_map(Value::as_str));
        }
    }
    list(metadata, "packages")
        .iter()
        .filter(|package| seen.contains(text(package, "id")))
        .collect()
}

/// Returns duplicate versions that `deny.toml` does not skip, and unneeded skips.
fn superfluous(packages: &[&Value], skips: &[String]) -> Vec<String> {
    let duplicates = duplicates(packages);
    let is_skipped = |name: &str, version: &str| skips.contains(&format!("{name}@{version}"));
    let unskipped = duplicates.iter().filter_map(|(name, versions)| {
        let kept = versions.iter().filter(|version| !is_skipped(name, version));
        (kept.count() > 1).then(|| {
            let versions = versions.iter().copied().collect::<Vec<_>>().join(", ");
            format!("`{name}` is built in several versions ({versions}): use one version, or skip all except one in deny.toml")
        })
    });
    let in_vain = skips.iter().filter_map(|skip| {
        let (name, version) = skip.split_once('@').unwrap_or((skip, ""));
        let needed = duplicates
            .get(name)
            .is_some_and(|versions| versions.contains(version));
        (!needed).then(|| {
            format!("deny.toml skips `{skip}`, which is not a duplicate: remove the entry")
        })
    });
    unskipped.chain(in_vain).collect()
}

fn duplicates<'a>(packages: &[&'a Value]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        versions
            .entry(text(package, "name"))
            .or_default()
            .insert(text(package, "version"));
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deny() -> Deny {
        Deny {
            licenses: vec!["MIT".to_owned()],
            bans: vec![("openssl".to_owned(), "rustls is".to_owned())],
            skips: Vec::new(),
        }
    }

    #[test]
    fn each_rule_reports_its_violation() {
        let package = json!({"name": "openssl", "license": "GPL-3.0-only", "source": "git+https://example.test"});
        assert_eq!(findings(&package, &deny()).len(), 3);
        let package =
            json!({"name": "a", "license": "MIT", "source": "registry+https://example.test"});
        assert_eq!(findings(&package, &deny()), Vec::<String>::new());
    }

    #[test]
    fn unneeded_packages_are_ignored() {
        let metadata = json!({
            "workspace_members": ["ours"],
            "packages": [{"id": "ours"}, {"id": "used"}, {"id": "unused"}],
            "resolve": {"nodes": [{"id": "ours", "dependencies": ["used"]}, {"id": "used", "dependencies": []},
                                  {"id": "unused", "dependencies": []}]},
        });
        let ids: Vec<&str> = reachable(&metadata)
            .into_iter()
            .map(|package| text(package, "id"))
            .collect();
        assert_eq!(ids, ["ours", "used"]);
    }

    #[test]
    fn all_versions_except_one_must_be_skipped() {
        let (one, two) = (
            json!({"name": "a", "version": "1.0.0"}),
            json!({"name": "a", "version": "2.0.0"}),
        );
        let skips = ["a@1.0.0".to_owned()];
        assert_eq!(superfluous(&[&one, &two], &[]).len(), 1);
        assert_eq!(superfluous(&[&one, &two], &skips), Vec::<String>::new());
        assert_eq!(
            superfluous(&[&two], &skips).len(),
            1,
            "nothing is left to skip"
        );
    }
}
