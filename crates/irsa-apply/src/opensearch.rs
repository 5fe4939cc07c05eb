//! Roles and role mappings of OpenSearch's security plugin.
//!
//! Roles of a setup carry its mark in their description. A role without it is never replaced or removed, and of
//! mappings only missing backend roles are added. The plugin keeps all roles in one document, and all mappings in
//! another, so changes of different clients conflict with each other: each change is made from what was just read, read
//! back, and made again if the domain reports a conflict.

mod api;
mod decide;
mod found;
mod guard;
mod read;
mod run;
#[cfg(test)]
mod test_stack;

pub use self::api::{Request, Response, SecurityApi};
pub use self::run::{Options, apply, report_domain_policy};
