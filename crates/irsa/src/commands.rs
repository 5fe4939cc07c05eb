//! One module a command.

pub(crate) mod completions;
pub(crate) mod credentials;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod lab;
pub(crate) mod policy;
pub(crate) mod proxy;
pub(crate) mod reference;
pub(crate) mod token;
pub(crate) mod whoami;

mod programs;
mod runtime;
mod signals;
