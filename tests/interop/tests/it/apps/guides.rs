//! The guides show exactly the variables that these tests use, manifests that Kubernetes accepts, and commands that run.

mod commands;
mod environment;
mod manifests;
mod set_up;
mod steps;

use std::fs;
use std::path::Path;

/// Returns a page of the documentation.
fn page(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// Returns the blocks that are fenced as `language`.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .map(|block| block.split_once("\n```").expect("the block ends").0)
        .collect()
}
