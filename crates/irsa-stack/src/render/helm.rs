//! Values for Helm charts, one file for each chart and cluster: the proxy as a native sidecar of every pod that uses a
//! data store, unless the webhook injects it, service accounts, and settings that send the pods to the sidecar.

mod chart;
mod charts;
mod lists;
mod overrides;
mod release;
mod settings;
mod tpl;
mod user_values;
mod values;

use std::collections::BTreeSet;

use irsa_sidecar::names::eks;

pub use self::user_values::UserValues;

use self::chart::{Environment, Pod};
use self::release::{Release, releases};
use self::values::{Conflict, Values};
use super::{File, annotations, kubernetes};
use crate::stack::{Injection, Stack, Workload};
use crate::yaml::Yaml;

const LOST: &str = "Lists in your own values are lost, and variables in them can win over these values, unless `irsa render \
     helm-values --values FILE` reads them.";

/// The values files.
///
/// # Errors
/// A chart is not known, or can't have the values, with what to change.
pub(super) fn files(stack: &Stack, user: &UserValues) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    for cluster in &stack.clusters {
        if stack.injection == Injection::Webhook {
            annotations::check(stack, cluster)?;
        }
        for release in releases(stack, cluster)? {
            overrides::refuse(&release, user)?;
            let path = format!("helm-values/{}/{}.yaml", cluster.name, release.chart.name);
            let text = Builder::new(stack, user, &release, &path).text()?;
            files.push(File { path, text });
        }
    }
    if files.is_empty() {
        return Err("no workload has a `component`, so no chart is known: set it, or use `irsa render kubernetes`".to_owned());
    }
    Ok(files)
}

/// A values file in the making.
struct Builder<'b> {
    stack: &'b Stack,
    user: &'b UserValues,
    release: &'b Release<'b>,
    path: &'b str,
    values: Values,
    /// Service accounts that an earlier pod has the chart create.
    accounts: BTreeSet<&'b str>,
    remarks: Vec<String>,
}

impl<'b> Builder<'b> {
    fn new(
        stack: &'b Stack,
        user: &'b UserValues,
        release: &'b Release<'b>,
        path: &'b str,
    ) -> Self {
        Self {
            stack,
            user,
            release,
            path,
            values: Values::default(),
            accounts: BTreeSet::new(),
            remarks: Vec::new(),
        }
    }

    fn text(mut self) -> Result<String, String> {
        for (pod, workload) in &self.release.pods {
            self.pod(pod, workload)?;
        }
        Ok(format!(
            "{}\n{}",
            self.head(),
            self.values.into_yaml().write()
        ))
    }

    fn pod(&mut self, pod: &'static Pod, workload: &'b Workload) -> Result<(), String> {
        let used = settings::used(pod, workload)?;
        settings::set(&mut self.values, pod, workload, used)?;
        self.service_account(pod, workload)?;
        if let Some(environment) = &pod.environment {
            let variables = settings::variables(environment.variables, used);
            self.list(pod, &environment.list, variables)?;
            self.credentials(pod, environment, workload)?;
        }
        if self.stack.injection == Injection::Sidecar {
            self.sidecar(pod, workload)?;
        }
        let remarks = pod.remarks.iter().map(|remark| (*remark).to_owned());
        for remark in remarks.chain(overrides::unseen(pod, self.user)) {
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
        Ok(())
    }

    fn sidecar(&mut self, pod: &Pod, workload: &Workload) -> Result<(), String> {
        let sidecar = kubernetes::sidecar(self.stack, workload, self.stack.required_image()?);
        self.list(pod, &pod.init, vec![kubernetes::container(&sidecar)?])?;
        let volumes = kubernetes::volumes(&sidecar)?;
        for list in pod.volumes.iter().filter(|_| !volumes.is_empty()) {
            self.list(pod, list, volumes.clone())?;
        }
        Ok(())
    }

    /// The first pod with a service account has the chart create it.
    fn service_account(&mut self, pod: &Pod, workload: &'b Workload) -> Result<(), String> {
        let name = workload.service_account.name();
        let is_first = self.accounts.insert(name);
        self.set(&pod.account_path(pod.creates), Yaml::Flag(is_first))?;
        let path = pod.account_path("name");
        let value = settings::text(pod, &path, Yaml::text(name), workload)?;
        self.set(&path, value)?;
        let annotations = annotations::service_account(self.stack, workload);
        if let Some(annotations) = annotations.filter(|_| is_first) {
            let path = pod.account_path("annotations");
            let value = settings::text(pod, &path, annotations, workload)?;
            self.set(&path, value)?;
        }
        Ok(())
    }

    /// Keeps credentials from a container that would sign by them.
    fn credentials(
        &mut self,
        pod: &Pod,
        environment: &Environment,
        workload: &Workload,
    ) -> Result<(), String> {
        match environment.signs {
            Some(container) if workload.has_annotation || workload.uses_pod_identity => {
                let annotations = Yaml::map([(eks::SKIP_CONTAINERS, Yaml::text(container))]);
                self.set(&pod.path("podAnnotations"), annotations)
            }
            _ => Ok(()),
        }
    }

    fn list(&mut self, pod: &Pod, list: &chart::List, ours: Vec<Yaml>) -> Result<(), String> {
        let place = (self.release.chart, pod);
        let value = lists::list(place, list, ours, self.user, &mut self.remarks)?;
        self.set(&pod.path(list.key), value)
    }

    fn set(&mut self, path: &str, value: Yaml) -> Result<(), String> {
        let set = self.values.set(path, value);
        set.map_err(|Conflict { .. }| format!("`{path}` is set twice"))
    }

    /// Comments: what the values are for, and what they can't do.
    fn head(&self) -> String {
        let Release {
            chart,
            name,
            namespace,
            ..
        } = self.release;
        let (source, path) = (chart.source, &self.path);
        let mut lines = vec![
            format!(
                "Compared with {source} {}. Use these values after your own:",
                chart.version
            ),
            format!(
                "helm upgrade --install {name} {source} --version {} --namespace {namespace} \\",
                chart.wanted()
            ),
            format!("  --values values.yaml --values {path}"),
        ];
        if self.user.names().next().is_none() {
            lines.push(LOST.to_owned());
        }
        lines.extend(self.remarks.iter().cloned());
        lines.dedup();
        format!("# {}\n", lines.join("\n# "))
    }
}
