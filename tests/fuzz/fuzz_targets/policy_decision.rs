//! The fuzz target `policy_decision`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(policy_decision);
