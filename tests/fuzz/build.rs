//! Tells rustc that `--cfg fuzzing`, which cargo-fuzz sets, is no mistake.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
}
