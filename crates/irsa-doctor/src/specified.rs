//! The identity that `irsa.yaml` specifies for a workload.

use irsa_chain::{Arn, Region, RoleArn};

use crate::IdentityKind;

/// The identity that `irsa.yaml` specifies for a workload. Checks compare it with what they find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specified {
    /// The workload's role.
    pub role: RoleArn,
    /// The source of the role's session.
    pub identity: IdentityKind,
    /// Whether the service account has the annotation with the role, so that every container of the pod gets it.
    /// Without it, only the sidecar has the role.
    pub is_annotated: bool,
    /// The EKS cluster that is checked.
    pub cluster: EksCluster,
    /// The lines that specify it.
    pub lines: SpecifiedLines,
}

/// An EKS cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EksCluster {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: Region,
    /// Its ARN, which trust policies for EKS Pod Identity name.
    pub arn: Arn,
}

/// The lines of `irsa.yaml` that specify a workload's identity, each as `FILE:LINE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecifiedLines {
    /// The service account.
    pub service_account: String,
    /// The role, or the workload whose name it is derived from.
    pub role: String,
    /// The kind of identity.
    pub identity: String,
}

impl Specified {
    /// Returns whether EKS must inject the identity when it creates a pod. If only the sidecar has the role by IRSA, its
    /// template has the variables and the token.
    pub(crate) fn is_injected(&self) -> bool {
        self.is_annotated || self.identity == IdentityKind::PodIdentity
    }

    /// The reason why the service account needs no annotation; `None` if it needs one.
    pub(crate) fn without_annotation(&self) -> Option<String> {
        let line = &self.lines.identity;
        match self.identity {
            IdentityKind::PodIdentity => {
                Some(format!("{line} gives it the role by EKS Pod Identity"))
            }
            IdentityKind::WebIdentity if self.is_annotated => None,
            IdentityKind::WebIdentity => Some(format!("{line} gives the role to the sidecar only")),
        }
    }
}
