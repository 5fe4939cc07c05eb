//! Components of Camunda, and what they need in OpenSearch.

use serde::Deserialize;

use super::opensearch::IndexPrivilege;

/// A component of Camunda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// Keycloak.
    Keycloak,
    /// Web Modeler's restapi.
    WebModeler,
    /// Zeebe with its OpenSearch exporter.
    Zeebe,
    /// Operate.
    Operate,
    /// Tasklist.
    Tasklist,
    /// Optimize.
    Optimize,
    /// The orchestration cluster of Camunda 8.8 and later: Zeebe, Operate and Tasklist in one.
    Orchestration,
    /// Identity.
    Identity,
}

// === impl Component ===

impl Component {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keycloak => "keycloak",
            Self::WebModeler => "web-modeler",
            Self::Zeebe => "zeebe",
            Self::Operate => "operate",
            Self::Tasklist => "tasklist",
            Self::Optimize => "optimize",
            Self::Orchestration => "orchestration",
            Self::Identity => "identity",
        }
    }

    /// The indices of the component: its own, and those of others that it reads.
    pub fn indices(self) -> &'static [(&'static str, IndexPrivilege)] {
        use IndexPrivilege::{Manage, Read};
        match self {
            Self::Keycloak | Self::WebModeler | Self::Identity => &[],
            Self::Zeebe => &[("zeebe-record*", Manage)],
            Self::Operate => &[("operate-*", Manage), ("zeebe-record*", Read)],
            Self::Tasklist => &[("tasklist-*", Manage), ("zeebe-record*", Read)],
            Self::Optimize => &[("optimize-*", Manage), ("zeebe-record*", Read)],
            Self::Orchestration => &[
                ("zeebe-record*", Manage),
                ("operate-*", Manage),
                ("tasklist-*", Manage),
                ("camunda-*", Manage),
            ],
        }
    }

    /// Permissions on the cluster (Camunda documentation, "OpenSearch privileges").
    pub fn cluster_permissions(self) -> &'static [&'static str] {
        match self {
            Self::Keycloak | Self::WebModeler | Self::Identity => &[],
            Self::Zeebe => &[
                "cluster_monitor",
                "cluster_composite_ops",
                "cluster_manage_index_templates",
                "cluster:admin/opendistro/ism/*",
            ],
            Self::Operate | Self::Tasklist | Self::Optimize | Self::Orchestration => &[
                "cluster_monitor",
                "cluster_composite_ops",
                "cluster_manage_index_templates",
                "cluster_manage_pipelines",
                "manage_snapshots",
                "indices:data/read/scroll/clear",
                "cluster:admin/reindex/rethrottle",
                "cluster:admin/opendistro/ism/*",
            ],
        }
    }
}
