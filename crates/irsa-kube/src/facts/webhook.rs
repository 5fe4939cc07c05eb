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

/// One of its webhooks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// Where it is, and who vouches for it.
    pub client_config: ClientConfig,
    /// `Fail` or `Ignore`: what becomes of a pod when it does not answer.
    pub failure_policy: String,
    /// `IfNeeded` where it is asked again about what other webhooks changed after it; else `Never`, or empty.
    pub reinvocation_policy: String,
    /// The namespaces whose pods it is asked about.
    pub namespace_selector: Selector,
    /// The pods that it is asked about.
    pub object_selector: Selector,
    /// How many conditions in CEL a pod must meet as well.
    #[serde(deserialize_with = "count")]
    pub match_conditions: usize,
}

/// Where a webhook is, and who vouches for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientConfig {
    /// Its address, as the API server sees it.
    pub url: Option<String>,
    /// Its service, in place of that.
    pub service: Option<ServiceReference>,
    /// Certificates of the authorities that vouch for it: PEM in base64; the API server's own when absent.
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
    /// Its port; 443 when absent.
    pub port: Option<u16>,
}

fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let all: Option<Vec<IgnoredAny>> = Deserialize::deserialize(deserializer)?;
    Ok(all.unwrap_or_default().len())
}
