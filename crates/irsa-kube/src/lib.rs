//! Requests to the Kubernetes API: facts, not verdicts.
//!
//! A [`KubeReader`] reads service accounts, pods, webhook configurations, namespaces and the issuer, each with one GET
//! request, and lists the objects of a namespace that create pods. The types contain only what their users need, so that
//! no secrets of a pod are kept: the values of environment variables only if AWS SDKs use the variable and it is not a
//! key, or if the caller names the variable, and no container arguments. Only a [`Secret`] that is named is read as a
//! whole.
//!
//! For the admission webhook, an [`ObjectCache`] has the metadata of all service accounts or namespaces, and a
//! [`WebhookFollower`] the webhook's configuration; watches keep both current. The webhook is also the only user of what
//! changes objects: Secrets, the CA certificates of webhooks, and events.

mod api_request;
mod cluster_context;
mod config_error;
mod event;
mod facts;
mod issuer;
mod kubeconfig;
mod namespace_reader;
mod pages;
mod pod_reader;
mod proxy;
mod read_error;
mod reader;
mod response_error;
mod retry;
mod secret;
mod selector;
#[cfg(test)]
mod test_server;
mod token;
mod watch;
mod webhook_configurations;

pub use cluster_context::ClusterContext;
pub use config_error::ConfigError;
pub use event::{EventKind, NewEvent, ObjectReference};
pub use facts::account::AccountObject;
pub use facts::config_map::ConfigMap;
pub use facts::metadata::{Metadata, Owner};
pub use facts::namespace::Namespace;
pub use facts::pod::{Pod, PodSpec};
pub use facts::pod_container::{Container, EnvSource, Mount, Variable};
pub use facts::pod_status::PodStatus;
pub use facts::pod_volume::{TokenProjection, Volume};
pub use facts::webhook::{ClientConfig, ServiceReference, Webhook, WebhookConfiguration};
pub use facts::workload::{ConfigVolume, Setting, SettingValue, SettingsContainer, WorkloadObject};
pub use issuer::Discovery;
pub use namespace_reader::{Listing, PodObject, WorkloadKind};
pub use read_error::{ReadError, ReadErrorKind, Rule};
pub use reader::{KubeReader, Server};
pub use secret::{NewSecret, Secret};
pub use selector::{Expression, Selector};
pub use token::TokenOptions;
pub use watch::object_cache::{CacheStatus, CachedKind, ObjectCache};
pub use watch::webhook_follower::WebhookFollower;
