//! The arrows between our crates are those of ARCHITECTURE.md, no more and no fewer.
//!
//! Its block fenced as `crates` has one line a crate: `irsa-net -> irsa-chain, (irsa-lab)`. An arrow in parentheses
//! is for tests only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Findings, list, members, text};
use crate::failure::Failure;
use crate::workspace;

/// For each crate, what it uses; `(name)` where only its tests do.
type Arrows = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(metadata: &Value) -> Findings {
    let path = workspace::root().join("ARCHITECTURE.md");
    let document = fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let drawn = drawn(&document)
        .ok_or_else(|| Failure::new("ARCHITECTURE.md has no block fenced as `crates`"))?;
    let mut findings = differences(&drawn, &built(metadata));
    findings.extend(product_depends_on_lab(metadata));
    Ok(findings)
}

/// The dependencies of crates below `crates/` on crates below `lab/`, except for tests.
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
                .map(|name| format!("`{}` depends on `{name}` of lab/", text(package, "name")))
        })
        .collect()
}

/// Whether a package's folder is in the folder `group` of the workspace.
fn is_in(group: &str, package: &Value) -> bool {
    let manifest = Path::new(text(package, "manifest_path"));
    let folder = manifest.ancestors().nth(2);
    folder.is_some_and(|folder| folder.ends_with(group))
}

/// The arrows of the document.
fn drawn(document: &str) -> Option<Arrows> {
    let mut lines = document
        .lines()
        .skip_while(|line| line.trim() != "```crates");
    lines.next()?;
    let block = lines
        .take_while(|line| line.trim() != "```")
        .filter(|line| !line.trim().is_empty());
    Some(block.map(arrow_line).collect())
}

fn arrow_line(line: &str) -> (String, BTreeSet<String>) {
    let (from, to) = line.split_once("->").unwrap_or((line, ""));
    let to = to
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned);
    (from.trim().to_owned(), to.collect())
}

/// The arrows of Cargo's graph.
fn built(metadata: &Value) -> Arrows {
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

fn differences(drawn: &Arrows, built: &Arrows) -> Vec<String> {
    let mut findings = Vec::new();
    for name in drawn.keys().chain(built.keys()).collect::<BTreeSet<_>>() {
        match (drawn.get(name), built.get(name)) {
            (None, _) => findings.push(format!("`{name}` is not in ARCHITECTURE.md")),
            (_, None) => findings.push(format!("`{name}` of ARCHITECTURE.md does not exist")),
            (Some(drawn), Some(built)) => findings.extend(arrow_differences(name, drawn, built)),
        }
    }
    findings
}

fn arrow_differences<'a>(
    name: &'a str,
    drawn: &'a BTreeSet<String>,
    built: &'a BTreeSet<String>,
) -> impl Iterator<Item = String> + 'a {
    let forbidden = built
        .difference(drawn)
        .map(move |to| format!("`{name} -> {to}` is not in ARCHITECTURE.md"));
    let unused = drawn
        .difference(built)
        .map(move |to| format!("`{name} -> {to}` of ARCHITECTURE.md is not used"));
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
            differences(&drawn(DOCUMENT).unwrap(), &built(&metadata)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_test_arrow_that_is_shipped_is_found() {
        let metadata = metadata(&json!([{"name": "a", "kind": null}, {"name": "c", "kind": null}]));
        let findings = differences(&drawn(DOCUMENT).unwrap(), &built(&metadata));
        let expected = [
            "`b -> c` is not in ARCHITECTURE.md",
            "`b -> (c)` of ARCHITECTURE.md is not used",
        ];
        assert_eq!(findings, expected);
    }

    #[test]
    fn a_product_crate_that_ships_a_lab_crate_is_found() {
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
            assert_eq!(findings(kind), ["`a` depends on `l` of lab/"]);
        }
    }

    #[test]
    fn unknown_crates_are_found_on_both_sides() {
        let drawn = drawn("```crates\na\nz\n```").unwrap();
        let built = built(&json!({"workspace_members": ["a", "y"], "packages":
            [package("a", &json!([])), package("y", &json!([]))]}));
        let findings = differences(&drawn, &built);
        assert_eq!(
            findings,
            [
                "`y` is not in ARCHITECTURE.md",
                "`z` of ARCHITECTURE.md does not exist"
            ]
        );
    }
}
