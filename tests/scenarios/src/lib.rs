//! Tests only: see `tests/it`. They run `irsa` and `irsa-lab` as they were last built; `cargo xtask test` builds them first.
