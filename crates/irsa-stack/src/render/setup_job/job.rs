//! A Job (batch/v1).

use irsa_sidecar::{CONTAINER, Identity, Resources, SecurityContext, Variable, WebIdentity};
use serde::Serialize;

use super::{Hook, Objects, Task, labels, short_hash};
use crate::ownership_mark;
use crate::yaml::Yaml;

/// The key of the specification in the ConfigMap.
pub(super) const SPECIFICATION: &str = "irsa.yaml";
/// The key of the outputs file in the ConfigMap.
pub(super) const OUTPUTS: &str = "irsa.outputs.json";
/// The volume of the ConfigMap.
const CONFIG: &str = "irsa-config";
/// Its directory.
const CONFIG_DIRECTORY: &str = "/etc/irsa";

/// The lifetime of the token in seconds, longer than the deadline.
const TOKEN_SECONDS: u64 = 3600;
/// Attempts after the first one. Each completes what the one before left.
const RETRIES: u64 = 3;
/// Time limit for all attempts, in seconds. A run waits up to 2 minutes for a run that was interrupted.
const DEADLINE: u64 = 900;
/// The time for which a Job that has ended can be looked at, in seconds. Argo CD would create a Job that was removed again.
const TTL: u64 = 86_400;

/// The Job for one kind of data store.
pub(super) struct Job<'j> {
    pub(super) objects: &'j Objects<'j>,
    pub(super) task: &'j Task<'j>,
    pub(super) image: &'j str,
}

// === impl Job ===

impl Job<'_> {
    pub(super) fn document(&self) -> Result<Yaml, String> {
        let spec = self.spec()?;
        let name = self.name(&spec);
        Ok(Yaml::map([
            ("apiVersion", Yaml::text("batch/v1")),
            ("kind", Yaml::text("Job")),
            ("metadata", self.objects.metadata(&name, 0)),
            ("spec", spec),
        ]))
    }

    /// A Job cannot be changed, so another content needs another name. A hook is deleted by its name before it is created
    /// again, so its name is always the same.
    fn name(&self, spec: &Yaml) -> String {
        let stack = self.objects.stack;
        let hash = match self.objects.hook {
            Some(Hook::ArgoCd) => short_hash(&ownership_mark(stack)),
            None => short_hash(&(spec.write() + &stack.digest)),
        };
        format!("irsa-setup-{}-{hash}", self.task.command)
    }

    fn spec(&self) -> Result<Yaml, String> {
        let mut spec = vec![
            ("backoffLimit", Yaml::Integer(RETRIES)),
            ("activeDeadlineSeconds", Yaml::Integer(DEADLINE)),
        ];
        if self.objects.hook.is_none() {
            spec.push(("ttlSecondsAfterFinished", Yaml::Integer(TTL)));
        }
        let template = Yaml::map([
            ("metadata", Yaml::map([("labels", labels())])),
            ("spec", self.pod()?),
        ]);
        spec.push(("template", template));
        Ok(Yaml::map(spec))
    }

    fn pod(&self) -> Result<Yaml, String> {
        let account = self.objects.setup.service_account.name();
        let identity = self.identity();
        let config = Yaml::map([
            ("name", Yaml::text(CONFIG)),
            (
                "configMap",
                Yaml::map([("name", Yaml::text(self.objects.config_name()))]),
            ),
        ]);
        let mut volumes = vec![config];
        if let Some(token) = identity.volume() {
            volumes.push(serialized(&token)?);
        }
        Ok(Yaml::map([
            ("serviceAccountName", Yaml::text(account)),
            ("automountServiceAccountToken", Yaml::Flag(false)),
            ("enableServiceLinks", Yaml::Flag(false)),
            ("restartPolicy", Yaml::text("Never")),
            ("containers", Yaml::List(vec![self.container(&identity)?])),
            ("volumes", Yaml::List(volumes)),
        ]))
    }

    /// The token has the role, or, where no workload of the cluster uses tokens, an association of EKS Pod Identity, which
    /// the rendered Terraform creates for the setup then.
    fn identity(&self) -> Identity {
        let Objects {
            stack,
            setup,
            cluster,
            ..
        } = self.objects;
        if stack.uses_tokens(cluster) {
            Identity::Web(WebIdentity {
                token_seconds: TOKEN_SECONDS,
                ..WebIdentity::new(setup.role.clone())
            })
        } else {
            Identity::Pod
        }
    }

    fn container(&self, identity: &Identity) -> Result<Yaml, String> {
        let config = Yaml::map([
            ("name", Yaml::text(CONFIG)),
            ("mountPath", Yaml::text(CONFIG_DIRECTORY)),
            ("readOnly", Yaml::Flag(true)),
        ]);
        let mut mounts = vec![config];
        if let Some(token) = identity.volume() {
            mounts.push(serialized(&token.mount())?);
        }
        let region = Variable {
            name: "AWS_REGION",
            value: self.objects.stack.region.to_string(),
        };
        let mut variables = vec![region];
        variables.extend(identity.variables());
        Ok(Yaml::map([
            ("name", Yaml::text(CONTAINER)),
            ("image", Yaml::text(self.image)),
            ("args", Yaml::texts(self.arguments())),
            ("env", serialized(&variables)?),
            ("resources", serialized(&Resources::default())?),
            (
                "securityContext",
                serialized(&SecurityContext::restricted())?,
            ),
            ("volumeMounts", Yaml::List(mounts)),
            // `kubectl describe pod` then shows the error.
            (
                "terminationMessagePolicy",
                Yaml::text("FallbackToLogsOnError"),
            ),
        ]))
    }

    fn arguments(&self) -> Vec<String> {
        let file = |name: &str| format!("{CONFIG_DIRECTORY}/{name}");
        let mut arguments = vec![
            "apply".to_owned(),
            self.task.command.to_owned(),
            format!("--file={}", file(SPECIFICATION)),
        ];
        if self.objects.stack.files.outputs.is_some() {
            arguments.push(format!("--outputs={}", file(OUTPUTS)));
        }
        let stores = self.task.stores.iter();
        arguments.extend(stores.map(|key| format!("--store={key}")));
        arguments
    }
}

fn serialized(value: &impl Serialize) -> Result<Yaml, String> {
    Yaml::serialized(value).map_err(|error| error.to_string())
}
