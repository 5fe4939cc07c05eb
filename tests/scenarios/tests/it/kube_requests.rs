//! What irsa-kube reads and writes for the webhook, on a real API server.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

use irsa_kube::{
    EventKind, KubeReader, NewEvent, NewSecret, ObjectReference, ReadError, ReadErrorKind,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::kubernetes::ApiServer;

/// The time limit for permissions to take effect in the API server.
const PATIENCE: Duration = Duration::from_secs(20);

async fn connect(kubeconfig: &Path) -> KubeReader {
    KubeReader::connect(Some(kubeconfig), None).await.unwrap()
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretString> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).into()))
        .collect()
}

#[test]
fn the_webhook_can_write_what_it_needs() {
    let Some(server) = ApiServer::start(None) else {
        return;
    };
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: irsa}\n";
    let account =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: irsa}\n";
    let objects = format!("{namespace}---\n{account}");
    server.kubectl(&["apply", "--filename", "-"], &objects);
    let reader = server.block_on(connect(&server.kubeconfig()));
    secrets(&server, &reader);
    ca_bundles(&server, &reader);
    events(&server, &reader);
    pods(&server, &reader);
    permissions(&server);
    server.stop();
}

fn secrets(server: &ApiServer, reader: &KubeReader) {
    let new = |value: &str| NewSecret {
        namespace: "irsa".to_owned(),
        name: "irsa-webhook-ca".to_owned(),
        labels: [("app".to_owned(), "irsa".to_owned())].into(),
        values: values(&[("ca.crt", value)]),
    };
    let winner = server
        .block_on(reader.create_secret(&new("winner")))
        .unwrap();
    let loser = server
        .block_on(reader.create_secret(&new("loser")))
        .unwrap_err();
    assert_eq!(loser.kind, ReadErrorKind::AlreadyExists);
    assert_eq!(loser.rule.to_string(), "create secrets in namespace irsa");
    let read = server
        .block_on(reader.secret("irsa", "irsa-webhook-ca"))
        .unwrap();
    assert_eq!(read.get("ca.crt").unwrap().expose_secret(), "winner");

    // A backup program annotates the Secret.
    let annotate = "kubectl -n irsa annotate secret irsa-webhook-ca backup.example/included=yes";
    server.shell(annotate);
    let rotated = values(&[("ca.crt", "second"), ("tls.key", "new key")]);
    let stale = server
        .block_on(reader.replace_secret(&winner, &rotated))
        .unwrap_err();
    assert!(matches!(stale.kind, ReadErrorKind::Conflict(_)), "{stale}");
    let current = server
        .block_on(reader.secret("irsa", "irsa-webhook-ca"))
        .unwrap();
    assert_eq!(current.get("ca.crt").unwrap().expose_secret(), "winner");
    let written = server
        .block_on(reader.replace_secret(&current, &rotated))
        .unwrap();
    assert_eq!(written.keys().collect::<Vec<_>>(), ["ca.crt", "tls.key"]);
    let shown = server.shell(
        "kubectl -n irsa get secret irsa-webhook-ca -o \
         jsonpath='{.type} {.metadata.labels.app} {.metadata.annotations.backup\\.example/included} {.data.ca\\.crt}'",
    );
    assert_eq!(shown, "Opaque irsa yes c2Vjb25k");

    server.shell("kubectl -n irsa delete secret irsa-webhook-ca");
    let gone = server
        .block_on(reader.replace_secret(&written, &rotated))
        .unwrap_err();
    assert!(gone.is_absent(), "{gone}");
}

/// Two webhooks of irsa's service, and one of a different service.
const CONFIGURATION: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: irsa}
webhooks:
- {name: pods.irsa.dev, admissionReviewVersions: [v1], sideEffects: None, failurePolicy: Ignore,
   clientConfig: {service: {namespace: irsa, name: irsa-webhook, path: /mutate}}}
- {name: other.example.com, admissionReviewVersions: [v1], sideEffects: None, failurePolicy: Ignore,
   clientConfig: {service: {namespace: irsa, name: other}}}
- {name: required-pods.irsa.dev, admissionReviewVersions: [v1], sideEffects: None, failurePolicy: Ignore,
   clientConfig: {service: {namespace: irsa, name: irsa-webhook, path: /mutate-required}}}
";

fn ca_bundles(server: &ApiServer, reader: &KubeReader) {
    // The API server requires at least the form of certificates in a bundle.
    let pem = |name: &str| {
        server.shell(&format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj /CN={name} 2>&1"
    ))
    };
    let certificate = |text: &str| text[text.find("-----BEGIN CERT").unwrap()..].to_owned();
    let (first, second) = (certificate(&pem("first")), certificate(&pem("second")));
    let names = || {
        server.shell("kubectl get mutatingwebhookconfiguration irsa -o jsonpath='{range .webhooks[*]}{.clientConfig.caBundle}{\"\\n\"}{end}'")
    };
    let set =
        |read, pem: &str| server.block_on(reader.set_ca_bundle(read, "irsa", "irsa-webhook", pem));
    let apply = || server.kubectl(&["apply", "--filename", "-"], CONFIGURATION);

    let (mut follower, task) = reader.follow_webhook_configuration("irsa");
    server.spawn(task);
    let mut next = |is_expected: &dyn Fn(&str) -> bool| {
        server.block_on(async {
            let wait = async {
                loop {
                    if let Some(found) = follower.changed().await {
                        let bundle = found.webhooks[0].client_config.ca_bundle.clone();
                        if is_expected(&bundle.unwrap_or_default()) {
                            return found;
                        }
                    }
                }
            };
            tokio::time::timeout(PATIENCE, wait).await.unwrap()
        })
    };
    apply();
    let read = next(&str::is_empty);
    assert_eq!(set(&read, &first), Ok(2));
    let all = names();
    let [one, other, two] = all.lines().collect::<Vec<_>>()[..] else {
        panic!("{all}");
    };
    assert!(!one.is_empty() && one == two && other.is_empty(), "{all}");
    let conflict = set(&read, &second).unwrap_err();
    assert!(
        matches!(conflict.kind, ReadErrorKind::Conflict(_)),
        "{conflict}"
    );
    assert_eq!(names(), all, "an old version changes nothing");

    let current = next(&|bundle| bundle == one);
    assert_eq!(set(&current, &first), Ok(0));
    assert_eq!(set(&current, &second), Ok(2));
    assert_ne!(names(), all);

    // Replaced by a manifest without CA certificates.
    server.kubectl(&["replace", "--filename", "-"], CONFIGURATION);
    let replaced = next(&str::is_empty);
    assert_eq!(set(&replaced, &second), Ok(2));
}

fn events(server: &ApiServer, reader: &KubeReader) {
    let event = NewEvent {
        regarding: ObjectReference {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            namespace: "irsa".to_owned(),
            name: "default".to_owned(),
            uid: None,
        },
        kind: EventKind::Warning,
        reason: "SidecarNotInjected".to_owned(),
        action: "Inject".to_owned(),
        note: format!("pod `web` gets no sidecar: {}", "é".repeat(2_000)),
        controller: "irsa.dev/webhook".to_owned(),
        instance: "irsa-webhook-6d4f".to_owned(),
    };
    let time = UNIX_EPOCH + Duration::from_hours(500_000);
    let create = |event| server.block_on(reader.create_event(event, time));
    create(&event).unwrap();
    let shown = server.shell("kubectl -n irsa get events");
    assert!(
        shown.contains("Warning   SidecarNotInjected   serviceaccount/default"),
        "{shown}"
    );
    assert!(shown.contains("pod `web` gets no sidecar: éé"), "{shown}");

    let mut about_namespace = event.clone();
    about_namespace.regarding = ObjectReference {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        name: "irsa".to_owned(),
        ..ObjectReference::default()
    };
    create(&about_namespace).unwrap();
    let shown = server.shell("kubectl -n default get events");
    assert!(shown.contains("namespace/irsa"), "{shown}");
}

fn pods(server: &ApiServer, reader: &KubeReader) {
    let pod = |number: usize| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: 'web-{number:03}', namespace: irsa, annotations: \
             {{irsa.dev/sidecar: '{number}'}}}}\nspec: {{containers: [{{name: web, image: web}}]}}\n---\n"
        )
    };
    // More than a page.
    let manifests: String = (0..260).map(pod).collect();
    server.kubectl(&["create", "--filename", "-"], &manifests);
    let mut names = Vec::new();
    let visit = reader.visit_pods(|pod| names.push(pod.metadata.name));
    assert_eq!(server.block_on(visit), Ok(260));
    assert_eq!(names.len(), 260);
    assert_eq!(
        (names[0].as_str(), names[259].as_str()),
        ("web-000", "web-259")
    );
}

/// A denial has the permission that is missing, and its command grants it.
fn permissions(server: &ApiServer) {
    let kubeconfig = server.service_account("irsa", "unprivileged");
    let user = server.block_on(connect(&kubeconfig));
    let list = || server.block_on(user.visit_pods(|_| ())).map(|_| ());
    granted(server, "list-pods", "list pods", list);
    let new = NewSecret {
        namespace: "irsa".to_owned(),
        name: "other".to_owned(),
        ..NewSecret::default()
    };
    let create = || match server.block_on(user.create_secret(&new)) {
        Err(error) if error.kind == ReadErrorKind::AlreadyExists => Ok(()),
        created => created.map(|_| ()),
    };
    granted(
        server,
        "create-secrets",
        "create secrets in namespace irsa",
        create,
    );
    let read = || server.block_on(user.webhook_configuration("irsa"));
    let rule = "get mutatingwebhookconfigurations/irsa";
    granted(server, "read-webhook", rule, || read().map(|_| ()));
    let read = read().unwrap();
    let set = user.set_ca_bundle(&read, "irsa", "irsa-webhook", "x");
    let denied = server.block_on(set).unwrap_err();
    assert_eq!(
        denied.rule.to_string(),
        "patch mutatingwebhookconfigurations/irsa"
    );
    assert!(denied.is_denied(), "{denied}");
}

fn granted(
    server: &ApiServer,
    name: &str,
    rule: &str,
    request: impl Fn() -> Result<(), ReadError>,
) {
    let denied = request().unwrap_err();
    assert!(denied.is_denied(), "{denied}");
    assert_eq!(denied.rule.to_string(), rule);
    server.shell(&denied.rule.command_for_object(name, denied.user()));
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = request() {
        assert!(error.is_denied() && Instant::now() < deadline, "{error}");
    }
}
