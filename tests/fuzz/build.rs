//! Declares the configuration `fuzzing`, which cargo-fuzz sets, to rustc.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
}
