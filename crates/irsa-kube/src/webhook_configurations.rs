//! Reads configurations of mutating admission webhooks, and sets the CA certificates of webhooks.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use crate::api_request::{ApiRequest, encoded};
use crate::facts::List;
use crate::reader::rule;
use crate::{KubeReader, ReadError, Webhook, WebhookConfiguration};

pub(crate) const WEBHOOKS: &str = "mutatingwebhookconfigurations";
pub(crate) const WEBHOOKS_PATH: &str =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

impl KubeReader {
    /// A configuration of mutating admission webhooks.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn webhook_configuration(
        &self,
        name: &str,
    ) -> Result<WebhookConfiguration, ReadError> {
        let rule = rule("get", WEBHOOKS, None, Some(name));
        self.get(rule, &path(name)).await
    }

    /// All configurations of mutating admission webhooks.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn webhook_configurations(&self) -> Result<Vec<WebhookConfiguration>, ReadError> {
        let rule = rule("list", WEBHOOKS, None, None);
        let list: List<WebhookConfiguration> = self.get(rule, WEBHOOKS_PATH).await?;
        Ok(list.items)
    }

    /// Sets the CA certificates, in PEM, of the webhooks that this service serves, where they differ, and returns the
    /// number of those webhooks. Changes nothing else; sends nothing if none differs. It changes only the version of
    /// the configuration that was read.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`]; [`Conflict`](crate::ReadErrorKind::Conflict) if the configuration has changed since
    /// it was read.
    pub async fn set_ca_bundle(
        &self,
        read: &WebhookConfiguration,
        namespace: &str,
        service: &str,
        pem: &str,
    ) -> Result<usize, ReadError> {
        let bundle = json!(ByteString(pem.as_bytes().to_vec()));
        let is_served = |webhook: &Webhook| {
            let served_by = webhook.client_config.service.as_ref();
            served_by.is_some_and(|by| by.namespace == namespace && by.name == service)
        };
        let differs =
            |webhook: &Webhook| webhook.client_config.ca_bundle.as_deref() != bundle.as_str();
        let changes: Vec<Value> = read
            .webhooks
            .iter()
            .enumerate()
            .filter(|(_, webhook)| is_served(webhook) && differs(webhook))
            .map(|(index, _)| {
                let path = format!("/webhooks/{index}/clientConfig/caBundle");
                json!({"op": "add", "path": path, "value": bundle})
            })
            .collect();
        if changes.is_empty() {
            return Ok(0);
        }
        let count = changes.len();
        let name = &read.metadata.name;
        let rule = rule("patch", WEBHOOKS, None, Some(name));
        // The API server compares the version, so that the indices are those of the webhooks that were read.
        let version = json!({
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": read.metadata.resource_version,
        });
        let operations = [vec![version], changes].concat();
        let request = ApiRequest::json_patch(&path(name), &json!(operations));
        self.send(&rule, request).await?;
        Ok(count)
    }
}

fn path(name: &str) -> String {
    format!("{WEBHOOKS_PATH}/{}", encoded(name))
}
