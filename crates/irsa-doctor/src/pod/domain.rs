//! OpenSearch domains: the way there, and one signed request, read link by link.

mod checks;
mod request;

use irsa_chain::{Cause, Link};
use irsa_net::tls::Roots;
use serde_json::json;

pub(super) use self::checks::{ANSWER, DNS, GRANT, PERMISSION, SIGNATURE, TCP, TLS};
use self::request::{Reply, ask};
use super::background::Background;
use super::endpoint::{Fault, Protocol, Way, go};
use super::options::DomainTarget;
use super::state::{Pod, cut_off};
use super::store::{self, Store};
use super::text::clean;
use crate::Seen;
use crate::aws::put_role_policy;

/// A domain under examination.
#[derive(Debug)]
pub(super) struct DomainState {
    pub(super) target: DomainTarget,
    way: Background<Way>,
    reply: Option<Background<Reply>>,
}

impl DomainState {
    /// Begins to go there.
    pub(super) fn new(target: DomainTarget, roots: &Result<Roots, String>) -> Self {
        let (to, roots) = (target.clone(), roots.clone());
        Self {
            target,
            way: Background::start(async move { go(&to.route, &roots, Protocol::Https).await.0 }),
            reply: None,
        }
    }
}

impl Store for DomainState {
    fn all(pod: &Pod) -> &[Self] {
        &pod.domains
    }

    fn all_mut(pod: &mut Pod) -> &mut [Self] {
        &mut pod.domains
    }

    fn label(&self) -> String {
        self.target.label()
    }

    async fn way(&mut self) -> Option<&Way> {
        self.way.outcome().await.map(|way| &*way)
    }
}

fn labels(pod: &Pod) -> Vec<String> {
    store::labels::<DomainState>(pod)
}

fn find<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut DomainState> {
    store::find(pod, label)
}

/// Whether the domain did its work at all.
async fn answer(pod: &mut Pod, label: &str) -> Seen {
    begin_requests(pod).await;
    match reply(pod, label).await {
        Some(
            Reply::None(fault)
            | Reply::Refused {
                link: Link::Endpoint,
                fault,
            },
        ) => fault.seen(),
        Some(_) => Seen::holds("it answered a signed request"),
        None => cut_off(),
    }
}

/// Whether AWS's edge took the signature.
async fn signature(pod: &mut Pod, label: &str) -> Seen {
    match reply(pod, label).await {
        Some(Reply::Refused {
            link: Link::Signature | Link::StsSession,
            fault,
        }) => fault.seen(),
        Some(_) => Seen::holds("it was accepted"),
        None => cut_off(),
    }
}

/// Whether IAM and the domain's access policy let it in.
async fn permission(pod: &mut Pod, label: &str) -> Seen {
    let target = find(pod, label).map(|domain| domain.target.clone());
    let wanted = target.and_then(|target| wanted(pod, &target));
    match reply(pod, label).await {
        Some(Reply::Refused {
            link: Link::Permissions,
            fault,
        }) => match (fault.cause, wanted) {
            (Some(Cause::EsHttpNotAllowed), Some(wanted)) => fault.seen().remedy(wanted),
            _ => fault.seen(),
        },
        Some(_) => Seen::holds("neither the role's policies nor the domain's keep it out"),
        None => cut_off(),
    }
}

/// The statement that lets it in; the domain's name can be told from a usual endpoint.
fn wanted(pod: &Pod, target: &DomainTarget) -> Option<String> {
    let own = target.role.as_ref().map(|step| &step.role);
    let role = own.or(pod.workload.role.as_ref())?;
    let region = &target.route.region;
    let host = target.route.sign_host.split('.').next()?;
    let host = host
        .strip_prefix("search-")
        .or(host.strip_prefix("vpc-"))
        .unwrap_or(host);
    let name = host.rsplit_once('-').map_or(host, |(name, _)| name);
    let (partition, account) = (region.partition(), role.account());
    let statement = json!({
        "Effect": "Allow",
        "Action": "es:ESHttp*",
        "Resource": format!("arn:{partition}:es:{region}:{account}:domain/{name}/*"),
    });
    let put = put_role_policy(role.name(), "opensearch", &statement);
    Some(format!(
        "{put}, with the domain's own name (`aws opensearch list-domain-names`) and its account in the resource; a domain \
         of another account needs the role in its access policy as well"
    ))
}

/// Whether fine-grained access control gives it anything to do.
async fn grant(pod: &mut Pod, label: &str) -> Seen {
    let own = find(pod, label).and_then(|domain| domain.target.role.clone());
    let own = own.map(|step| step.role);
    let role = own.or_else(|| pod.workload.role.clone());
    let role = role.map(|role| role.to_string());
    match reply(pod, label).await {
        Some(Reply::Refused { fault, .. }) => with_mapping(fault, role),
        Some(Reply::Let { roles, version }) => let_in(roles.as_deref(), version, role),
        Some(Reply::None(fault)) => fault.seen(),
        None => cut_off(),
    }
}

fn with_mapping(fault: &Fault, role: Option<String>) -> Seen {
    match role {
        Some(role) => fault.seen().remedy(mapping(&role)),
        None => fault.seen(),
    }
}

fn mapping(role: &str) -> String {
    format!(
        "map the role's ARN, path included, as a backend role, as the master user: `PATCH \
         _plugins/_security/api/rolesmapping/ROLE [{{\"op\": \"add\", \"path\": \"/backend_roles/-\", \"value\": \"{role}\"}}]` \
         (PUT would replace those who are mapped already); if it is mapped, that security role lacks the action"
    )
}

fn let_in(roles: Option<&[String]>, version: &Result<String, Fault>, role: Option<String>) -> Seen {
    let Some(roles) = roles else {
        return Seen::not_applicable("the domain has no fine-grained access control that answers");
    };
    let names = clean(&roles.join(", "));
    match version {
        _ if roles.is_empty() => {
            let fault = Fault::new(
                Cause::FgacNotGranted,
                "it is mapped to no role of the domain",
            );
            with_mapping(&fault, role)
        }
        Ok(version) => Seen::holds(format!("OpenSearch {version}, as {names}")),
        Err(fault) => Seen::warning(
            Cause::FgacNotGranted,
            format!(
                "as {names} it may not ask for the version, as many clients do first: {}",
                fault.said
            ),
        ),
    }
}

async fn reply<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut Reply> {
    find(pod, label)?.reply.as_mut()?.outcome().await
}

/// All requests go on at once.
async fn begin_requests(pod: &mut Pod) {
    let (now, Ok(roots)) = (pod.now(), pod.roots.clone()) else {
        return;
    };
    for label in labels(pod) {
        let credentials = pod.credentials_for(&label).await;
        let (Some(credentials), Some(domain)) = (credentials, find(pod, &label)) else {
            continue;
        };
        if domain.reply.is_none() {
            let (target, roots) = (domain.target.clone(), roots.clone());
            let reply = async move { ask(&target, &roots, &credentials, now).await };
            domain.reply = Some(Background::start(reply));
        }
    }
}
