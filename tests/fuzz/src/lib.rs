//! Fuzz targets: one function for each thing that reads bytes from outside.
//!
//! A target takes any bytes and panics where a promise is broken: nothing makes a parser panic,
//! what is printed reads as the same value again, what must be refused is refused. It is used in
//! three ways:
//!
//! - `cargo +nightly fuzz run NAME` searches for such bytes; `cargo xtask fuzz` does so for all;
//! - `cargo test -p irsa-fuzz` replays the seeds in `corpus/NAME`, each prefix of them and some
//!   thousand mutations;
//! - `cargo run -p irsa-fuzz --bin NAME -- FILE` replays a file, without nightly.
//!
//! A new target is a function in [`TARGETS`], three lines in `fuzz_targets/NAME.rs`, a `[[bin]]` in
//! `Cargo.toml` and seeds in `corpus/NAME`; a test tells which of them is missing.
#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "to panic is how a target tells that a promise is broken"
)]

mod chain;
mod endpoint;
mod lab;
mod pgwire;
mod plan;
mod policy;
mod replay;
mod signature;
mod word;

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

/// Panics if these bytes break a promise.
pub type Target = fn(&[u8]);

macro_rules! targets {
    ($($name:ident,)*) => {
        /// All targets by name.
        pub const TARGETS: &[(&str, Target)] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
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
    startup_packet,
    sts_request,
    terraform_plan,
    trust_decision,
    web_identity_token,
}

/// The binary of a target: the fuzzer if cargo-fuzz builds it, else one that replays files.
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
