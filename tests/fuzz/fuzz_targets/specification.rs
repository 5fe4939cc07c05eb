//! The fuzz target `specification`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(specification);
