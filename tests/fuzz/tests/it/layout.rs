//! The parts of each target are complete.

use std::collections::BTreeSet;
use std::fs;

use irsa_fuzz::TARGETS;

use crate::seeds::{directory, seeds};

fn names() -> BTreeSet<String> {
    TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Returns the names in a directory of this crate, without `suffix`.
fn entries(name: &str, suffix: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(directory(name)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| name.strip_suffix(suffix).unwrap().to_owned())
        .collect()
}

#[test]
fn every_target_has_seeds_and_all_seeds_a_target() {
    assert_eq!(entries("corpus", ""), names());
    for (name, _) in TARGETS {
        assert!(!seeds(name).is_empty(), "no seed for {name}");
    }
}

#[test]
fn every_target_has_a_binary() {
    assert_eq!(entries("fuzz_targets", ".rs"), names());
    for (name, _) in TARGETS {
        let source = directory("fuzz_targets").join(format!("{name}.rs"));
        let wanted = format!(
            "//! The fuzz target `{name}`.\n\n#![cfg_attr(fuzzing, no_main)]\n\nirsa_fuzz::target!({name});\n"
        );
        assert_eq!(fs::read_to_string(source).unwrap(), wanted);
    }
}

#[test]
fn every_binary_is_in_the_manifest() {
    let manifest = fs::read_to_string(directory("Cargo.toml")).unwrap();
    let listed = manifest.split("[[bin]]").skip(1);
    let listed = listed.map(|bin| {
        let name = bin.lines().find_map(|line| line.strip_prefix("name = "));
        name.unwrap().trim_matches('"').to_owned()
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), names());
}
