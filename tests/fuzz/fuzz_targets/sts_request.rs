//! The fuzz target `sts_request`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(sts_request);
