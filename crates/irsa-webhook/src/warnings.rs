//! Warnings, which kubectl prints.

use irsa_chain::untrusted::{printable, quoted};
use irsa_sidecar::CONTAINER;
use irsa_sidecar::names::{APPLICATION_IDENTITY, Kind, NAMES, On, PREFIX};

use crate::facts::Facts;
use crate::identity::ApplicationIdentity;
use crate::pod::Pod;
use crate::skip_containers;

/// The maximum number of characters of a warning; the API server truncates longer ones.
const LONGEST: usize = 250;
/// The maximum number of warnings. The API server drops all beyond 4,096 characters.
const MOST: usize = 8;
/// The maximum number of edits between a misspelled name and the suggestion.
const EDITS: usize = 3;
/// The variables that AWS SDKs need for web identity, which EKS adds only if a container has neither.
const WEB_IDENTITY: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// Warnings for the client that creates the pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    pub(crate) fn add(&mut self, text: impl AsRef<str>) {
        let text = format!("irsa: {}", text.as_ref());
        let text = printable(&text).longest(LONGEST).to_string();
        if self.0.len() < MOST && !self.0.contains(&text) {
            self.0.push(text);
        }
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
        if !eks_gives_role || application == ApplicationIdentity::None {
            return;
        }
        if application == ApplicationIdentity::Unset && !skip_containers::has_all_others(pod) {
            self.add(format!(
                "EKS gives the role to all containers of the pod: set `{APPLICATION_IDENTITY}` to `none`, or to `keep` if \
                 the application needs it"
            ));
        }
        for container in pod.containers().filter(|one| one.name() != Some(CONTAINER)) {
            if let Some([set, unset]) = half_set(&|name| container.has_variable(name)) {
                self.add(format!(
                    "the container {} sets {set} but not {unset}: EKS adds neither, and AWS SDKs may use the role of the \
                     node",
                    quoted(container.name().unwrap_or_default()).longest(63)
                ));
            }
        }
    }
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
    let distance = |name: &&str| strsim::damerau_levenshtein(name, key);
    let names = NAMES.iter().filter(|name| name.kind == Kind::Annotation);
    let nearest = names.map(|name| name.key).min_by_key(distance);
    match nearest.filter(|name| distance(name) <= EDITS) {
        Some(name) => format!("unknown annotation {shown} of the {on}; did you mean `{name}`?"),
        None => format!("unknown annotation {shown} of the {on}"),
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
