//! The dependencies between our crates are exactly those in ARCHITECTURE.md.
//!
//! Its block fenced as `crates` has one line for each crate: `irsa-net -> irsa-chain, (irsa-lab)`. Parentheses mark
//! dependencies of tests only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Findings, list, members, text};
use crate::failure::Failure;
use crate::workspace;

/// The dependencies of each crate; `(name)` if only its tests use it.
type Dependencies = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(metadata: &Value) -> Findings {
    let path = workspace::root().join("ARCHITECTURE.md");
    let document = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let documented = documented(&document)
        .ok_or_else(|| Failure::new("ARCHITECTURE.md has no block fenced as `crates`"))?;
    let mut findings = differences(&documented, &actual(metadata));
    findings.extend(product_depends_on_lab(metadata));
    Ok(findings)
}

/// Returns the dependencies of crates in `crates/` on crates in `lab/`, except those of tests.
fn product_depends_on_lab(metadata: &Value) -> Vec<String> {
    let names = |group: &str| -> BTreeSet<&str> {
        members(metadata)
            .filter(|package| is_in(group, package))
            .map(|package| text(package, "name"))
            .collect()
    };
    let lab = names("lab");
    let product = members(metadata).filter(|package| is_in("crates", package));
    product
        .flat_map(|package| {
            let shipped = list(package, "dependencies")
                .iter()
                .filter(|dependency| text(dependency, "kind") != "dev")
                .map(|dependency| text(dependency, "name"));
            shipped
                .filter(|name| lab.contains(name))
                .map(|name| format!("`{}` depends on `{name}` in lab/", text(package, "name")))
        })
        .collect()
}

/// Returns whether a package is in the directory `group` of the workspace.
fn is_in(group: &str, package: &Value) -> bool {
    let manifest = Path::new(text(package, "manifest_path"));
    let folder = manifest.ancestors().nth(2);
    folder.is_some_and(|folder| folder.ends_with(group))
}

/// Returns the dependencies in the document.
fn documented(document: &str) -> Option<Dependencies> {
    let mut lines = document
        .lines()
        .skip_while(|line| line.trim() != "```crates");
    lines.next()?;
    let block = lines
        .take_while(|line| line.trim() != "```")
        .filter(|line| !line.trim().is_empty());
    Some(block.map(dependencies_of_line).collect())
}

fn dependencies_of_line(line: &str) -> (String, BTreeSet<String>) {
    let (from, to) = line.split_once("->").unwrap_or((line, ""));
    let to = to
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned);
    (from.trim().to_owned(), to.collect())
}

/// Returns the dependencies in Cargo's graph.
fn actual(metadata: &Value) -> Dependencies {
    let names: BTreeSet<&str> = members(metadata)
        .map(|package| text(package, "name"))
        .collect();
    members(metadata)
        .map(|package| (text(package, "name").to_owned(), uses(package, &names)))
        .collect()
}

fn uses(package: &Value, ours: &BTreeSet<&str>) -> BTreeSet<String> {
    let (tests, shipped): (Vec<&Value>, Vec<&Value>) = list(package, "dependencies")
        .iter()
        .filter(|dependency| ours.contains(text(dependency, "name")))
        .partition(|dependency| text(dependency, "kind") == "dev");
    let shipped: BTreeSet<String> = shipped
        .into_iter()
        .map(|each| text(each, "name").to_owned())
        .collect();
    let tests = tests
        .into_iter()
        .map(|each| text(each, "name"))
        .filter(|name| !shipped.contains(*name));
    let tests: Vec<String> = tests.map(|name| format!("({name})")).collect();
    shipped.into_iter().chain(tests).collect()
}

fn differences(documented: &Dependencies, actual: &Dependencies) -> Vec<String> {
    let mut findings = Vec::new();
    for name in documented
        .keys()
        .chain(actual.keys())
        .collect::<BTreeSet<_>>()
    {
        match (documented.get(name), actual.get(name)) {
            (None, _) => findings.push(format!("`{name}` is not in ARCHITECTURE.md")),
            (_, None) => findings.push(format!("`{name}` in ARCHITECTURE.md does not exist")),
            (Some(documented), Some(actual)) => {
                findings.extend(differences_of_crate(name, documented, actual));
            }
        }
    }
    findings
}

fn differences_of_crate<'a>(
    name: &'a str,
    documented: &'a BTreeSet<String>,
    actual: &'a BTreeSet<String>,
) -> impl Iterator<Item = String> + 'a {
    let forbidden = actual
        .difference(documented)
        .map(move |to| format!("`{name} -> {to}` is not in ARCHITECTURE.md"));
    let unused = documented
        .difference(actual)
        .map(move |to| format!("`{name} -> {to}` in ARCHITECTURE.md is not used"));
    forbidden.chain(unused)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DOCUMENT: &str = "# A\n\n```crates\na\nb -> a, (c)\nc -> a\n```\n";

    fn package(name: &str, dependencies: &Value) -> Value {
        json!({"id": name, "name": name, "dependencies": dependencies})
    }

    fn metadata(b_uses: &Value) -> Value {
        let uses_a = json!([{"name": "a", "kind": null}, {"name": "serde", "kind": null}]);
        let packages = [
            package("a", &json!([])),
            package("b", b_uses),
            package("c", &uses_a),
        ];
        json!({"workspace_members": ["a", "b", "c"], "packages": packages})
    }

    #[test]
    fn equal_graphs_have_no_findings() {
        let metadata =
            metadata(&json!([{"name": "a", "kind": null}, {"name": "c", "kind": "dev"}]));
        assert_eq!(
            differences(&documented(DOCUMENT).unwrap(), &actual(&metadata)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_test_dependency_of_production_code_is_reported() {
        let metadata = metadata(&json!([{"name": "a", "kind": null}, {"name": "c", "kind": null}]));
        let findings = differences(&documented(DOCUMENT).unwrap(), &actual(&metadata));
        let expected = [
            "`b -> c` is not in ARCHITECTURE.md",
            "`b -> (c)` in ARCHITECTURE.md is not used",
        ];
        assert_eq!(findings, expected);
    }

    #[test]
    fn a_product_crate_that_depends_on_a_lab_crate_is_reported() {
        let product = |kind: &Value| {
            json!({"id": "a", "name": "a", "manifest_path": "/w/crates/a/Cargo.toml",
                "dependencies": [{"name": "l", "kind": kind}]})
        };
        let lab = json!({"id": "l", "name": "l", "manifest_path": "/w/lab/l/Cargo.toml", "dependencies": []});
        let findings = |kind: Value| {
            let packages = [product(&kind), lab.clone()];
            product_depends_on_lab(&json!({"workspace_members": ["a", "l"], "packages": packages}))
        };
        assert_eq!(findings(json!("dev")), Vec::<String>::new());
        for kind in [Value::Null, json!("build")] {
            assert_eq!(findings(kind), ["`a` depends on `l` in lab/"]);
        }
    }

    #[test]
    fn unknown_crates_are_reported_on_both_sides() {
        let documented = documented("```crates\na\nz\n```").unwrap();
        let actual = actual(&json!({"workspace_members": ["a", "y"], "packages":
            [package("a", &json!([])), package("y", &json!([]))]}));
        let findings = differences(&documented, &actual);
        assert_eq!(
            findings,
            [
                "`y` is not in ARCHITECTURE.md",
                "`z` in ARCHITECTURE.md does not exist"
            ]
        );
    }
}
