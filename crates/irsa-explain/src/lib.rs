//! Explanations of IAM's decisions, for people and for programs.
//!
//! [`irsa_policy`] decides; this crate explains. It shows the deciding statement in its file, what kept the nearest
//! statements from allowing the request, and the suggested fix ([`explain`]). It finds what is valid but wrong or too
//! broad ([`lint`]), evaluates the whole chain of a pod ([`chain`]), and answers a stream of requests ([`requests`]).
//! It does not read files: its input and output are texts.

mod actions;
mod causes;
pub mod chain;
pub mod cli_output;
pub mod common_mistakes;
mod evaluation;
pub mod explain;
pub mod inventory;
pub mod lint;
mod machine_output;
mod parsed_policies;
pub mod plan;
pub mod pod_identity;
mod question;
mod request_context;
pub mod requests;
pub mod snippet;
pub mod web_identity;

pub use self::causes::{Denial, connect_cause, request_cause, trust_cause};
pub use self::evaluation::Evaluation;
pub use self::parsed_policies::ParsedPolicies;
pub use self::pod_identity::PodIdentity;
pub use self::question::{Document, Question, Unknown};
pub use self::request_context::{ABSENT, AbsentKey, KeyState, RequestContext, RequestKind};
pub use self::web_identity::OidcRequest;
