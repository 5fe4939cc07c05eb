//! A real API server, a webhook, and a namespace for each scenario.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use irsa_components::GoError;
use irsa_components::cache;
use irsa_components::kubernetes::{
    Kubernetes, KubernetesBinaries, KubernetesError, KubernetesOptions,
};
use irsa_doctor::cluster::{Cluster, Target};
use irsa_doctor::{EksCluster, IdentityKind, Specified, SpecifiedLines, Workload};
use irsa_kube::{KubeReader, TokenOptions};
use irsa_net::tls::LocalAuthority;
use irsa_testing::skip;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::given::{Given, SignedBy, SpecifiedIdentity};
use super::objects::{self, GivenIdentity};
use super::webhook::Webhook;
use crate::scenario::words;

/// An issuer in the format of EKS.
pub(super) const ISSUER: &str =
    "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
/// The time limit for changes to take effect in the API server.
const PATIENCE: Duration = Duration::from_secs(20);
/// The cluster-scoped objects of a scenario, which would affect others.
const CLUSTER_WIDE: &str = "MutatingWebhookConfiguration";

/// An API server and its administrator's credentials.
pub(super) struct Stage {
    kubernetes: Kubernetes,
    folder: TempDir,
    admin: KubeReader,
    authority: LocalAuthority,
}

/// The namespace of a scenario.
pub(super) struct Set<'a> {
    stage: &'a Stage,
    namespace: String,
    reader: KubeReader,
    given: Workload,
    region: Option<String>,
    container: Option<String>,
    specified: Option<SpecifiedIdentity>,
    _webhook: Webhook,
}

impl Stage {
    /// Starts the API server; `None` if Go is missing to build it.
    pub(super) async fn start() -> Option<Self> {
        let cache = cache::folder(std::env::var_os).unwrap();
        let binaries = match KubernetesBinaries::locate(&cache, &|_| ()).await {
            Err(error @ KubernetesError::Go(GoError::Missing { .. })) => {
                skip(error);
                return None;
            }
            located => located.unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let mut options = KubernetesOptions::new(&folder.path().join("kubernetes"));
        options.issuer = Some(ISSUER.to_owned());
        let kubernetes = Kubernetes::start(&binaries, options).await.unwrap();
        let kubeconfig = kubernetes.kubeconfig();
        let admin = KubeReader::connect(Some(&kubeconfig), None).await;
        Some(Self {
            kubernetes,
            folder,
            admin: admin.unwrap(),
            authority: LocalAuthority::generate().unwrap(),
        })
    }

    /// A folder for files of the tests.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) async fn stop(self) {
        self.kubernetes.stop().await.unwrap();
    }

    /// Creates a scenario's objects.
    pub(super) async fn set(&self, namespace: &str, given: &Given) -> Set<'_> {
        let webhook = match given.signed_by {
            SignedBy::Authority => Webhook::serve(&self.authority).await,
            SignedBy::Stranger => Webhook::serve(&LocalAuthority::generate().unwrap()).await,
        };
        let bundle = STANDARD.encode(self.authority.ca_pem());
        let own = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        self.create(namespace, &own).await;
        for object in objects::create(given, namespace, &webhook.url, &bundle) {
            self.create(namespace, &object).await;
            if object["kind"] == "Pod" {
                self.report_status(namespace, &given.status).await;
            }
        }
        for kind in &given.deleted {
            self.delete(kind, namespace, "app").await;
        }
        let reader = match &given.readable {
            None => self.admin.clone(),
            Some(resources) => self.reader_with(namespace, resources).await,
        };
        Set {
            stage: self,
            namespace: namespace.to_owned(),
            reader,
            given: Workload {
                issuer: given.issuer.as_ref().map(|issuer| issuer.parse().unwrap()),
                role: given
                    .specified
                    .as_ref()
                    .map(|one| one.role.parse().unwrap()),
                ..Workload::default()
            },
            region: given.region.clone(),
            container: given.container.clone(),
            specified: given.specified.clone(),
            _webhook: webhook,
        }
    }

    /// A reader with permissions for these resources only.
    async fn reader_with(&self, namespace: &str, resources: &[String]) -> KubeReader {
        let metadata = json!({"name": format!("{namespace}-doctor")});
        let subject = json!({"kind": "ServiceAccount", "name": "doctor", "namespace": namespace});
        let rbac = "rbac.authorization.k8s.io";
        for object in [
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "doctor"}}),
            json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": metadata,
                   "rules": [{"apiGroups": ["*"], "resources": resources, "verbs": ["get", "list"]}]}),
            json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": metadata,
                   "subjects": [subject],
                   "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": metadata["name"]}}),
        ] {
            self.create(namespace, &object).await;
        }
        let options = TokenOptions {
            audience: ISSUER,
            expiration: 600,
            pod: None,
        };
        let account = format!("{namespace}/doctor").parse().unwrap();
        let token = self.admin.token(&account, options).await.unwrap();
        let file = self.folder.path().join(format!("{namespace}.kubeconfig"));
        let ca = STANDARD.encode(self.kubernetes.authority());
        let user = format!("token: {}", token.expose_secret());
        fs::write(&file, kubeconfig(&self.kubernetes.url(), &ca, &user)).unwrap();
        let reader = KubeReader::connect(Some(&file), None).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        while reader.pod(namespace, "app").await.is_err() {
            assert!(Instant::now() < deadline, "the reader may read nothing");
        }
        reader
    }

    /// Creates an object. Retries, because the previous scenario's webhook may still be called, and the service account may
    /// not be visible yet.
    async fn create(&self, namespace: &str, object: &Value) {
        let kind = object["kind"].as_str().unwrap();
        let path = objects::path(kind, namespace);
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = self.call(Method::POST, &path, object).await {
            assert!(Instant::now() < deadline, "{namespace}: {kind}: {error}");
        }
    }

    /// Sets the pod's status in place of the kubelet, which does not run.
    async fn report_status(&self, namespace: &str, status: &Value) {
        let path = format!("{}/app/status", objects::path("Pod", namespace));
        self.merge(&path, &json!({ "status": status }))
            .await
            .unwrap();
    }

    async fn merge(&self, path: &str, changes: &Value) -> Result<(), String> {
        self.send(Method::PATCH, path, "application/merge-patch+json", changes)
            .await
    }

    async fn delete(&self, kind: &str, namespace: &str, name: &str) {
        let path = format!("{}/{name}", objects::path(kind, namespace));
        self.call(Method::DELETE, &path, &json!({})).await.unwrap();
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<(), String> {
        self.send(method, path, "application/json", body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: &Value,
    ) -> Result<(), String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(body.to_string().into_bytes())
            .unwrap();
        let answer = self.admin.client().request_text(request).await;
        answer.map(drop).map_err(|error| error.to_string())
    }
}

impl Set<'_> {
    /// The inputs of the cluster checks.
    pub(super) fn cluster(&self, target: &str) -> Cluster {
        let (kind, name) = target.split_once('/').unwrap();
        let target = match kind {
            "pod" => Target::Pod {
                namespace: self.namespace.clone(),
                name: name.to_owned(),
            },
            _ if name.contains('/') => Target::ServiceAccount(name.parse().unwrap()),
            _ => Target::ServiceAccount(format!("{}/{name}", self.namespace).parse().unwrap()),
        };
        let workload = self.given.clone();
        let mut cluster = Cluster::new(self.reader.clone(), target, workload, now());
        cluster.webhook = Some(format!("{}-pod-identity-webhook", self.namespace));
        cluster.region = self.region.as_ref().map(|region| region.parse().unwrap());
        cluster.container.clone_from(&self.container);
        cluster.specified = self.specified.as_ref().map(specified);
        cluster
    }

    /// Runs a command of a remedy, and then recreates pods in place of the controller and the webhook.
    pub(super) async fn run(&self, command: &str) -> Result<(), String> {
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ["kubectl", "-n", namespace, command @ ..] = &words[..] else {
            return Err("no stage can run it".to_owned());
        };
        if *namespace != self.namespace {
            return Err(format!("the namespace is {}", self.namespace));
        }
        match command {
            [
                "annotate",
                "--overwrite",
                "serviceaccount",
                name,
                changes @ ..,
            ]
            | ["annotate", "serviceaccount", name, changes @ ..] => {
                self.annotate(name, changes).await
            }
            ["create", "serviceaccount", name] => {
                let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
                self.stage.create(&self.namespace, &account).await;
                Ok(())
            }
            ["delete", "pod", "app"] | ["rollout", "restart", "deployment/app"] => {
                self.recreate().await;
                Ok(())
            }
            _ => Err("no stage can run it".to_owned()),
        }
    }

    async fn annotate(&self, name: &str, changes: &[&str]) -> Result<(), String> {
        let change = |text: &&str| match (text.split_once('='), text.strip_suffix('-')) {
            (Some((key, value)), _) => (key.to_owned(), Value::from(value)),
            (None, Some(key)) => (key.to_owned(), Value::Null),
            (None, None) => panic!("{text} changes nothing"),
        };
        let changes: serde_json::Map<_, _> = changes.iter().map(change).collect();
        let accounts = objects::path("ServiceAccount", &self.namespace);
        let changes = json!({"metadata": {"annotations": changes}});
        self.stage
            .merge(&format!("{accounts}/{name}"), &changes)
            .await
    }

    async fn recreate(&self) {
        let account = format!("{}/app", self.namespace).parse().unwrap();
        let account = self.stage.admin.service_account(&account).await.unwrap();
        let annotations = &account.metadata.annotations;
        let annotated = annotations.get("eks.amazonaws.com/role-arn");
        let specified = self.specified.as_ref();
        let pod = objects::new_pod(match (annotated, specified) {
            (Some(role), _) => GivenIdentity::Role(role),
            (None, Some(specified)) if specified.pod_identity => GivenIdentity::Agent,
            (None, Some(_)) => GivenIdentity::SidecarOnly,
            (None, None) => GivenIdentity::Nothing,
        });
        self.stage.delete("Pod", &self.namespace, "app").await;
        self.stage.create(&self.namespace, &pod).await;
        let running = json!({"phase": "Running"});
        self.stage.report_status(&self.namespace, &running).await;
    }

    /// Deletes the objects that would affect the next scenario.
    pub(super) async fn clear(self) {
        let path = objects::path(CLUSTER_WIDE, "");
        let path = format!("{path}/{}-pod-identity-webhook", self.namespace);
        // A scenario without such objects has nothing to delete.
        _ = self.stage.call(Method::DELETE, &path, &json!({})).await;
    }
}

fn specified(given: &SpecifiedIdentity) -> Specified {
    let line = |number| format!("irsa.yaml:{number}");
    Specified {
        role: given.role.parse().unwrap(),
        identity: if given.pod_identity {
            IdentityKind::PodIdentity
        } else {
            IdentityKind::WebIdentity
        },
        is_annotated: given.annotated,
        cluster: EksCluster {
            name: "shop".to_owned(),
            region: "eu-west-1".parse().unwrap(),
            arn: "arn:aws:eks:eu-west-1:111122223333:cluster/shop"
                .parse()
                .unwrap(),
        },
        lines: SpecifiedLines {
            service_account: line(2),
            role: line(3),
            identity: line(4),
        },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the API server's clock"
)]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// A kubeconfig with one context.
pub(super) fn kubeconfig(url: &str, authority: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\n\
         clusters: [{{name: c, cluster: {{server: \"{url}\", certificate-authority-data: \"{authority}\"}}}}]\n\
         users: [{{name: u, user: {{{user}}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
         current-context: c\n"
    )
}
