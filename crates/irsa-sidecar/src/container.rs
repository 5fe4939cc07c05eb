//! The container in the form of the Kubernetes API. The order of the fields is that of the rendered files.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::volume::Mount;
use crate::{ADMIN_PORT, CONTAINER};

/// The user of irsa's image.
const USER: u64 = 65_532;

/// A container of a pod (core/v1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    name: &'static str,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_pull_policy: Option<String>,
    /// `Always` makes an init container a native sidecar.
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_policy: Option<&'static str>,
    args: [&'static str; 1],
    env: Vec<Variable>,
    ports: [Port; 1],
    startup_probe: Probe,
    liveness_probe: Probe,
    resources: Resources,
    security_context: SecurityContext,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volume_mounts: Vec<Mount>,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

/// Requests and limits: `cpu` and `memory` with their quantities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// What the scheduler reserves.
    pub requests: BTreeMap<&'static str, String>,
    /// What the container cannot exceed.
    pub limits: BTreeMap<&'static str, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    name: &'static str,
    container_port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    http_get: HttpGet,
    #[serde(skip_serializing_if = "Option::is_none")]
    period_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_threshold: Option<u32>,
}

/// The port is a number: meshes rewrite probes, and not all of them resolve names of ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct HttpGet {
    path: &'static str,
    port: u16,
}

/// The fields that the Pod Security level `restricted` requires of a container, and a read-only root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityContext {
    run_as_non_root: bool,
    run_as_user: u64,
    allow_privilege_escalation: bool,
    read_only_root_filesystem: bool,
    capabilities: Capabilities,
    seccomp_profile: SeccompProfile,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Capabilities {
    drop: [&'static str; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SeccompProfile {
    r#type: &'static str,
}

/// The parts of the container that differ between pods.
pub(crate) struct Parts {
    pub(crate) image: String,
    pub(crate) pull_policy: Option<String>,
    pub(crate) is_native: bool,
    pub(crate) env: Vec<Variable>,
    pub(crate) resources: Resources,
    pub(crate) mounts: Vec<Mount>,
}

impl Container {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            name: CONTAINER,
            image: parts.image,
            image_pull_policy: parts.pull_policy,
            restart_policy: parts.is_native.then_some("Always"),
            args: ["proxy"],
            env: parts.env,
            ports: [Port {
                name: "irsa-admin",
                container_port: ADMIN_PORT,
            }],
            startup_probe: Probe {
                period_seconds: Some(1),
                failure_threshold: Some(30),
                ..Probe::get("/startupz")
            },
            liveness_probe: Probe::get("/livez"),
            resources: parts.resources,
            security_context: SecurityContext::restricted(),
            volume_mounts: parts.mounts,
        }
    }
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            requests: BTreeMap::from([("cpu", "20m".to_owned()), ("memory", "32Mi".to_owned())]),
            limits: BTreeMap::from([("memory", "256Mi".to_owned())]),
        }
    }
}

impl Probe {
    fn get(path: &'static str) -> Self {
        Self {
            http_get: HttpGet {
                path,
                port: ADMIN_PORT,
            },
            period_seconds: None,
            failure_threshold: None,
        }
    }
}

impl SecurityContext {
    /// That of irsa's containers.
    pub fn restricted() -> Self {
        Self {
            run_as_non_root: true,
            run_as_user: USER,
            allow_privilege_escalation: false,
            read_only_root_filesystem: true,
            capabilities: Capabilities { drop: ["ALL"] },
            seccomp_profile: SeccompProfile {
                r#type: "RuntimeDefault",
            },
        }
    }
}
