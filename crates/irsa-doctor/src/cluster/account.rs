//! The service account and its annotation.

use irsa_chain::{Cause, Link, RoleArn, ServiceAccount};
use irsa_kube::Pod;

use super::text::{then_recreate, unreadable};
use super::{Cluster, containers, spelling};
use crate::remedy::shell_word;
use crate::{Check, CheckOutcome, Commands, Place, Remedy};
use irsa_chain::untrusted::quoted;

/// The annotation that gives a service account its role.
pub(super) const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";

pub(super) static ACCOUNT: Check = Check {
    id: "account-exists",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the service account exist?",
    description: "Reads the service account in the pod's namespace.",
    causes: &[Cause::ServiceAccountMissing],
    needs: &["cluster-api"],
};

pub(super) static ANNOTATION: Check = Check {
    id: "account-annotation",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the service account name a role?",
    description: "Looks for the annotation `eks.amazonaws.com/role-arn`, and for one that is nearly spelled like it. A pod \
               that has its identity from EKS Pod Identity or from its own template needs none.",
    causes: &[Cause::AnnotationMissing, Cause::AnnotationMisspelled],
    needs: &["account-exists", "pod-account"],
};

pub(super) static ROLE: Check = Check {
    id: "account-role",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the role's ARN well-formed?",
    description: "Reads the annotation's value as IAM would: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`. The webhook \
               gives pods whatever stands there.",
    causes: &[Cause::RoleArnMalformed],
    needs: &["account-annotation"],
};

pub(super) async fn exists(cluster: &mut Cluster) -> CheckOutcome {
    let Some(account) = cluster.service_account() else {
        return CheckOutcome::not_reached("cluster-pod");
    };
    cluster.workload.service_account = Some(account.clone());
    match cluster.reader.service_account(&account).await {
        Ok(object) => {
            cluster.learned.account = Some(object);
            CheckOutcome::holds(account.to_string())
        }
        Err(error) if error.is_absent() => missing(cluster, &account).await,
        Err(error) => unreadable(&error),
    }
}

async fn missing(cluster: &Cluster, account: &ServiceAccount) -> CheckOutcome {
    let (namespace, name) = (account.namespace(), account.name());
    let read = cluster.reader.namespace(namespace).await;
    let what = match read {
        Err(error) if error.is_absent() => format!("there is no namespace `{namespace}`"),
        _ => format!("namespace `{namespace}` has no service account `{name}`"),
    };
    CheckOutcome::broken(Cause::ServiceAccountMissing, what).remedy(format!(
        "`kubectl -n {namespace} get serviceaccounts` lists those that exist: correct the name, or create it with \
         `kubectl -n {namespace} create serviceaccount {name}`"
    ))
}

pub(super) async fn is_annotated(cluster: &mut Cluster) -> CheckOutcome {
    let (Some(object), Some(account)) = (&cluster.learned.account, cluster.service_account())
    else {
        return CheckOutcome::not_reached("account-exists");
    };
    if let Some(value) = object.metadata.annotations.get(ROLE_ARN) {
        return CheckOutcome::holds(format!("{ROLE_ARN}: {}", quoted(value)));
    }
    if let Some(pod) = &cluster.learned.pod
        && containers::any_has_identity(pod)
    {
        return CheckOutcome::not_applicable(whence(pod));
    }
    let names = object.metadata.annotations.keys().map(String::as_str);
    let (namespace, name) = (account.namespace(), account.name());
    let annotate = format!("kubectl -n {namespace} annotate serviceaccount {name} {ROLE_ARN}=");
    match spelling::nearest(ROLE_ARN, names) {
        Some(near) => {
            let value = &object.metadata.annotations[near];
            CheckOutcome::broken(
                Cause::AnnotationMisspelled,
                format!("{account} has the annotation `{near}`, not `{ROLE_ARN}`"),
            )
            .remedy(annotated(
                cluster,
                format!("{annotate}{} {near}-", shell_word(value.trim())),
            ))
        }
        None => CheckOutcome::broken(
            Cause::AnnotationMissing,
            format!("{account} has no annotation {ROLE_ARN}"),
        )
        .remedy(format!(
            "`aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace {namespace} --service-account \
             {name}` shows whether the service account has a role by EKS Pod Identity. If it has one, only delete the \
             pods that are older than the association. If not, run `{annotate}ROLE_ARN`, or `aws eks \
             create-pod-identity-association --cluster-name CLUSTER --namespace {namespace} --service-account {name} \
             --role-arn ROLE_ARN`, then delete the pods"
        )),
    }
}

/// A change of the annotation, and new pods that get it.
fn annotated(cluster: &Cluster, command: String) -> Remedy {
    match &cluster.learned.pod {
        Some(pod) => then_recreate(pod, Some(command)),
        None => Commands::new([command])
            .with_note("pods created from now on get it")
            .into(),
    }
}

/// Where a pod's identity is from, when its account has no annotation.
fn whence(pod: &Pod) -> String {
    let is_by_agent = pod.containers().any(containers::has_pod_identity);
    let whence = if is_by_agent {
        "EKS Pod Identity"
    } else {
        "the pod's own template"
    };
    format!("there is none, and it takes none: {whence} gives the identity")
}

pub(super) async fn names_a_role(cluster: &mut Cluster) -> CheckOutcome {
    let Some(text) = annotated_role(cluster) else {
        return CheckOutcome::not_applicable("the service account names no role");
    };
    match text.parse::<RoleArn>() {
        Ok(role) => {
            let seen = format!("role {} of account {}", role.name(), role.account());
            cluster.workload.role = Some(role);
            CheckOutcome::holds(seen)
        }
        Err(error) => malformed(cluster, text, &error.to_string()),
    }
}

fn malformed(cluster: &Cluster, text: &str, why: &str) -> CheckOutcome {
    let spaces = if text.trim().parse::<RoleArn>().is_ok() {
        format!("{} has spaces around the ARN", quoted(text))
    } else {
        why.to_owned()
    };
    let seen = CheckOutcome::broken(Cause::RoleArnMalformed, spaces);
    let Some(account) = cluster.service_account() else {
        return seen;
    };
    let (namespace, name) = (account.namespace(), account.name());
    let annotate =
        format!("kubectl -n {namespace} annotate --overwrite serviceaccount {name} {ROLE_ARN}=");
    match text.trim().parse::<RoleArn>() {
        Ok(role) => {
            let command = format!("{annotate}{}", shell_word(role.as_str()));
            seen.remedy(annotated(cluster, command))
        }
        Err(_) => seen.remedy(format!(
            "run `{annotate}ARN` with the ARN that `aws iam get-role --role-name NAME --query Role.Arn --output text` \
             prints for the role that is meant, then delete the pods"
        )),
    }
}

/// What stands in the annotation.
pub(super) fn annotated_role(cluster: &Cluster) -> Option<&str> {
    let annotations = &cluster.learned.account.as_ref()?.metadata.annotations;
    annotations.get(ROLE_ARN).map(String::as_str)
}
