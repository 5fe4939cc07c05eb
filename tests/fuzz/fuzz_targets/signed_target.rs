//! The fuzz target `signed_target`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(signed_target);
