//! The fuzz target `message_header`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(message_header);
