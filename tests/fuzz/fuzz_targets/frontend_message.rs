//! The fuzz target `frontend_message`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(frontend_message);
