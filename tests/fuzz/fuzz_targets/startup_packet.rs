//! The fuzz target `startup_packet`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(startup_packet);
