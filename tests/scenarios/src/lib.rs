//! Tests only: see `tests/it`. They run the last build of `irsa` and `irsa-lab`; `cargo xtask test` builds them first.
