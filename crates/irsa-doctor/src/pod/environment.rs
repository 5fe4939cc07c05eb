//! The identity that the environment gives: the link of the service account, and the session's name.

use std::path::Path;

use irsa_chain::{Cause, Link, Partition, Region};
use irsa_identity::{Inspection, SourceChoice};

use super::state::{Pod, at_once, refused};
use super::text::quoted;
use crate::{Check, Place, Seen, Step};

pub(super) const IDENTITY_GIVEN: Step<Pod> = Step::once(
    &Check {
        id: "identity-given",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Was this process given an identity?",
        looks_at: "The two variables of IRSA and the two of EKS Pod Identity, or those of the source that was chosen; \
                   both of a pair must be there.",
        causes: &[Cause::NoIdentityGiven, Cause::HalfAnIdentity],
        needs: &[],
    },
    |pod, _| at_once(identity_given(pod)),
);

pub(super) const IDENTITY_RIVALS: Step<Pod> = Step::once(
    &Check {
        id: "identity-rivals",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Is it the only identity here?",
        looks_at: "AWS_ACCESS_KEY_ID, AWS_PROFILE, the shared files below ~/.aws, and the variables of the other of \
                   IRSA and Pod Identity: AWS's SDKs take them first, each in an order of its own.",
        causes: &[Cause::AnotherIdentityGiven],
        needs: &[],
    },
    |pod, _| at_once(identity_rivals(pod)),
);

pub(super) const ROLE_ARN: Step<Pod> = Step::once(
    &Check {
        id: "role-arn",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Is the role's ARN well-formed?",
        looks_at: "AWS_ROLE_ARN: partition, an account of 12 digits, path and name.",
        causes: &[Cause::RoleArnMalformed],
        needs: &["identity-given"],
    },
    |pod, _| at_once(role_arn(pod)),
);

pub(super) const REGION: Step<Pod> = Step::once(
    &Check {
        id: "region",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Is the region known?",
        looks_at: "The setting, else AWS_REGION, else AWS_DEFAULT_REGION: STS has an endpoint for each region.",
        causes: &[Cause::RegionMissing],
        needs: &[],
    },
    |pod, _| at_once(region(pod)),
);

pub(super) const REGION_PARTITION: Step<Pod> = Step::once(
    &Check {
        id: "region-partition",
        place: Place::Pod,
        link: Link::ServiceAccount,
        question: "Are role and region of one partition?",
        looks_at: "The partition in the role's ARN (`aws`, `aws-cn`, `aws-us-gov`) and that of the region.",
        causes: &[Cause::PartitionMismatch],
        needs: &["role-arn", "region"],
    },
    |pod, _| at_once(region_partition(pod)),
);

pub(super) const SESSION_NAME: Step<Pod> = Step::once(
    &Check {
        id: "session-name",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Is the session's name one that STS takes?",
        looks_at: "AWS_ROLE_SESSION_NAME, else a name made of HOSTNAME: 2 to 64 characters of `\\w+=,.@-`.",
        causes: &[Cause::SessionNameInvalid],
        needs: &[],
    },
    |pod, _| at_once(session_name(pod)),
);

/// The variables of IRSA.
pub(super) const WEB_IDENTITY: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
/// The variables of EKS Pod Identity.
pub(super) const POD_IDENTITY: [&str; 2] = [
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

fn identity_given(pod: &Pod) -> Seen {
    match &pod.source {
        Ok(source) => Seen::holds(format!("the source is `{}`{}", source.name(), found(pod))),
        // Both variables are there; what is in one is for another check.
        Err(error) if error.cause() == Some(Cause::RoleArnMalformed) => {
            Seen::holds(format!("the source is `web-identity`{}", found(pod)))
        }
        Err(error) => refused(error),
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

fn identity_rivals(pod: &Pod) -> Seen {
    let own = match pod.source_name() {
        "web-identity" => &WEB_IDENTITY,
        "pod-identity" => &POD_IDENTITY,
        name => return Seen::not_applicable(format!("the source `{name}` was chosen by name")),
    };
    let names = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter();
    let names = names.chain(WEB_IDENTITY.iter().chain(&POD_IDENTITY));
    let set = names.filter(|name| !own.contains(name) && pod.variable(name).is_some());
    let rivals: Vec<String> = set
        .map(|name| format!("`{name}`"))
        .chain(shared_files(pod))
        .collect();
    if rivals.is_empty() {
        return Seen::holds("no other identity is given");
    }
    let rivals = rivals.join(", ");
    Seen::warning(
        Cause::AnotherIdentityGiven,
        format!("{rivals} stand beside `{}`", pod.source_name()),
    )
    .remedy(format!(
        "take {rivals} out of the container, unless it is the identity that is meant"
    ))
}

/// A profile baked into the image, where one would be looked for.
fn shared_files(pod: &Pod) -> Vec<String> {
    let home = pod.variable("HOME").map(Path::new);
    let of = |variable, name| {
        let named = pod.variable(variable).map(Path::new).map(Path::to_owned);
        named.or_else(|| home.map(|home| home.join(".aws").join(name)))
    };
    let files = [
        of("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        of("AWS_CONFIG_FILE", "config"),
    ];
    let there = files.into_iter().flatten().filter(|path| path.is_file());
    there.map(|path| format!("`{}`", path.display())).collect()
}

fn role_arn(pod: &mut Pod) -> Seen {
    match &pod.source {
        Err(error) => refused(error),
        Ok(source) => match source.role_arn() {
            None => Seen::not_applicable(format!("the source `{}` names no role", source.name())),
            Some(role) => {
                let seen = Seen::holds(format!("`{role}`"));
                pod.workload.role.get_or_insert_with(|| role.clone());
                seen
            }
        },
    }
}

/// The region as the identity finds it, and where.
pub(super) fn found_region(pod: &Pod) -> Result<(Region, &'static str), String> {
    if let Some(region) = &pod.options.identity.region {
        return Ok((region.clone(), "the settings"));
    }
    let mut names = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter();
    let Some((name, value)) = names.find_map(|name| Some((name, pod.variable(name)?))) else {
        return Err("neither `AWS_REGION` nor `AWS_DEFAULT_REGION` is set".to_owned());
    };
    match value.parse() {
        Ok(region) => Ok((region, name)),
        Err(_) => Err(format!(
            "`{name}` holds {}, which is no region",
            quoted(value)
        )),
    }
}

fn region(pod: &Pod) -> Seen {
    match found_region(pod) {
        Ok((region, place)) => Seen::holds(format!("`{region}`, by {place}")),
        Err(_) if matches!(pod.options.identity.choice, SourceChoice::Profile(_)) => {
            Seen::not_applicable("it is left to the profile")
        }
        Err(why) => Seen::broken(Cause::RegionMissing, why),
    }
}

fn region_partition(pod: &Pod) -> Seen {
    let role = pod
        .source
        .as_ref()
        .ok()
        .and_then(|source| source.role_arn());
    let (Some(role), Ok((region, _))) = (role, found_region(pod)) else {
        return Seen::not_applicable("no role or no region is named here");
    };
    let (of_role, of_region) = (role.partition(), region.partition());
    if of_role == of_region {
        return Seen::holds(format!("both are of `{of_role}`"));
    }
    Seen::broken(
        Cause::PartitionMismatch,
        format!("the role is of `{of_role}`, the region `{region}` of `{of_region}`"),
    )
    .remedy(repaired(role.as_str(), of_role, of_region))
}

fn repaired(role: &str, wrong: Partition, right: Partition) -> String {
    let likely = role.replacen(&format!("arn:{wrong}:"), &format!("arn:{right}:"), 1);
    format!(
        "set the annotation `eks.amazonaws.com/role-arn: {likely}` if that role exists, or AWS_REGION to a region of \
         `{wrong}`, and delete the pod"
    )
}

fn session_name(pod: &Pod) -> Seen {
    match pod.inspection.as_ref().map(Inspection::session_name) {
        Ok(Ok(name)) => Seen::holds(format!("`{name}`")),
        Ok(Err(error)) => refused(&error),
        Err(_) => Seen::not_applicable("no session can be asked for with these settings"),
    }
}
