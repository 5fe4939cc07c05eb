//! The checks of the identity in the environment.

use irsa_chain::{Cause, Link, Partition, Region};
use irsa_identity::{Inspection, SourceChoice};

use super::probe::{self, POD_IDENTITY, WEB_IDENTITY};
use crate::pod::outcome::{from_error, ready};
use crate::pod::state::Pod;
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) const IDENTITY_GIVEN: Step<Pod> = Step::once(
    &Check {
        id: "identity-given",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Does this process have an identity?",
        description: "Reads the two variables of IRSA and the two of EKS Pod Identity, or those of the selected source; both \
                   of a pair must be set. AWS_CONTAINER_CREDENTIALS_FULL_URI must name a host that AWS SDKs accept: the \
                   agent, a loopback address, or any host with https.",
        causes: &[
            Cause::NoIdentityGiven,
            Cause::HalfAnIdentity,
            Cause::CredentialsUriNotAllowed,
        ],
        needs: &[],
    },
    |pod, _| ready(identity_given(pod)),
);

pub(in crate::pod) const IDENTITY_RIVALS: Step<Pod> = Step::once(
    &Check {
        id: "identity-rivals",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Is it the only identity?",
        description: "Looks for AWS_ACCESS_KEY_ID, AWS_PROFILE, the shared files in ~/.aws, and the variables of IRSA next \
                   to those of Pod Identity: AWS SDKs use other credentials first, each SDK in its own order.",
        causes: &[Cause::AnotherIdentityGiven],
        needs: &[],
    },
    |pod, _| ready(identity_rivals(pod)),
);

pub(in crate::pod) const ROLE_ARN: Step<Pod> = Step::once(
    &Check {
        id: "role-arn",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Is the role's ARN well-formed?",
        description: "Parses AWS_ROLE_ARN: partition, 12-digit account ID, path and name.",
        causes: &[Cause::RoleArnMalformed],
        needs: &["identity-given"],
    },
    |pod, _| ready(role_arn(pod)),
);

pub(in crate::pod) const REGION: Step<Pod> = Step::once(
    &Check {
        id: "region",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Is the region known?",
        description: "Reads `--region`, else AWS_REGION, else AWS_DEFAULT_REGION: STS has an endpoint in each region.",
        causes: &[Cause::RegionMissing],
        needs: &[],
    },
    |pod, _| ready(region(pod)),
);

pub(in crate::pod) const REGION_PARTITION: Step<Pod> = Step::once(
    &Check {
        id: "region-partition",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Does the role's partition match the region?",
        description: "Compares the partition in the role's ARN (`aws`, `aws-cn`, `aws-us-gov`) with the region's.",
        causes: &[Cause::PartitionMismatch],
        needs: &["role-arn", "region"],
    },
    |pod, _| ready(region_partition(pod)),
);

pub(in crate::pod) const SESSION_NAME: Step<Pod> = Step::once(
    &Check {
        id: "session-name",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Is the session name valid?",
        description: "Reads AWS_ROLE_SESSION_NAME, else derives a name from HOSTNAME: 2 to 64 characters of `\\w+=,.@-`.",
        causes: &[Cause::SessionNameInvalid],
        needs: &[],
    },
    |pod, _| ready(session_name(pod)),
);

fn identity_given(pod: &Pod) -> CheckOutcome {
    match &pod.source {
        Ok(source) => {
            CheckOutcome::holds(format!("the source is `{}`{}", source.name(), found(pod)))
        }
        // Both variables are set; `role-arn` checks the value.
        Err(error) if error.cause() == Some(Cause::RoleArnMalformed) => {
            CheckOutcome::holds(format!("the source is `web-identity`{}", found(pod)))
        }
        Err(error) => from_error(error),
    }
}

fn found(pod: &Pod) -> String {
    let names = match pod.source_name() {
        "web-identity" => WEB_IDENTITY,
        "pod-identity" => POD_IDENTITY,
        _ => return String::new(),
    };
    format!(": `{}` and `{}` are set", names[0], names[1])
}

fn identity_rivals(pod: &Pod) -> CheckOutcome {
    let own = match pod.source_name() {
        "web-identity" => &WEB_IDENTITY,
        "pod-identity" => &POD_IDENTITY,
        name => {
            return CheckOutcome::not_applicable(format!(
                "the source `{name}` was selected explicitly"
            ));
        }
    };
    let rivals = probe::rivals(&pod.options.identity.environment, own);
    if rivals.is_empty() {
        return CheckOutcome::holds("no other credentials are configured");
    }
    let seen = format!(
        "the source is `{}`, but these are set too: {}",
        pod.source_name(),
        listed(&rivals)
    );
    CheckOutcome::warning(Cause::AnotherIdentityGiven, seen).remedy(one_identity(&rivals))
}

fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names = names.iter().map(|name| format!("`{}`", name.as_ref()));
    names.collect::<Vec<_>>().join(", ")
}

/// The remedy for several identities. EKS injects the variables of IRSA and of Pod Identity, so the pod template does not
/// set them.
fn one_identity(rivals: &[String]) -> String {
    let is_injected = |name: &&String| {
        let mut all = WEB_IDENTITY.iter().chain(&POD_IDENTITY);
        all.any(|injected| injected == name)
    };
    let (injected, own): (Vec<_>, Vec<_>) = rivals.iter().partition(is_injected);
    let mut parts = Vec::new();
    if !own.is_empty() {
        parts.push(format!("remove {} from the container", listed(&own)));
    }
    if !injected.is_empty() {
        parts.push(format!(
            "EKS injects {}, so they cannot be removed from the container: to keep IRSA, delete the Pod Identity \
             association (`aws eks list-pod-identity-associations --cluster-name CLUSTER` lists it); to keep Pod Identity, \
             remove the annotation eks.amazonaws.com/role-arn from the service account; then delete the pod",
            listed(&injected)
        ));
    }
    parts.join("; ")
}

fn role_arn(pod: &mut Pod) -> CheckOutcome {
    match &pod.source {
        Err(error) => from_error(error),
        Ok(source) => match source.role_arn() {
            None => CheckOutcome::not_applicable(format!(
                "the source `{}` does not name a role",
                source.name()
            )),
            Some(role) => {
                let seen = CheckOutcome::holds(format!("`{role}`"));
                pod.workload.role.get_or_insert_with(|| role.clone());
                seen
            }
        },
    }
}

fn region(pod: &Pod) -> CheckOutcome {
    match probe::region(&pod.options.identity) {
        Ok((region, source)) => CheckOutcome::holds(format!("`{region}`, from {source}")),
        Err(_) if matches!(pod.options.identity.choice, SourceChoice::Profile(_)) => {
            CheckOutcome::not_applicable("the profile sets the region")
        }
        Err(why) => {
            let seen = CheckOutcome::broken(Cause::RegionMissing, why);
            match data_store_region(pod) {
                Some(region) => seen.remedy(format!(
                    "set AWS_REGION={region}, the region of the data stores, in the container (the EKS webhook sets it), or \
                     pass `--region {region}`"
                )),
                None => seen,
            }
        }
    }
}

/// The region of all data stores, if they share one: the STS endpoint in the same region is the closest.
fn data_store_region(pod: &Pod) -> Option<&Region> {
    let databases = pod.options.databases.iter().map(|one| &one.route);
    let domains = pod.options.domains.iter().map(|one| &one.route);
    let mut regions = databases.chain(domains).map(|route| &route.region);
    let first = regions.next()?;
    regions.all(|region| region == first).then_some(first)
}

fn region_partition(pod: &Pod) -> CheckOutcome {
    let role = pod
        .source
        .as_ref()
        .ok()
        .and_then(|source| source.role_arn());
    let (Some(role), Ok((region, _))) = (role, probe::region(&pod.options.identity)) else {
        return CheckOutcome::not_applicable("the role or the region is not known");
    };
    let (actual, expected) = (role.partition(), region.partition());
    if actual == expected {
        return CheckOutcome::holds(format!("both are in partition `{actual}`"));
    }
    CheckOutcome::broken(
        Cause::PartitionMismatch,
        format!(
            "the role is in partition `{actual}`, but the region `{region}` is in `{expected}`"
        ),
    )
    .remedy(partition_remedy(role.as_str(), actual, expected))
}

fn partition_remedy(role: &str, wrong: Partition, right: Partition) -> String {
    let likely = role.replacen(&format!("arn:{wrong}:"), &format!("arn:{right}:"), 1);
    format!(
        "set the annotation `eks.amazonaws.com/role-arn: {likely}` if that role exists, or AWS_REGION to a region of \
         `{wrong}`, and delete the pod"
    )
}

fn session_name(pod: &Pod) -> CheckOutcome {
    match pod.inspection.as_ref().map(Inspection::session_name) {
        Ok(Ok(name)) => CheckOutcome::holds(format!("`{name}`")),
        Ok(Err(error)) => from_error(&error),
        Err(_) => CheckOutcome::not_applicable("no session can be requested with these settings"),
    }
}
