//! Pages and assets of OpenSearch Dashboards, which a domain serves next to its API.
//!
//! The table contains nothing below `/api`: the proxy of the console sends arbitrary requests, and the configuration
//! API changes roles. `/_plugin/kibana` is the prefix on domains with Elasticsearch.

use super::{Route, reads};

/// The prefixes of Dashboards' paths.
pub(in crate::guard) const PREFIXES: [&str; 2] = ["/_dashboards", "/_plugin/kibana"];

pub(super) const DASHBOARDS: &[Route] = &[
    reads("GET", "/_dashboards"),
    reads("GET", "/_dashboards/app/**"),
    reads("GET", "/_dashboards/bootstrap.js"),
    reads("GET", "/_dashboards/startup.js"),
    reads("GET", "/_dashboards/bundles/**"),
    reads("GET", "/_dashboards/{build}/bundles/**"),
    reads("GET", "/_dashboards/node_modules/**"),
    reads("GET", "/_dashboards/plugins/**"),
    reads("GET", "/_dashboards/translations/{locale}"),
    reads("GET", "/_dashboards/ui/**"),
    reads("GET", "/_plugin/kibana"),
    reads("GET", "/_plugin/kibana/app/**"),
    reads("GET", "/_plugin/kibana/bootstrap.js"),
    reads("GET", "/_plugin/kibana/startup.js"),
    reads("GET", "/_plugin/kibana/bundles/**"),
    reads("GET", "/_plugin/kibana/{build}/bundles/**"),
    reads("GET", "/_plugin/kibana/built_assets/**"),
    reads("GET", "/_plugin/kibana/node_modules/**"),
    reads("GET", "/_plugin/kibana/plugins/**"),
    reads("GET", "/_plugin/kibana/translations/{locale}"),
    reads("GET", "/_plugin/kibana/ui/**"),
];
