//! The fuzz target `admission_review`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(admission_review);
