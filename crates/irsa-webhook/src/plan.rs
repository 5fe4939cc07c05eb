//! What a pod gets, or why it gets nothing.

use irsa_chain::Region;
use irsa_chain::untrusted::quoted;
use irsa_sidecar::names::{IMAGE, INJECT, REGION, ROLE_ARN, VERSION};
use irsa_sidecar::{CONTAINER, Identity, Sidecar};

use crate::data_stores::{DataStores, check_ports};
use crate::facts::Facts;
use crate::identity::{self, ApplicationIdentity};
use crate::pod::Pod;
use crate::reason::{Reason, Refusal};
use crate::settings::Settings;
use crate::sources::Sources;
use crate::warnings::Warnings;
use crate::{placement, resources};

/// The namespaces of Kubernetes itself.
const SYSTEM: [&str; 3] = ["kube-system", "kube-node-lease", "kube-public"];
/// The maximum length of an image's name.
const LONGEST_IMAGE: usize = 512;

/// The sidecar of a pod.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sidecar: Sidecar,
    pub(crate) application: ApplicationIdentity,
}

/// Decides what the pod gets.
///
/// # Errors
/// The reason why it gets no sidecar.
pub(crate) fn plan(
    pod: Pod<'_>,
    namespace: &str,
    facts: &Facts,
    settings: &Settings,
    warnings: &mut Warnings,
) -> Result<Plan, Refusal> {
    let sources = Sources { pod, facts };
    if pod.is_mirror() {
        return Err(Refusal::silent(Reason::MirrorPod));
    }
    if let Some(failure) = facts.failure() {
        check_unread(pod, namespace, settings)?;
        return Err(Refusal::new(Reason::LookupFailed, failure));
    }
    let switch = sources.value(INJECT);
    check_opted_out(switch)?;
    let stores = requested(&sources)?;
    check_namespace(namespace, settings)?;
    check_switch(switch)?;
    check_pod(pod)?;
    let region = region(&sources, settings)?;
    let ports = stores.ports(settings.upstream_ports, region.as_ref())?;
    check_ports(pod, &ports)?;
    let application = ApplicationIdentity::read(&sources)?;
    let identity = identity::resolve(&sources, application, warnings)?;
    let eks_gives_role = identity::eks_role(&sources).is_some() || identity == Identity::Pod;
    let gives = eks_gives_role && !pod.has_label(irsa_sidecar::names::eks::SKIP_WEBHOOK);
    warnings.add_access(pod, gives, application);
    let sidecar = Sidecar {
        image: image(&sources, settings)?,
        pull_policy: settings.pull_policy.clone(),
        placement: placement::choose(pod, settings, warnings),
        spills: stores.has_opensearch,
        upstreams: stores.upstreams,
        region,
        identity,
        resources: resources::resolve(&sources, &settings.resources)?,
    };
    check_names(pod, &sidecar)?;
    Ok(Plan {
        sidecar,
        application,
    })
}

/// Fails if the pod gets no sidecar whatever its service account and namespace say.
fn check_unread(pod: Pod<'_>, namespace: &str, settings: &Settings) -> Result<(), Refusal> {
    check_opted_out(pod.annotation(INJECT).map(str::trim))?;
    check_namespace(namespace, settings)
}

fn check_opted_out(switch: Option<&str>) -> Result<(), Refusal> {
    match switch.and_then(parse_bool) {
        Some(false) => Err(Refusal::silent(Reason::OptedOut)),
        Some(true) | None => Ok(()),
    }
}

/// Anyone who writes `no` does not want the sidecar, and anyone who writes `yes` does; so neither is ignored.
fn check_switch(switch: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = switch.filter(|text| parse_bool(text).is_none()) else {
        return Ok(());
    };
    let text = quoted(text).longest(40);
    Err(Refusal::new(
        Reason::AnnotationInvalid,
        format!("`{INJECT}`: {text} is not `true` or `false`"),
    ))
}

/// Accepts the words of Go's `strconv.ParseBool`, which Kubernetes and Helm use.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Fails unless the pod asks for a sidecar that the webhook should inject.
///
/// # Errors
/// The reason why it should not.
pub(crate) fn check_requested(
    sources: &Sources<'_>,
    namespace: &str,
    settings: &Settings,
) -> Result<(), Refusal> {
    check_opted_out(sources.value(INJECT))?;
    requested(sources)?;
    check_namespace(namespace, settings)
}

/// The data stores, if there are any.
fn requested(sources: &Sources<'_>) -> Result<DataStores, Refusal> {
    let stores = DataStores::read(sources, identity::is_known(sources))?;
    if !stores.is_empty() {
        return Ok(stores);
    }
    // The annotation of EKS says nothing about irsa.
    if sources.value(ROLE_ARN).is_none() {
        return Err(Refusal::silent(Reason::NotRequested));
    }
    Err(Refusal::new(
        Reason::NoDataStore,
        format!(
            "`{ROLE_ARN}` is set, but no data store: set `irsa.dev/postgres` or `irsa.dev/opensearch`"
        ),
    ))
}

fn check_namespace(namespace: &str, settings: &Settings) -> Result<(), Refusal> {
    let is_own = settings.own_namespace.as_deref() == Some(namespace);
    if !is_own && !SYSTEM.contains(&namespace) {
        return Ok(());
    }
    let namespace = quoted(namespace).longest(63);
    Err(Refusal::new(
        Reason::ExcludedNamespace,
        format!("pods in the namespace {namespace} must start without the webhook"),
    ))
}

fn check_pod(pod: Pod<'_>) -> Result<(), Refusal> {
    let refused = |reason, detail| Err(Refusal::new(reason, detail));
    if !pod.is_well_formed() {
        return refused(
            Reason::MalformedPod,
            "the object does not have the structure of a pod",
        );
    }
    if pod.uses_host_network() {
        return refused(
            Reason::HostNetwork,
            "the pod uses the node's network, in which other pods could use the sidecar: remove `hostNetwork`",
        );
    }
    if pod.is_for_windows() {
        return refused(Reason::Windows, "irsa does not run on Windows nodes");
    }
    if pod.container(CONTAINER).is_some() && pod.annotation(VERSION).is_none() {
        if is_rendered(pod) {
            return refused(
                Reason::AlreadyRendered,
                "the pod already has the sidecar from `irsa render kubernetes`, which stays as it is: remove the patch \
                 or the annotations",
            );
        }
        return refused(
            Reason::ContainerExists,
            "the pod already has a container named `irsa`: remove it, or the annotations",
        );
    }
    Ok(())
}

/// Returns whether the container `irsa` is a proxy that `irsa render kubernetes` configured.
fn is_rendered(pod: Pod<'_>) -> bool {
    let container = pod.container(CONTAINER);
    container.is_some_and(|one| one.has_variable("IRSA_UPSTREAMS"))
}

/// A volume of the user with the name of one of ours would be mounted instead of it.
fn check_names(pod: Pod<'_>, sidecar: &Sidecar) -> Result<(), Refusal> {
    let volumes = sidecar.volumes().into_iter();
    let mut taken = volumes.filter(|volume| pod.has_item("volumes", volume.name));
    match taken.next().filter(|_| pod.annotation(VERSION).is_none()) {
        None => Ok(()),
        Some(volume) => Err(Refusal::new(
            Reason::VolumeExists,
            format!(
                "the pod already has a volume named `{}`: rename it",
                volume.name
            ),
        )),
    }
}

fn region(sources: &Sources<'_>, settings: &Settings) -> Result<Option<Region>, Refusal> {
    let Some(text) = sources.value(REGION) else {
        return Ok(settings.region.clone());
    };
    text.parse().map(Some).map_err(|_| {
        let text = quoted(text).longest(40);
        let detail = format!("`{REGION}`: {text} is not a region such as `eu-central-1`");
        Refusal::new(Reason::AnnotationInvalid, detail)
    })
}

fn image(sources: &Sources<'_>, settings: &Settings) -> Result<String, Refusal> {
    let Some(image) = sources.value(IMAGE) else {
        return Ok(settings.image.clone());
    };
    let is_name = !image.is_empty()
        && image.len() <= LONGEST_IMAGE
        && image.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name {
        return Ok(image.to_owned());
    }
    let image = quoted(image).longest(40);
    Err(Refusal::new(
        Reason::AnnotationInvalid,
        format!("`{IMAGE}`: {image} is not the name of an image"),
    ))
}
