//! Reviews of pods, with the patches applied by a library.

mod documentation;
mod golden;
mod identity;
mod peers;
mod placement;
mod property;
mod protocol;
mod refusals;
mod resources;
mod triggers;
mod warnings;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use irsa_chain::Region;
use irsa_testing::json_patch;
use serde_json::{Value, json};

use crate::{Facts, Lookup, Object, Outcome, Reason, Review, Reviewed, Settings};

pub(super) const ROLE: &str = "arn:aws:iam::111122223333:role/api";
pub(super) const DATABASE: &str = "db.cluster-abc.eu-central-1.rds.amazonaws.com";
const IMAGE: &str = "registry.example.com/irsa@sha256:0123";

/// The parser of upstreams in these tests: a host, and ports in `listen=`.
fn upstream_ports(upstream: &str, _region: Option<&Region>) -> Result<Vec<u16>, String> {
    let (scheme, rest) = upstream.split_once("://").ok_or("no scheme")?;
    let (host, query) = rest.split_once('?').unwrap_or((rest, ""));
    if host.contains('_') {
        return Err(format!("upstream `{upstream}`: invalid host"));
    }
    let default = if scheme == "postgres" { 5432 } else { 9200 };
    let listen = query.split('&').find_map(|one| one.strip_prefix("listen="));
    Ok(vec![listen.map_or(default, |port| port.parse().unwrap())])
}

/// A pod that is created, and what surrounds it.
pub(super) struct Case {
    pub(super) pod: Value,
    pub(super) account: Object,
    pub(super) namespace: Object,
    pub(super) settings: Settings,
    pub(super) in_namespace: &'static str,
}

/// The result of a review.
pub(super) struct Response {
    pub(super) reviewed: Reviewed,
    /// The pod after the patch.
    pub(super) pod: Value,
}

impl Case {
    /// A pod with one container, whose service account asks for a database with a role for the sidecar.
    pub(super) fn new() -> Self {
        let settings = Settings::new("0.2.0", IMAGE, upstream_ports);
        let bare = Self {
            pod: json!({
                "metadata": {"generateName": "api-6f-"},
                "spec": {"serviceAccountName": "api", "containers": [{"name": "app", "image": "app:1"}]},
            }),
            account: Object::default(),
            namespace: Object::default(),
            settings,
            in_namespace: "shop",
        };
        bare.account("irsa.dev/postgres", DATABASE)
            .account("irsa.dev/role-arn", ROLE)
    }

    pub(super) fn pod(mut self, pod: Value) -> Self {
        self.pod = pod;
        self
    }

    pub(super) fn spec(mut self, field: &str, value: Value) -> Self {
        self.pod["spec"][field] = value;
        self
    }

    pub(super) fn annotation(mut self, key: &str, value: &str) -> Self {
        self.pod["metadata"]["annotations"][key] = json!(value);
        self
    }

    pub(super) fn label(mut self, key: &str, value: &str) -> Self {
        self.pod["metadata"]["labels"][key] = json!(value);
        self
    }

    pub(super) fn account(mut self, key: &str, value: &str) -> Self {
        self.account
            .annotations
            .insert(key.to_owned(), value.to_owned());
        self
    }

    pub(super) fn without(mut self, key: &str) -> Self {
        self.account.annotations.remove(key);
        self
    }

    pub(super) fn namespace(mut self, key: &str, value: &str) -> Self {
        self.namespace
            .annotations
            .insert(key.to_owned(), value.to_owned());
        self
    }

    pub(super) fn required(mut self) -> Self {
        let label = ("irsa.dev/injection".to_owned(), "required".to_owned());
        self.namespace.labels.extend([label]);
        self
    }

    pub(super) fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            service_account: Lookup::Found(self.account.clone()),
            namespace: Lookup::Found(self.namespace.clone()),
            is_required: false,
        }
    }

    pub(super) fn request(&self) -> Value {
        json!({
            "uid": "705ab4f5", "operation": "CREATE", "namespace": self.in_namespace,
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "object": self.pod,
        })
    }

    pub(super) fn review(&self) -> Response {
        self.review_with(&self.facts())
    }

    pub(super) fn review_with(&self, facts: &Facts) -> Response {
        let review = parse("admission.k8s.io/v1", &self.request());
        let reviewed = review.respond(facts, &self.settings);
        let mut pod = self.pod.clone();
        if let Some(patch) = patch(&reviewed) {
            json_patch::apply(&mut pod, &patch).unwrap();
        }
        Response { reviewed, pod }
    }

    /// The result of a second call, after the webhook and then `peer` have changed the pod.
    pub(super) fn review_again(self, peer: impl FnOnce(&mut Value)) -> Response {
        let mut first = self.review();
        assert_eq!(first.reviewed.outcome, Outcome::Injected);
        peer(&mut first.pod);
        self.pod(first.pod).review()
    }
}

pub(super) fn parse(version: &str, request: &Value) -> Review {
    let review = json!({"apiVersion": version, "kind": "AdmissionReview", "request": request});
    Review::parse(review.to_string().as_bytes()).unwrap()
}

pub(super) fn patch(reviewed: &Reviewed) -> Option<Value> {
    let patch = reviewed.response["response"]["patch"].as_str()?;
    let patch = BASE64_STANDARD.decode(patch).unwrap();
    Some(serde_json::from_slice(&patch).unwrap())
}

impl Response {
    pub(super) fn outcome(&self) -> Outcome {
        self.reviewed.outcome
    }

    pub(super) fn is_allowed(&self) -> bool {
        self.reviewed.response["response"]["allowed"] == true
    }

    pub(super) fn warnings(&self) -> Vec<&str> {
        let warnings = self.reviewed.response["response"]["warnings"].as_array();
        let warnings = warnings.into_iter().flatten();
        warnings.map(|warning| warning.as_str().unwrap()).collect()
    }

    /// The sidecar of an injected pod.
    pub(super) fn sidecar(&self) -> &Value {
        let lists = ["initContainers", "containers"].into_iter();
        let mut containers =
            lists.flat_map(|list| self.pod["spec"][list].as_array().into_iter().flatten());
        containers.find(|one| one["name"] == "irsa").unwrap()
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.sidecar()["env"].as_array().unwrap().iter();
        variables.find(|one| one["name"] == name)?["value"].as_str()
    }

    /// The sidecar's token.
    pub(super) fn token(&self) -> &Value {
        let mut volumes = self.pod["spec"]["volumes"].as_array().unwrap().iter();
        let volume = volumes.find(|one| one["name"] == "irsa-token").unwrap();
        &volume["projected"]["sources"][0]["serviceAccountToken"]
    }

    /// Asserts that the pod starts without the sidecar, with a warning that names the reason and says `text`.
    pub(super) fn assert_not_injected(&self, reason: Reason, text: &str) {
        assert_eq!(
            self.outcome(),
            Outcome::NotInjected(reason),
            "{}",
            self.reviewed.detail
        );
        assert!(self.is_allowed() && patch(&self.reviewed).is_none());
        let warning = self.warnings().join("\n");
        assert!(
            warning.contains(&format!("({})", reason.as_str())),
            "{warning}"
        );
        assert!(warning.contains(text), "{warning}");
    }
}
