//! The service account and its annotation.

use irsa_chain::{Cause, Link, RoleArn, ServiceAccount};
use irsa_kube::Pod;
use irsa_sidecar::names::eks::ROLE_ARN;

use super::text::{then_recreate, unreadable};
use super::{Cluster, containers, specified, spelling};
use crate::remedy::shell_word;
use crate::{Check, CheckOutcome, Commands, Place, Remedy, Specified};
use irsa_chain::untrusted::quoted;

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
    description: "Looks for the annotation `eks.amazonaws.com/role-arn`, and for one that is a misspelling of it. A pod \
               that gets its identity from EKS Pod Identity or from its own template does not need the annotation.",
    causes: &[Cause::AnnotationMissing, Cause::AnnotationMisspelled],
    needs: &["account-exists", "pod-account"],
};

pub(super) static ROLE: Check = Check {
    id: "account-role",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Is the role's ARN well-formed?",
    description: "Parses the annotation's value as IAM would: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`. The webhook \
               copies the value into pods without checking it.",
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
    let has_namespace = !read.is_err_and(|error| error.is_absent());
    let what = if has_namespace {
        format!("namespace `{namespace}` has no service account `{name}`")
    } else {
        format!("namespace `{namespace}` does not exist")
    };
    if let Some(specified) = &cluster.specified {
        return specified::missing_account(specified, account, has_namespace, &what);
    }
    CheckOutcome::broken(Cause::ServiceAccountMissing, what).remedy(format!(
        "run `kubectl -n {namespace} get serviceaccounts` to list the existing accounts and correct the name, or create \
         the account: `kubectl -n {namespace} create serviceaccount {name}`"
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
    let specified = cluster.specified.as_ref();
    if let Some(why) = specified.and_then(Specified::without_annotation) {
        return CheckOutcome::not_applicable(format!("the annotation is not needed: {why}"));
    }
    if let Some(pod) = &cluster.learned.pod
        && specified.is_none()
        && containers::any_has_identity(pod)
    {
        return CheckOutcome::not_applicable(identity_source(pod));
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
        None if specified.is_some() => unannotated(cluster, &account),
        None => CheckOutcome::broken(
            Cause::AnnotationMissing,
            format!("{account} has no annotation {ROLE_ARN}"),
        )
        .remedy(format!(
            "run `aws eks list-pod-identity-associations --cluster-name CLUSTER --namespace {namespace} \
             --service-account {name}` to see whether the service account has an EKS Pod Identity association. If it has \
             one, delete the pods that are older than the association. If not, run `{annotate}ROLE_ARN` (IRSA) or `aws \
             eks create-pod-identity-association --cluster-name CLUSTER --namespace {namespace} --service-account {name} \
             --role-arn ROLE_ARN` (Pod Identity), then delete the pods"
        )),
    }
}

/// The outcome for an account without the annotation that the specification gives it.
fn unannotated(cluster: &Cluster, account: &ServiceAccount) -> CheckOutcome {
    let Some(Specified { role, lines, .. }) = &cluster.specified else {
        return CheckOutcome::not_reached("account-exists");
    };
    let seen = format!(
        "{account} has no annotation {ROLE_ARN}, but {} specifies one with `{role}`",
        lines.identity
    );
    let annotate = annotate(account, role.as_str());
    CheckOutcome::broken(Cause::AnnotationMissing, seen).remedy(annotated(cluster, annotate))
}

/// The command that sets the annotation, whether there is one or not.
pub(super) fn annotate(account: &ServiceAccount, role: &str) -> String {
    let (namespace, name, role) = (account.namespace(), account.name(), shell_word(role));
    format!("kubectl -n {namespace} annotate --overwrite serviceaccount {name} {ROLE_ARN}={role}")
}

/// The command that removes the annotation.
pub(super) fn remove_annotation(account: &ServiceAccount) -> String {
    let (namespace, name) = (account.namespace(), account.name());
    format!("kubectl -n {namespace} annotate serviceaccount {name} {ROLE_ARN}-")
}

/// The command that changes the annotation, and the one that recreates the pods.
fn annotated(cluster: &Cluster, command: String) -> Remedy {
    match &cluster.learned.pod {
        Some(pod) => then_recreate(pod, Some(command)),
        None => Commands::new([command])
            .with_note("only pods created after this get the role")
            .into(),
    }
}

/// The source of a pod's identity if its service account has no annotation.
fn identity_source(pod: &Pod) -> String {
    let is_by_agent = pod.containers().any(containers::has_pod_identity);
    let source = if is_by_agent {
        "EKS Pod Identity"
    } else {
        "the pod's own template"
    };
    format!("the annotation is not needed: the identity comes from {source}")
}

pub(super) async fn names_a_role(cluster: &mut Cluster) -> CheckOutcome {
    let Some(text) = annotated_role(cluster) else {
        return CheckOutcome::not_applicable("the service account names no role");
    };
    match text.parse::<RoleArn>() {
        Ok(role) => {
            let seen = format!("role {} in account {}", role.name(), role.account());
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
    match text.trim().parse::<RoleArn>() {
        Ok(role) => {
            seen.remedy(annotated(cluster, annotate(&account, role.as_str())))
        }
        Err(_) => seen.remedy(format!(
            "run `{}` with the ARN of the intended role, which `aws iam get-role --role-name NAME --query \
             Role.Arn --output text` prints, then delete the pods",
            annotate(&account, "ARN")
        )),
    }
}

/// The value of the annotation.
pub(super) fn annotated_role(cluster: &Cluster) -> Option<&str> {
    let annotations = &cluster.learned.account.as_ref()?.metadata.annotations;
    annotations.get(ROLE_ARN).map(String::as_str)
}
