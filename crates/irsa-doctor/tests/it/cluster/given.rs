//! The stage of a cluster scenario: the whole chain, with changes.

use serde::Deserialize;
use serde_json::{Value, json};

/// The objects of the whole chain, with changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Given {
    /// `pod/NAME`, `service-account/NAME`, or `service-account/NAMESPACE/NAME`.
    pub(super) target: String,
    /// The only container to check.
    pub(super) container: Option<String>,
    /// The region of the data stores.
    pub(super) region: Option<String>,
    /// The issuer that an earlier place found.
    pub(super) issuer: Option<String>,
    /// What an irsa.yaml says about the workload, if one was given.
    pub(super) specified: Option<SpecifiedIdentity>,
    /// Whether the webhook has injected the identity into the pod.
    pub(super) mutated: bool,
    /// The CA that has signed the webhook's certificate.
    pub(super) signed_by: SignedBy,
    /// The status of the pod.
    pub(super) status: Value,
    /// The changes, in this order.
    pub(super) changes: Vec<Change>,
    /// The kinds of objects to delete after all were created.
    pub(super) deleted: Vec<String>,
    /// The resources that can be read; by default, all.
    pub(super) readable: Option<Vec<String>>,
    /// Whether the API server is unreachable.
    pub(super) unreachable: bool,
}

/// A change of an object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// The kind of the object; each kind occurs once.
    pub(super) of: String,
    /// The position as a JSON pointer; `-` is the position after the last element of a list.
    pub(super) at: String,
    /// The new value. Without one, the value at `at` is removed, or the whole object if `at` is empty.
    #[serde(default)]
    pub(super) to: Option<Value>,
}

/// The identity that an irsa.yaml specifies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpecifiedIdentity {
    /// The role's ARN.
    pub(super) role: String,
    /// Whether it is EKS Pod Identity.
    #[serde(default)]
    pub(super) pod_identity: bool,
    /// Whether the service account has the annotation.
    #[serde(default)]
    pub(super) annotated: bool,
}

/// The CA that has signed the webhook's certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SignedBy {
    /// The CA in caBundle.
    #[default]
    Authority,
    /// A different CA.
    Stranger,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            target: "pod/app".to_owned(),
            container: None,
            region: None,
            issuer: None,
            specified: None,
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
