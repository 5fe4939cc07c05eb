//! The fuzz target `policy_document`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(policy_document);
