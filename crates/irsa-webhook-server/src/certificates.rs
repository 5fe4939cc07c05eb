//! The serving certificate.

mod authorities;
mod files;
mod manager;
mod publication;
mod serving;

pub(crate) use self::files::follow_files;
pub(crate) use self::manager::{Manager, ManagerOptions};
pub(crate) use self::serving::{Serving, serving};
