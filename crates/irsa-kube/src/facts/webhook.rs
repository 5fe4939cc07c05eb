//! Configurations of mutating admission webhooks.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::metadata::Metadata;
use crate::selector::Selector;

/// A `MutatingWebhookConfiguration`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct WebhookConfiguration {
    /// Its name.
    pub metadata: Metadata,
    /// Its webhooks.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
}

/// A webhook of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// Its address and the CAs of its certificate.
    pub client_config: ClientConfig,
    /// `Fail` or `Ignore`: whether pods are rejected or created while it is down.
    pub failure_policy: String,
    /// `IfNeeded` if the API server calls it again after other webhooks changed an object; otherwise `Never` or empty.
    pub reinvocation_policy: String,
    /// The namespaces that it is called for.
    pub namespace_selector: Selector,
    /// The objects that it is called for.
    pub object_selector: Selector,
    /// The number of CEL match conditions that an object must also meet.
    #[serde(deserialize_with = "count")]
    pub match_conditions: usize,
}

/// The address of a webhook, and the CAs of its certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientConfig {
    /// Its URL, as seen from the API server.
    pub url: Option<String>,
    /// Its service, instead of a URL.
    pub service: Option<ServiceReference>,
    /// The CA certificates, as PEM in base64; by default, the API server's own CAs apply.
    pub ca_bundle: Option<String>,
}

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceReference {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its port; 443 by default.
    pub port: Option<u16>,
}

fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let all: Option<Vec<IgnoredAny>> = Deserialize::deserialize(deserializer)?;
    Ok(all.unwrap_or_default().len())
}
