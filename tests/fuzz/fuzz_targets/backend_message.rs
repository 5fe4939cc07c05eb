//! The fuzz target `backend_message`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(backend_message);
