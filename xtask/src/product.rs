//! The packages in the release binary `irsa`: their number, their licenses, and the heaviest.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;
use crate::{process, workspace};

/// Number of listed subtrees.
const HEAVIEST: usize = 20;

/// The packages that a program is built from, as `cargo tree --edges normal` shows them: with procedural macros,
/// without build scripts and tests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    root: String,
    /// The direct dependencies of each package.
    edges: BTreeMap<String, BTreeSet<String>>,
    /// The SPDX expression of each package that has one.
    licenses: BTreeMap<String, String>,
}

/// A package of a [`Tree`].
#[derive(Debug)]
pub(crate) struct Package<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// An SPDX expression.
    pub(crate) license: Option<&'a str>,
    /// True for a crate of this workspace.
    pub(crate) is_ours: bool,
    /// Name and version of each direct dependency.
    pub(crate) dependencies: Vec<(&'a str, &'a str)>,
}

/// An external package, and the number of packages that would go with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subtree {
    pub(crate) package: String,
    /// Number of packages that are built only for this one, including itself.
    pub(crate) packages: usize,
}

impl Tree {
    /// Queries cargo for the packages of `irsa`.
    pub(crate) fn for_product() -> Result<Self, Failure> {
        let mut command = workspace::cargo();
        command.args(["tree", "--locked", "--package", "irsa", "--edges", "normal"]);
        command.args([
            "--prefix",
            "depth",
            "--charset",
            "ascii",
            "--format",
            "{p}\t{l}",
        ]);
        Self::parse(&process::capture(&mut command)?)
            .ok_or_else(|| Failure::new("cannot parse the output of `cargo tree`"))
    }

    /// Parses lines such as `2rustix v1.1.6\tMIT (*)`, whose number is the depth.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut licenses = BTreeMap::new();
        let mut path: Vec<String> = Vec::new();
        for line in text.lines() {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let (depth, name) = line.split_at_checked(digits)?;
            let (name, license) = name.split_once('\t')?;
            let package: Vec<&str> = name.split_whitespace().take(2).collect();
            let package = package.join(" ");
            path.truncate(depth.parse().ok()?);
            if let Some(parent) = path.last() {
                edges
                    .entry(parent.clone())
                    .or_default()
                    .insert(package.clone());
            }
            edges.entry(package.clone()).or_default();
            let license = license.trim_end_matches(" (*)");
            if !license.is_empty() {
                licenses.insert(package.clone(), license.to_owned());
            }
            path.push(package);
        }
        let root = path.into_iter().next()?;
        Some(Self {
            root,
            edges,
            licenses,
        })
    }

    /// The version of the program.
    pub(crate) fn version(&self) -> &str {
        name_and_version(&self.root).1
    }

    /// The packages by name.
    pub(crate) fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        self.edges.iter().map(|(package, dependencies)| {
            let (name, version) = name_and_version(package);
            Package {
                name,
                version,
                license: self.licenses.get(package).map(String::as_str),
                is_ours: is_ours(package),
                dependencies: dependencies
                    .iter()
                    .map(|one| name_and_version(one))
                    .collect(),
            }
        })
    }

    /// The number of packages.
    pub(crate) fn len(&self) -> usize {
        self.edges.len()
    }

    /// Returns the external packages with the largest subtrees, heaviest first.
    pub(crate) fn heaviest(&self) -> Vec<Subtree> {
        let outside = self.edges.keys().filter(|package| !is_ours(package));
        let mut subtrees: Vec<Subtree> = outside
            .map(|package| Subtree {
                package: package.clone(),
                packages: self.len() - self.reachable_without(package),
            })
            .collect();
        subtrees.sort_by(|a, b| {
            let heavier = b.packages.cmp(&a.packages);
            heavier.then_with(|| a.package.cmp(&b.package))
        });
        subtrees.truncate(HEAVIEST);
        subtrees
    }

    fn reachable_without(&self, left_out: &str) -> usize {
        let mut seen = BTreeSet::new();
        let mut left = vec![self.root.as_str()];
        while let Some(package) = left.pop() {
            if package != left_out && seen.insert(package) {
                left.extend(self.edges[package].iter().map(String::as_str));
            }
        }
        seen.len()
    }
}

/// Splits `rustix v1.1.6`.
fn name_and_version(package: &str) -> (&str, &str) {
    package.split_once(" v").unwrap_or((package, ""))
}

fn is_ours(package: &str) -> bool {
    package.starts_with("irsa-") || package.starts_with("irsa ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0irsa v1 (/w)\tMIT\n1irsa-a v1 (/w/a)\t\n2x v1\tMIT OR Zlib\n3y v2 (proc-macro)\t\n3z v1\t\n1z v1\t\n1x v1\tMIT OR Zlib (*)\n";

    #[test]
    fn a_subtree_counts_packages_that_only_it_needs() {
        let tree = Tree::parse(TEXT).unwrap();
        assert_eq!(tree.len(), 5);
        let heaviest = tree.heaviest();
        let told: Vec<_> = heaviest
            .iter()
            .map(|subtree| (subtree.package.as_str(), subtree.packages))
            .collect();
        assert_eq!(told, [("x v1", 2), ("y v2", 1), ("z v1", 1)]);
    }

    #[test]
    fn other_text_is_rejected() {
        assert_eq!(Tree::parse(""), None);
        assert_eq!(Tree::parse("x v1\n"), None);
    }
}
