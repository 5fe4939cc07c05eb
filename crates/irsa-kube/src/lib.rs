//! What the Kubernetes API says of a workload's chain: facts, no verdicts.
//!
//! A [`KubeReader`] reads service accounts, pods, webhook configurations, namespaces and the issuer, each with one GET.
//! The answers are read into types that have no more than the chain needs, so that nothing secret of a pod is kept:
//! values of environment variables only of those that AWS's SDKs look at and that are no keys, no arguments.

mod config_error;
mod facts;
mod issuer;
mod kubeconfig;
mod proxy;
mod read_error;
mod reader;
mod retry;
mod selector;
mod token;

pub use config_error::ConfigError;
pub use facts::account::AccountObject;
pub use facts::metadata::{Metadata, Owner};
pub use facts::namespace::Namespace;
pub use facts::pod::{Pod, PodSpec};
pub use facts::pod_container::{Container, EnvSource, Mount, Variable};
pub use facts::pod_status::PodStatus;
pub use facts::pod_volume::{TokenProjection, Volume};
pub use facts::webhook::{ClientConfig, ServiceReference, Webhook, WebhookConfiguration};
pub use issuer::Discovery;
pub use read_error::{ReadError, ReadErrorKind, Rule};
pub use reader::{KubeReader, Server};
pub use selector::{Expression, Selector};
pub use token::TokenOptions;
