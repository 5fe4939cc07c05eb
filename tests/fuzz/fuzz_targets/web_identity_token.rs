//! The fuzz target `web_identity_token`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(web_identity_token);
