//! One module per command.

pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod credentials;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod moved;
pub(crate) mod policy;
pub(crate) mod proxy;
pub(crate) mod reference;
pub(crate) mod render;
pub(crate) mod show;
mod specification;
pub(crate) mod status;
mod text_file;
pub(crate) mod token;
pub(crate) mod webhook;
pub(crate) mod whoami;
