//! The comparison of the cluster with `irsa.yaml`.

use irsa_chain::untrusted::quoted;
use irsa_chain::{Cause, Link, RoleArn, ServiceAccount};
use irsa_kube::{Container, Pod};
use irsa_sidecar::names::eks::ROLE_ARN;

use super::account::annotated_role;
use super::containers::{ROLE as ROLE_VARIABLE, has_web_identity};
use super::text::then_recreate;
use super::{Cluster, account};
use crate::remedy::shell_word;
use crate::{Check, CheckOutcome, Commands, IdentityKind, Place, Remedy, Specified};

pub(super) static SPECIFIED: Check = Check {
    id: "specified-identity",
    place: Place::Cluster,
    link: Link::ServiceAccount,
    question: "Does the cluster give the workload the identity in irsa.yaml?",
    description: "With `--file`: compares the annotation of the service account, and AWS_ROLE_ARN of the container that runs \
               `irsa`, with the role and the kind of identity that `irsa.yaml` specifies. A finding names both values and \
               the line.",
    causes: &[Cause::IdentityNotAsSpecified],
    needs: &["account-exists", "account-role"],
};

/// The outcome if no specification was given.
pub(crate) const NO_FILE: &str = "no irsa.yaml was given (`--file`)";

pub(super) async fn agrees(cluster: &mut Cluster) -> CheckOutcome {
    let Some(specified) = &cluster.specified else {
        return CheckOutcome::not_applicable(NO_FILE);
    };
    let Some(account) = cluster.service_account() else {
        return CheckOutcome::not_reached("account-exists");
    };
    let annotated = annotated_role(cluster).and_then(|text| text.parse::<RoleArn>().ok());
    let pod = cluster.learned.pod.as_ref();
    let annotation = annotated.and_then(|role| annotation(specified, &account, pod, &role));
    let sidecar = || pod.and_then(|pod| sidecar(specified, pod));
    let role = specified.role.name();
    annotation.or_else(sidecar).unwrap_or_else(|| {
        CheckOutcome::holds(format!("role {role}, as in {}", specified.lines.role))
    })
}

/// The contradiction between the annotation and the specification, if any.
fn annotation(
    specified: &Specified,
    account: &ServiceAccount,
    pod: Option<&Pod>,
    annotated: &RoleArn,
) -> Option<CheckOutcome> {
    let lines = &specified.lines;
    let (seen, is_broken) = match specified.identity {
        IdentityKind::PodIdentity => (
            format!(
                "{account} has the annotation {ROLE_ARN} with `{annotated}`, but {} says EKS Pod Identity; AWS SDKs use \
                 the annotation's role first",
                lines.identity
            ),
            true,
        ),
        IdentityKind::WebIdentity if *annotated != specified.role => (
            format!(
                "the annotation of {account} names `{annotated}`, but {} specifies `{}`",
                lines.role, specified.role
            ),
            true,
        ),
        IdentityKind::WebIdentity if !specified.is_annotated => (
            format!(
                "the annotation of {account} gives `{annotated}` to every container of its pods, but {} gives it to the \
                 sidecar only",
                lines.identity
            ),
            false,
        ),
        IdentityKind::WebIdentity => return None,
    };
    let remedy = annotation_remedy(specified, account, pod);
    let cause = Cause::IdentityNotAsSpecified;
    let seen = if is_broken {
        CheckOutcome::broken(cause, seen)
    } else {
        CheckOutcome::warning(cause, seen)
    };
    Some(seen.remedy(remedy))
}

/// The command that makes the annotation what the specification says, and the one that recreates the pods.
fn annotation_remedy(specified: &Specified, account: &ServiceAccount, pod: Option<&Pod>) -> Remedy {
    let change = if specified.is_annotated {
        account::annotate(account, specified.role.as_str())
    } else {
        account::remove_annotation(account)
    };
    let note = format!(
        "or, if the cluster is right, correct {}",
        specified.lines.role
    );
    match pod.map(|pod| then_recreate(pod, Some(change.clone()))) {
        Some(Remedy::Commands(commands)) => commands.with_note(note).into(),
        Some(Remedy::Advice(advice)) => Remedy::from(format!("{advice}; {note}")),
        None => Commands::new([change]).with_note(note).into(),
    }
}

/// The contradiction between the sidecar's environment and the specification, if any.
fn sidecar(specified: &Specified, pod: &Pod) -> Option<CheckOutcome> {
    let irsa = pod
        .lasting_containers()
        .find(|container| container.is_irsa())?;
    let seen = differing(specified, pod, irsa)?;
    let remedy = format!(
        "run `irsa render kubernetes --out .` and apply the files again, or, if the pod is right, correct {}",
        specified.lines.role
    );
    Some(CheckOutcome::broken(Cause::IdentityNotAsSpecified, seen).remedy(remedy))
}

fn differing(specified: &Specified, pod: &Pod, irsa: &Container) -> Option<String> {
    let (name, pod) = (&irsa.name, &pod.metadata.name);
    let lines = &specified.lines;
    let value = irsa.value(ROLE_VARIABLE);
    if specified.identity == IdentityKind::PodIdentity {
        let is_other = has_web_identity(irsa);
        return is_other.then(|| {
            format!(
                "container {name} of pod {pod} has the variables of IRSA, but {} says EKS Pod Identity",
                lines.identity
            )
        });
    }
    let value = value.filter(|value| *value != specified.role.as_str())?;
    Some(format!(
        "{ROLE_VARIABLE} of container {name} in pod {pod} is {}, but {} specifies `{}`",
        quoted(value),
        lines.role,
        specified.role
    ))
}

/// The outcome for a service account that does not exist: the file says its name, so it can be created.
pub(super) fn missing_account(
    specified: &Specified,
    account: &ServiceAccount,
    has_namespace: bool,
    seen: &str,
) -> CheckOutcome {
    let (namespace, name) = (account.namespace(), account.name());
    let line = &specified.lines.service_account;
    let namespace_first = (!has_namespace).then(|| format!("kubectl create namespace {namespace}"));
    let create = format!("kubectl -n {namespace} create serviceaccount {name}");
    let role = shell_word(specified.role.as_str());
    let annotate = specified.is_annotated.then(|| {
        format!("kubectl -n {namespace} annotate serviceaccount {name} {ROLE_ARN}={role}")
    });
    let commands = namespace_first.into_iter().chain([create]).chain(annotate);
    let seen = format!("{seen}, but {line} specifies {account}");
    CheckOutcome::broken(Cause::ServiceAccountMissing, seen).remedy(
        Commands::new(commands).with_note(format!(
            "or apply the files of `irsa render kubernetes --out .`, which contain it; if its name is wrong, correct {line}"
        )),
    )
}

/// The outcome for a container of a pod without an identity, if the service account needs no annotation.
pub(super) fn without_identity(
    specified: &Specified,
    pod: &Pod,
    container: &Container,
) -> CheckOutcome {
    if !container.is_irsa() && pod.containers().any(Container::is_irsa) {
        return CheckOutcome::not_applicable("it uses the identity of the sidecar");
    }
    let (name, lines) = (&pod.metadata.name, &specified.lines);
    if specified.identity == IdentityKind::PodIdentity {
        let seen = format!(
            "pod {name} has no variables of EKS Pod Identity, which {} specifies: EKS sets them when it creates a pod, if \
             the association exists by then",
            lines.identity
        );
        return CheckOutcome::broken(Cause::PodNotMutated, seen).remedy(then_recreate(pod, None));
    }
    let seen = format!(
        "no container of pod {name} has the role, which {} gives to the sidecar",
        lines.identity
    );
    CheckOutcome::broken(Cause::NoIdentityGiven, seen).remedy(format!(
        "give {} the label `irsa.dev/workload` and apply the files of `irsa render kubernetes --out .`, which add the \
         sidecar; with Helm, use `irsa render helm-values`",
        pod.template()
    ))
}
