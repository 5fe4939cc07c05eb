//! IAM's decisions told to people and programs.
//!
//! [`irsa_policy`] decides; here is what is said of it: the statement that decided, drawn in its
//! file ([`explain`]); what kept the nearest ones from allowing, and what was surely meant; what is
//! legal but wrong or too broad ([`lint`]); and a stream of requests answered one by one
//! ([`requests`]). Texts go in and come out: no file is opened here.

mod actions;
mod answer;
mod causes;
pub mod chain;
pub mod cli_output;
pub mod common_mistakes;
mod evaluation;
pub mod explain;
pub mod inventory;
pub mod lint;
pub mod plan;
pub mod pod_identity;
mod question;
mod request_context;
pub mod requests;
mod snippet;
pub mod web_identity;

pub use self::causes::{Denial, connect_cause, request_cause, trust_cause};
pub use self::evaluation::Evaluation;
pub use self::pod_identity::PodIdentity;
pub use self::question::{Document, Question, Unknown};
pub use self::request_context::{ABSENT, AbsentKey, KeyState, RequestContext, RequestKind};
pub use self::web_identity::OidcRequest;
