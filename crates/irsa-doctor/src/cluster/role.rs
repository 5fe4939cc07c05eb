//! The role that a container was given.

use irsa_chain::{Cause, Link};
use irsa_kube::{Pod, Variable};

use super::Cluster;
use super::account::annotated_role;
use super::containers::{ROLE as ROLE_VARIABLE, found};
use crate::{Check, CheckOutcome, Place};
use irsa_chain::untrusted::quoted;

pub(super) static ROLE: Check = Check {
    id: "container-role",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the container use the service account's role?",
    description: "Compares the container's AWS_ROLE_ARN with the annotation. The webhook does not overwrite a value from \
               the pod template.",
    causes: &[Cause::RoleArnDiffers],
    needs: &["container-identity", "account-role", "specified-identity"],
};

pub(super) fn matches_annotation(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let Some((pod, container)) = found(cluster, name) else {
        return CheckOutcome::not_reached("cluster-pod");
    };
    let Some(variable) = container.variable(ROLE_VARIABLE) else {
        return CheckOutcome::not_applicable(format!("{ROLE_VARIABLE} is not set"));
    };
    let Some(annotated) = annotated_role(cluster) else {
        return CheckOutcome::not_applicable("the service account names no role");
    };
    match variable.value.as_deref() {
        None => from_elsewhere(pod, name, variable),
        Some(value) if value == annotated => {
            CheckOutcome::holds(format!("both are {}", quoted(value)))
        }
        Some(value) => CheckOutcome::broken(
            Cause::RoleArnDiffers,
            format!(
                "{ROLE_VARIABLE} is {}, but the annotation is {}",
                quoted(value),
                quoted(annotated)
            ),
        )
        .remedy(format!(
            "remove {ROLE_VARIABLE} from `env` in the template of {} (a Helm chart may set it), or correct the annotation \
             if the pod's role is right; if the annotation was changed after the pod was created, delete the pod",
            pod.template()
        )),
    }
}

fn from_elsewhere(pod: &Pod, container: &str, variable: &Variable) -> CheckOutcome {
    let name = &variable.name;
    if !variable.is_from_elsewhere {
        return CheckOutcome::broken(Cause::RoleArnDiffers, format!("{name} is set, but empty"));
    }
    let (namespace, pod) = (&pod.metadata.namespace, &pod.metadata.name);
    CheckOutcome::unsure(format!(
        "{name} comes from a Secret or ConfigMap (`valueFrom`), which is not read"
    ))
    .remedy(format!(
        "check it from inside the container: `kubectl -n {namespace} exec {pod} -c {container} -- irsa doctor`"
    ))
}
