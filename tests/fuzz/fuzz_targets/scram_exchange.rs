//! The fuzz target `scram_exchange`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(scram_exchange);
