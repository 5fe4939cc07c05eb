//! The packages in the release binary `irsa`: their number, and the heaviest.

use std::collections::{BTreeMap, BTreeSet};

use crate::failure::Failure;
use crate::{process, workspace};

/// Number of listed subtrees.
const HEAVIEST: usize = 20;

/// The packages that a program is built from, as `cargo tree --edges normal` shows them: with procedural macros,
/// without build scripts and tests.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tree {
    root: String,
    /// The direct dependencies of each package.
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// An external package, and the number of packages that would go with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Subtree {
    pub(super) package: String,
    /// Number of packages that are built only for this one, including itself.
    pub(super) packages: usize,
}

impl Tree {
    /// Queries cargo for the packages of `irsa`.
    pub(super) fn for_product() -> Result<Self, Failure> {
        let mut command = workspace::cargo();
        command.args(["tree", "--locked", "--package", "irsa", "--edges", "normal"]);
        command.args(["--prefix", "depth", "--charset", "ascii"]);
        Self::parse(&process::capture(&mut command)?)
            .ok_or_else(|| Failure::new("cannot parse the output of `cargo tree`"))
    }

    /// Parses lines such as `2rustix v1.1.6 (*)`, whose number is the depth.
    fn parse(text: &str) -> Option<Self> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut path: Vec<String> = Vec::new();
        for line in text.lines() {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let (depth, name) = line.split_at_checked(digits)?;
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
            path.push(package);
        }
        let root = path.into_iter().next()?;
        Some(Self { root, edges })
    }

    /// The number of packages.
    pub(super) fn len(&self) -> usize {
        self.edges.len()
    }

    /// Returns the external packages with the largest subtrees, heaviest first.
    pub(super) fn heaviest(&self) -> Vec<Subtree> {
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

fn is_ours(package: &str) -> bool {
    package.starts_with("irsa-") || package.starts_with("irsa ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "0irsa v1 (/w)\n1irsa-a v1 (/w/a)\n2x v1\n3y v2 (proc-macro)\n3z v1\n1z v1\n1x v1 (*)\n";

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
