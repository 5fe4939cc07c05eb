//! The password of the administrator in a Secret of Kubernetes, on a real API server.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use irsa_testing::program::Finished;

use crate::apply_sql::{PASSWORD, SetUp};
use crate::kubernetes::ApiServer;

/// The time limit for changes to take effect in the API server.
const PATIENCE: Duration = Duration::from_secs(20);
const NAMESPACE: &str = "irsa-setup";

/// An API server with a Secret, and the kubeconfig of a service account without permissions.
struct Cluster {
    server: ApiServer,
    restricted: PathBuf,
}

impl Cluster {
    /// If a program is missing, prints why the test is skipped.
    fn start(set_up: &SetUp) -> Option<Self> {
        let server = ApiServer::start(None)?;
        server.kubectl(&["create", "namespace", NAMESPACE], "");
        let restricted = server.service_account(NAMESPACE, "irsa-setup");
        let cluster = Self { server, restricted };
        cluster.create_secrets(&set_up.stage.cluster().dial);
        Some(cluster)
    }

    fn create_secrets(&self, dial: &str) {
        let secret = |name: &str, values: &[&str]| {
            let create = ["-n", NAMESPACE, "create", "secret", "generic", name];
            self.kubectl(&[&create, values].concat());
        };
        // As of a file with a line end.
        let password = format!("--from-literal=password={PASSWORD}\n");
        secret(
            "admin",
            &["--from-literal=username=camunda_admin\n", &password],
        );
        let url = format!("--from-literal=url=postgresql://camunda_admin:{PASSWORD}@{dial}");
        secret("url", &[&url]);
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        self.server.kubectl(arguments, "").trim_end().to_owned()
    }
}

fn apply(set_up: &SetUp, kubeconfig: &Path, arguments: &[&str]) -> Finished {
    let kubeconfig = kubeconfig.display().to_string();
    let common = ["--kubeconfig", &kubeconfig, "--admin"];
    set_up.apply(None, &[&common, arguments].concat())
}

#[test]
fn the_administrators_password_is_read_from_a_secret() {
    let set_up = SetUp::new(&format!("{{name: camunda_admin, password: {PASSWORD}}}"));
    set_up.create_legacy_application();
    let Some(cluster) = Cluster::start(&set_up) else {
        return;
    };
    let admin = cluster.server.kubeconfig();
    let dial = set_up.stage.cluster().dial.clone();
    let by_key = apply(&set_up, &admin, &["kubernetes:irsa-setup/url:url"]);
    let text = "aurora: changed  user `keycloak` logs in by IAM";
    assert!(by_key.printed().contains(text), "{}", by_key.stdout);
    let missing = apply(&set_up, &admin, &["kubernetes:irsa-setup/url"]);
    assert_eq!(missing.code, 1);
    let text = "Secret `irsa-setup/url` has no key `username`: its keys are `url`";
    assert!(missing.stderr.contains(text), "{}", missing.stderr);
    let absent = apply(&set_up, &admin, &["kubernetes:irsa-setup/none"]);
    assert!(
        absent.stderr.contains("it does not exist"),
        "{}",
        absent.stderr
    );

    let arguments = ["kubernetes:irsa-setup/admin", "--dial", dial.as_str()];
    let denied = apply(&set_up, &cluster.restricted, &arguments);
    assert_eq!(denied.code, 1, "{}", denied.stdout);
    let (_, command) = denied.stderr.split_once("and no other: ").unwrap();
    assert!(command.contains("--resource-name=admin"), "{command}");
    cluster.server.shell(command.trim());
    let deadline = Instant::now() + PATIENCE;
    loop {
        let allowed = apply(&set_up, &cluster.restricted, &arguments);
        if allowed.code == 0 {
            assert!(
                allowed.printed().ends_with(", 0 changed"),
                "{}",
                allowed.stdout
            );
            break;
        }
        assert!(Instant::now() < deadline, "{}", allowed.stderr);
    }
    // The permission is for one Secret.
    let other = apply(
        &set_up,
        &cluster.restricted,
        &["kubernetes:irsa-setup/url:url"],
    );
    assert!(other.stderr.contains("is forbidden"), "{}", other.stderr);
    cluster.server.stop();
}
