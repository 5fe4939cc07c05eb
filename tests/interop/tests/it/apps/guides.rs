//! The guides show the very variables that are used here, and manifests that a Kubernetes takes.

mod commands;
mod environment;
mod manifests;

use std::fs;
use std::path::Path;

/// A page of the documentation.
fn page(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// What is fenced as `language`, block by block.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .map(|block| block.split_once("\n```").expect("the block ends").0)
        .collect()
}
