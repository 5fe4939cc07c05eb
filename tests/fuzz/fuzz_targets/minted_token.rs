//! The fuzz target `minted_token`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(minted_token);
