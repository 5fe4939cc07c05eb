//! How a cluster's stage is set: the whole chain, and what is different.

use serde::Deserialize;
use serde_json::{Value, json};

/// The whole chain's objects with changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Given {
    /// `pod/NAME`, `service-account/NAME`, or `service-account/NAMESPACE/NAME`.
    pub(super) target: String,
    /// The one container to look at.
    pub(super) container: Option<String>,
    /// The region of the data stores.
    pub(super) region: Option<String>,
    /// The issuer that is known from elsewhere.
    pub(super) issuer: Option<String>,
    /// Whether the webhook has given the pod its identity.
    pub(super) mutated: bool,
    /// Who has signed the certificate that the webhook serves.
    pub(super) signed_by: SignedBy,
    /// How far the pod has come.
    pub(super) status: Value,
    /// What differs, in this order.
    pub(super) changes: Vec<Change>,
    /// Kinds of objects that are deleted again once all is there.
    pub(super) deleted: Vec<String>,
    /// What may be read; all without it.
    pub(super) readable: Option<Vec<String>>,
    /// Whether the API server cannot be reached.
    pub(super) unreachable: bool,
}

/// A change of an object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// The object's kind: there is one of each.
    pub(super) of: String,
    /// Where in it, as a JSON pointer; `-` is behind the last of a list.
    pub(super) at: String,
    /// The new value; nothing takes it away, and the whole object where `at` is empty.
    #[serde(default)]
    pub(super) to: Option<Value>,
}

/// Who has signed the certificate that the webhook serves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SignedBy {
    /// The authority in caBundle.
    #[default]
    Authority,
    /// Another one.
    Stranger,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            target: "pod/app".to_owned(),
            container: None,
            region: None,
            issuer: None,
            mutated: true,
            signed_by: SignedBy::default(),
            status: json!({"phase": "Running"}),
            changes: Vec::new(),
            deleted: Vec::new(),
            readable: None,
            unreachable: false,
        }
    }
}
