//! The fuzz target `trust_decision`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(trust_decision);
