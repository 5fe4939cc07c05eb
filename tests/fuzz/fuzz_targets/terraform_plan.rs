//! The fuzz target `terraform_plan`.

#![cfg_attr(fuzzing, no_main)]

irsa_fuzz::target!(terraform_plan);
