//! The fuzz target `chain_word`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(chain_word);
