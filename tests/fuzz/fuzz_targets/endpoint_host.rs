//! The fuzz target `endpoint_host`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(endpoint_host);
