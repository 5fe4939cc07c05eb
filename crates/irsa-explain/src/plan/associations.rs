//! EKS Pod Identity associations.

use irsa_chain::{Arn, ServiceAccount};
use serde_json::Value;

use super::Plan;
use super::reference::referred;
use super::region::region;
use super::resource::{Attribute, Resource};
use super::roles::ROLE;
use crate::inventory::Association;

const ASSOCIATION: &str = "aws_eks_pod_identity_association";

pub(super) fn all(plan: &Plan<'_>) -> Vec<Association> {
    let resources = plan.with_type(ASSOCIATION);
    resources.map(|one| association(plan, one)).collect()
}

fn association(plan: &Plan<'_>, resource: &Resource<'_>) -> Association {
    let account = || {
        let (namespace, name) = (
            resource.text("namespace")?,
            resource.text("service_account")?,
        );
        ServiceAccount::new(namespace, name).ok()
    };
    let has_no_tags = resource.attribute("disable_session_tags");
    Association {
        label: resource.address.to_owned(),
        service_account: account(),
        role: role(plan, resource),
        cluster: cluster(plan, resource),
        has_tags: has_no_tags != Attribute::Known(&Value::Bool(true)),
    }
}

/// The ARN of the role or, if it is not known yet, the address.
fn role(plan: &Plan<'_>, resource: &Resource<'_>) -> Option<String> {
    if let Some(arn) = resource.text("role_arn") {
        return Some(arn.to_owned());
    }
    match referred(plan, resource, "role_arn", ROLE).as_deref() {
        Ok([role]) => Some(role.address.to_owned()),
        _ => None,
    }
}

fn cluster(plan: &Plan<'_>, resource: &Resource<'_>) -> Option<Arn> {
    let (partition, account) = plan.home.as_ref()?;
    let (region, name) = (region(plan, resource)?, resource.text("cluster_name")?);
    let arn = format!("arn:{partition}:eks:{region}:{account}:cluster/{name}");
    arn.parse().ok()
}
