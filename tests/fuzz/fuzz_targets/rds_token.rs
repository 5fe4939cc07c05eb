//! The fuzz target `rds_token`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(rds_token);
