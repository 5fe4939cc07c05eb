//! The IAM policy language: parse, evaluate, explain.
//!
//! A [`Policy`] is parsed and compiled once. [`decide`] then evaluates any number of [`Request`]s against it, and
//! [`PolicySet`] against all policies that apply: those of the caller, of its session, of the resource, and of the
//! organization.
//!
//! [`Policy::parse`] rejects everything whose meaning is not certain, and the error names the statement and the
//! element. Every part of a policy that parses is evaluated.
//!
//! ```
//! use irsa_policy::{Context, Policy, PolicyKind, Principal, Request, decide};
//!
//! let policy = Policy::parse(
//!     PolicyKind::Identity,
//!     r#"{
//!         "Version": "2012-10-17",
//!         "Statement": {
//!             "Effect": "Allow",
//!             "Action": "rds-db:connect",
//!             "Resource": "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app"
//!         }
//!     }"#,
//! )?;
//! let verdict = decide(
//!     &[&policy],
//!     &Request {
//!         principal: Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1"),
//!         action: "rds-db:connect",
//!         resource: Some("arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/admin"),
//!         context: &Context::new(),
//!     },
//! );
//! assert_eq!(
//!     verdict.near_misses[0].mismatches[0].to_string(),
//!     "`Resource` lists `arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app`, \
//!      but the request is for `arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/admin`"
//! );
//! # Ok::<(), irsa_policy::PolicyError>(())
//! ```
//!
//! All policies that apply to a request, evaluated together:
//!
//! ```
//! use irsa_policy::{Context, Layer, PolicyDocuments, Principal, Reason, Request};
//!
//! let action = "es:ESHttpGet";
//! let mut policies = PolicyDocuments::new();
//! let all = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "es:*", "Resource": "*"}}"#;
//! policies.add(Layer::Identity, action, [all])?;
//! let s3 = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
//! policies.add(Layer::Boundary, action, [s3])?;
//! let outcome = policies.set().decide(&Request {
//!     principal: Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1"),
//!     action,
//!     resource: Some("arn:aws:es:eu-central-1:111122223333:domain/logs/index"),
//!     context: &Context::new(),
//! });
//! assert_eq!(outcome.reason, Reason::NothingAllows(Layer::Boundary));
//! assert_eq!(outcome.reason.to_string(), "because no permissions boundary allows the action");
//! # Ok::<(), irsa_policy::SetError>(())
//! ```
//!
//! The rules are those of the IAM User Guide, "IAM JSON policy element reference" and "Policy evaluation logic". Each
//! module names its page.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod action;
mod arn;
mod arn_pattern;
mod ast;
mod attachment;
mod caller;
mod condition;
mod decide;
mod effect;
mod element;
mod error;
mod glob;
mod grammar;
mod json;
mod json_cursor;
mod kind;
mod layer;
mod limits;
mod mismatch;
mod outcome;
mod policy;
mod position;
mod prepared_request;
mod principal;
mod quota;
mod request;
mod resource;
mod set;
mod statement;
mod steps;
mod template;
mod text;
mod verdict;

pub use ast::StatementView;
pub use attachment::Attachment;
pub use decide::{decide, evaluate};
pub use effect::Effect;
pub use element::{ConditionView, ElementView};
pub use error::{PolicyError, Problem};
pub use glob::TextPattern;
pub use kind::PolicyKind;
pub use layer::Layer;
pub use outcome::{Cited, Outcome, Reason};
pub use policy::Policy;
pub use position::Position;
pub use principal::is_unique_id;
pub use request::{Assumption, Context, Principal, Request};
pub use resource::covers;
pub use set::{PolicyDocuments, PolicySet, SetError};
pub use verdict::{Decision, Mismatch, NearMiss, StatementRef, Verdict};
