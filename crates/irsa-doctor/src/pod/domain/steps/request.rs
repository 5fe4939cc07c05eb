//! The outcomes of the checks of a domain.

use irsa_chain::endpoint::OpenSearchEndpoint;
use irsa_chain::{Cause, Link};
use serde_json::json;

use crate::CheckOutcome;
use crate::aws::put_role_policy;
use crate::pod::background::Background;
use crate::pod::domain::probe::{self, Reply};
use crate::pod::fault::Fault;
use crate::pod::options::DomainTarget;
use crate::pod::outcome::{cancelled, from_fault};
use crate::pod::state::Pod;
use crate::pod::state::data_store::{self, DomainState};
use crate::pod::text::clean;

pub(super) fn labels(pod: &Pod) -> Vec<String> {
    data_store::labels::<DomainState>(pod)
}

fn find<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut DomainState> {
    data_store::find(pod, label)
}

/// Checks that the domain responds.
pub(super) async fn answer(pod: &mut Pod, label: &str) -> CheckOutcome {
    begin_requests(pod).await;
    match reply(pod, label).await {
        Some(
            Reply::None(fault)
            | Reply::Denied {
                link: Link::Endpoint,
                fault,
            },
        ) => from_fault(fault),
        Some(_) => CheckOutcome::holds("it responded to a signed request"),
        None => cancelled(),
    }
}

/// Checks that AWS accepts the signature.
pub(super) async fn signature(pod: &mut Pod, label: &str) -> CheckOutcome {
    match reply(pod, label).await {
        Some(Reply::Denied {
            link: Link::Signature | Link::StsSession,
            fault,
        }) => from_fault(fault),
        Some(_) => CheckOutcome::holds("AWS accepted the signature"),
        None => cancelled(),
    }
}

/// Checks that IAM and the domain's access policy allow the request.
pub(super) async fn permission(pod: &mut Pod, label: &str) -> CheckOutcome {
    let target = find(pod, label).map(|domain| domain.target.clone());
    let wanted = target.and_then(|target| wanted(pod, &target));
    match reply(pod, label).await {
        Some(Reply::Denied {
            link: Link::Permissions,
            fault,
        }) => match (fault.cause, wanted) {
            (Some(Cause::EsHttpNotAllowed), Some(wanted)) => from_fault(fault).remedy(wanted),
            _ => from_fault(fault),
        },
        Some(_) => {
            CheckOutcome::holds("the role's policies and the domain's policy allow the request")
        }
        None => cancelled(),
    }
}

/// The command that allows the request. The domain's name is known only if AWS assigned the host name.
fn wanted(pod: &Pod, target: &DomainTarget) -> Option<String> {
    let own = target.role.as_ref().map(|step| &step.role);
    let role = own.or(pod.workload.role.as_ref())?;
    let region = &target.route.region;
    let endpoint: Option<OpenSearchEndpoint> = target.route.sign_host.parse().ok();
    let name = endpoint.as_ref().and_then(OpenSearchEndpoint::domain_name);
    let ask = match name {
        Some(_) => String::new(),
        None => format!(
            ", replacing DOMAIN with the domain's name (`aws opensearch list-domain-names --region {region}` lists them)"
        ),
    };
    let name = name.unwrap_or("DOMAIN");
    let (partition, account) = (region.partition(), role.account());
    let statement = json!({
        "Effect": "Allow",
        "Action": "es:ESHttp*",
        "Resource": format!("arn:{partition}:es:{region}:{account}:domain/{name}/*"),
    });
    let put = put_role_policy(role.name(), &["opensearch", name], &statement);
    Some(format!(
        "run `{put}`{ask}; if the domain is in a different account, use that account's ID in the resource, and allow the \
         role in the domain's access policy too"
    ))
}

/// Checks that fine-grained access control maps the role.
pub(super) async fn grant(pod: &mut Pod, label: &str) -> CheckOutcome {
    let own = find(pod, label).and_then(|domain| domain.target.role.clone());
    let own = own.map(|step| step.role);
    let role = own.or_else(|| pod.workload.role.clone());
    let role = role.map(|role| role.to_string());
    match reply(pod, label).await {
        Some(Reply::Denied { fault, .. }) => with_mapping(fault, role),
        Some(Reply::Allowed { roles, version }) => allowed(roles.as_deref(), version, role),
        Some(Reply::None(fault)) => from_fault(fault),
        None => cancelled(),
    }
}

fn with_mapping(fault: &Fault, role: Option<String>) -> CheckOutcome {
    match role {
        Some(role) => from_fault(fault).remedy(mapping(&role)),
        None => from_fault(fault),
    }
}

fn mapping(role: &str) -> String {
    format!(
        "as the master user, map the role's ARN, including its path, as a backend role: `PATCH \
         _plugins/_security/api/rolesmapping/ROLE [{{\"op\": \"add\", \"path\": \"/backend_roles/-\", \"value\": \"{role}\"}}]` (a \
         `PUT` would replace the existing mapping); if it is mapped, that security role lacks the permission"
    )
}

fn allowed(
    roles: Option<&[String]>,
    version: &Result<String, Fault>,
    role: Option<String>,
) -> CheckOutcome {
    let Some(roles) = roles else {
        return CheckOutcome::not_applicable("the domain does not use fine-grained access control");
    };
    let names = clean(&roles.join(", "));
    match version {
        _ if roles.is_empty() => {
            let fault = Fault::new(
                Cause::FgacNotGranted,
                "the IAM role is not mapped to any security role of the domain",
            );
            with_mapping(&fault, role)
        }
        Ok(version) => CheckOutcome::holds(format!("OpenSearch {version}, as {names}")),
        Err(fault) => CheckOutcome::warning(
            Cause::FgacNotGranted,
            format!(
                "the security roles {names} do not allow reading the version, which many clients do first: {}",
                fault.said
            ),
        ),
    }
}

async fn reply<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut Reply> {
    find(pod, label)?.reply.as_mut()?.outcome().await
}

/// Starts all requests, which run in parallel.
async fn begin_requests(pod: &mut Pod) {
    let (now, Ok(roots)) = (pod.aws_time(), pod.roots.clone()) else {
        return;
    };
    for label in labels(pod) {
        let credentials = pod.credentials_for(&label).await;
        let (Some(credentials), Some(domain)) = (credentials, find(pod, &label)) else {
            continue;
        };
        if domain.reply.is_none() {
            let (target, roots) = (domain.target.clone(), roots.clone());
            let reply = async move { probe::request(&target, &roots, &credentials, now).await };
            domain.reply = Some(Background::start(reply));
        }
    }
}
