//! Fuzz targets, one for each parser of external input.
//!
//! A target accepts arbitrary bytes and panics if an invariant is violated: parsers never panic, values round-trip, and
//! invalid input is rejected. There are three ways to run a target:
//!
//! - `cargo +nightly fuzz run NAME` searches for failing inputs; `cargo xtask fuzz` runs all targets.
//! - `cargo test -p irsa-fuzz` replays the seeds in `corpus/NAME`, all their prefixes, and mutations of each.
//! - `cargo run -p irsa-fuzz --bin NAME -- FILE` replays a file and does not need nightly.
//!
//! To add a target, add a function to [`TARGETS`], the file `fuzz_targets/NAME.rs`, a `[[bin]]` in `Cargo.toml` and
//! seeds in `corpus/NAME`. A test reports what is missing.
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "targets panic if an invariant is violated"
)]

mod admission;
mod chain;
mod endpoint;
mod lab;
mod pgwire;
mod plan;
mod policy;
mod replay;
mod round_trip;
mod signature;
mod specification;

pub use admission::admission_review;
pub use chain::chain_word;
pub use endpoint::endpoint_host;
pub use lab::{minted_token, rds_token, sts_request, web_identity_token};
pub use pgwire::{
    backend_message, frontend_message, message_header, scram_exchange, startup_packet,
};
pub use plan::terraform_plan;
pub use policy::{policy_decision, policy_document, trust_decision};
pub use replay::replay;
pub use signature::signed_target;
pub use specification::specification;

/// A function that panics if the bytes violate an invariant.
pub type Target = fn(&[u8]);

macro_rules! targets {
    ($($name:ident,)*) => {
        /// All targets by name.
        pub const TARGETS: &[(&str, Target)] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    admission_review,
    backend_message,
    chain_word,
    endpoint_host,
    frontend_message,
    message_header,
    minted_token,
    policy_decision,
    policy_document,
    rds_token,
    scram_exchange,
    signed_target,
    specification,
    startup_packet,
    sts_request,
    terraform_plan,
    trust_decision,
    web_identity_token,
}

/// Defines the binary of a target: the fuzzer if cargo-fuzz builds it, otherwise a program that replays files.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_target!(|data: &[u8]| ::irsa_fuzz::$name(data));

        #[cfg(not(fuzzing))]
        fn main() -> ::std::io::Result<()> {
            ::irsa_fuzz::replay(::irsa_fuzz::$name, ::std::env::args_os().skip(1))
        }
    };
}
