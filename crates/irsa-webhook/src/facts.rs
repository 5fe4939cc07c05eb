//! What is known of the objects that a pod belongs to.

use std::collections::BTreeMap;

/// The labels and annotations of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The result of looking up an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It exists.
    Found(Object),
    /// It does not exist.
    Absent,
    /// It could not be read, for this reason.
    Failed(String),
}

/// The objects that a review depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The service account of the pod.
    pub service_account: Lookup,
    /// The namespace of the pod.
    pub namespace: Lookup,
    /// The API server called the webhook that serves the namespaces with the label `irsa.dev/injection: required`, so
    /// that this is known even if the namespace could not be read.
    pub is_required: bool,
}

impl Lookup {
    pub(crate) fn object(&self) -> Option<&Object> {
        match self {
            Self::Found(object) => Some(object),
            Self::Absent | Self::Failed(_) => None,
        }
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        let value = self.object()?.annotations.get(key)?;
        Some(value)
    }
}

impl Facts {
    /// The reason why an object could not be read.
    pub(crate) fn failure(&self) -> Option<&str> {
        let lookups = [&self.service_account, &self.namespace];
        lookups.into_iter().find_map(|lookup| match lookup {
            Lookup::Failed(reason) => Some(reason.as_str()),
            Lookup::Found(_) | Lookup::Absent => None,
        })
    }

    /// Returns whether pods of the namespace must not start without the sidecar that they ask for.
    pub(crate) fn is_required(&self) -> bool {
        let label = |object: &Object| {
            object
                .labels
                .get(irsa_sidecar::names::INJECTION)
                .map(String::as_str)
                == Some("required")
        };
        self.is_required || self.namespace.object().is_some_and(label)
    }
}
