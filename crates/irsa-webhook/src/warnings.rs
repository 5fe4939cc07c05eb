//! Warnings, which kubectl prints.

use irsa_chain::untrusted::{printable, quoted};
use irsa_sidecar::CONTAINER;
use irsa_sidecar::names::{APPLICATION_IDENTITY, Kind, NAMES, On, PREFIX};

use crate::facts::Facts;
use crate::identity::ApplicationIdentity;
use crate::pod::{Pod, Position};
use crate::skip_containers;

/// The maximum number of characters of a warning; the API server truncates longer ones.
const LONGEST: usize = 250;
/// The maximum number of warnings. The API server drops all beyond 4,096 characters.
const MOST: usize = 8;
/// The maximum number of edits between a misspelled name and the suggestion.
const EDITS: usize = 3;
/// The maximum length in bytes of a name for which a suggestion is searched: the time grows with the length.
const LONGEST_NAME: usize = 80;
/// The variables that AWS SDKs need for web identity, which EKS adds only if a container has neither.
const WEB_IDENTITY: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
/// The variable that EKS adds for Pod Identity.
const POD_IDENTITY: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/// The volumes that EKS mounts.
const EKS_VOLUMES: [&str; 2] = ["aws-iam-token", "eks-pod-identity-token"];

/// Warnings for the client that creates the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    pub(crate) fn add(&mut self, text: impl AsRef<str>) {
        let text = shown(text.as_ref());
        if !self.is_full() && !self.0.contains(&text) {
            self.0.push(text);
        }
    }

    /// Adds a warning that the others must not push out.
    pub(crate) fn add_first(&mut self, text: impl AsRef<str>) {
        self.0.insert(0, shown(text.as_ref()));
        self.0.truncate(MOST);
    }

    fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    pub(crate) fn into_texts(self) -> Vec<String> {
        self.0
    }

    /// Warns about names that irsa does not read: a misspelled annotation would have no effect.
    pub(crate) fn add_unknown_names(&mut self, pod: Pod<'_>, facts: &Facts) {
        let pods = pod.annotations().into_iter().flatten();
        let pods = pods.map(|(key, _)| (On::Pod, key));
        let objects = [
            (On::ServiceAccount, &facts.service_account),
            (On::Namespace, &facts.namespace),
        ];
        let objects = objects
            .into_iter()
            .filter_map(|(on, lookup)| Some((on, lookup.object()?)));
        let others = objects.flat_map(|(on, object)| {
            let keys = object.annotations.keys();
            keys.map(move |key| (on, key))
        });
        for (on, key) in pods.chain(others) {
            if self.is_full() {
                return;
            }
            if key.starts_with(PREFIX) && !is_read(on, key) {
                self.add(unknown(on, key));
            }
        }
    }

    /// Warns about the access that the other containers of an injected pod have.
    pub(crate) fn add_access(
        &mut self,
        pod: Pod<'_>,
        eks_gives_role: bool,
        application: ApplicationIdentity,
    ) {
        if pod.shares_processes() {
            self.add(
                "`shareProcessNamespace` lets all containers of the pod read the sidecar's token: remove it",
            );
        }
        if application == ApplicationIdentity::None {
            self.add_credentials(pod);
            return;
        }
        if !eks_gives_role {
            return;
        }
        if application == ApplicationIdentity::Unset && !skip_containers::has_all_others(pod) {
            self.add(format!(
                "EKS gives the role to all containers of the pod: set `{APPLICATION_IDENTITY}` to `none`, or to `keep` if \
                 the application needs it"
            ));
        }
        for container in others(pod) {
            if let Some([set, unset]) = half_set(&|name| container.has_variable(name)) {
                self.add(format!(
                    "the container {} sets {set} but not {unset}: EKS adds neither, and AWS SDKs may use the role of the \
                     node",
                    quoted(container.name().unwrap_or_default()).longest(63)
                ));
            }
        }
    }

    /// Warns about the credentials that other containers already have: the list of EKS takes nothing away from them.
    fn add_credentials(&mut self, pod: Pod<'_>) {
        for container in others(pod).filter(has_credentials) {
            self.add(format!(
                "the container {} already has AWS credentials, which `{APPLICATION_IDENTITY}: none` does not remove: \
                 remove them, or let irsa's webhook run before that of EKS",
                quoted(container.name().unwrap_or_default()).longest(63)
            ));
        }
    }
}

fn shown(text: &str) -> String {
    let text = format!("irsa: {text}");
    printable(&text).longest(LONGEST).to_string()
}

fn others(pod: Pod<'_>) -> impl Iterator<Item = Position<'_>> {
    pod.containers().filter(|one| one.name() != Some(CONTAINER))
}

/// Returns whether the container has what EKS adds.
fn has_credentials(container: &Position<'_>) -> bool {
    WEB_IDENTITY.iter().all(|name| container.has_variable(name))
        || container.has_variable(POD_IDENTITY)
        || EKS_VOLUMES.iter().any(|name| container.has_mount(name))
}

fn is_read(on: On, key: &str) -> bool {
    let mut names = NAMES.iter();
    names.any(|name| name.key == key && name.kind == Kind::Annotation && name.on.contains(&on))
}

fn unknown(on: On, key: &str) -> String {
    let shown = quoted(key).longest(80);
    if NAMES.iter().any(|name| name.key == key) {
        return format!("the annotation {shown} has no effect on a {on}");
    }
    let unknown = format!("unknown annotation {shown} of the {on}");
    if key.len() > LONGEST_NAME {
        return unknown;
    }
    let distance = |name: &&str| strsim::damerau_levenshtein(name, key);
    let names = NAMES.iter().filter(|name| name.kind == Kind::Annotation);
    let nearest = names.map(|name| name.key).min_by_key(distance);
    match nearest.filter(|name| distance(name) <= EDITS) {
        Some(name) => format!("{unknown}; did you mean `{name}`?"),
        None => unknown,
    }
}

/// The variable that is set and the one that is not, if exactly one is.
fn half_set(has: &dyn Fn(&str) -> bool) -> Option<[&'static str; 2]> {
    let [role, file] = WEB_IDENTITY;
    match (has(role), has(file)) {
        (true, false) => Some([role, file]),
        (false, true) => Some([file, role]),
        _ => None,
    }
}
