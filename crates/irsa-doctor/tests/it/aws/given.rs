//! The account of a scenario: the account in which everything holds, with changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The changes to `whole.yaml`: a merge patch (RFC 7396), in which `null` removes a value and a list replaces a list.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Changes(Value);

/// The resources in the account, the workload, and the actions that the reader has no permission for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    pub(super) providers: Vec<Provider>,
    pub(super) role: Option<Role>,
    pub(super) cluster: Option<Cluster>,
    pub(super) domain: Option<Domain>,
    /// The associations of EKS clusters, by the cluster's name.
    pub(super) associations: BTreeMap<String, Vec<Association>>,
    pub(super) workload: Workload,
    pub(super) denied: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    url: String,
    client_ids: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    name: String,
    path: String,
    max_session: u32,
    trust: Value,
    boundary: Option<Value>,
    inline: BTreeMap<String, Value>,
    attached: BTreeMap<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    name: String,
    iam: bool,
    stopped: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Domain {
    name: String,
    access_policy: Option<Value>,
    fine_grained: bool,
    https: bool,
    deleted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Association {
    namespace: String,
    service_account: String,
    role_arn: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    pub(super) service_account: String,
    pub(super) role: String,
    pub(super) issuer: Option<String>,
    pub(super) audience: String,
    pub(super) session: u64,
    pub(super) database: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) domain: String,
    /// Whether the workload uses EKS Pod Identity or IRSA, if known.
    pub(super) pod_identity: Option<bool>,
    pub(super) database_role: Option<String>,
    /// The EKS cluster, if an irsa.yaml specifies the workload.
    pub(super) specified_in: Option<String>,
}

impl Changes {
    pub(crate) fn none() -> Self {
        Self(Value::Null)
    }

    /// The account with these changes.
    pub(crate) fn given(&self) -> Given {
        let mut whole: Value = serde_saphyr::from_str(include_str!("whole.yaml")).unwrap();
        if !self.0.is_null() {
            merge(&mut whole, &self.0);
        }
        serde_json::from_value(whole).unwrap()
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
