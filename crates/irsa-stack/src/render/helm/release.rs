//! Which workloads run in which pods of which chart.

use irsa_chain::untrusted::quoted;

use super::chart::{Chart, Pod};
use super::charts::{BITNAMI, CAMUNDA, CODECENTRIC};
use crate::render::kubernetes;
use crate::stack::{Cluster, Component, KeycloakChart, Release as Named, Stack, Workload};

/// A chart's release in a cluster.
#[derive(Debug)]
pub(super) struct Release<'s> {
    pub(super) chart: &'static Chart,
    /// Name of the Helm release.
    pub(super) name: &'s str,
    /// Namespace of its pods.
    pub(super) namespace: &'s str,
    /// Pods with a workload, in the order of the chart's table.
    pub(super) pods: Vec<(&'static Pod, &'s Workload)>,
}

/// The releases in a cluster.
///
/// # Errors
/// A chart is not known, or a workload does not fit into it, with what to change.
pub(super) fn releases<'s>(
    stack: &'s Stack,
    cluster: &Cluster,
) -> Result<Vec<Release<'s>>, String> {
    let mut releases: Vec<Release<'s>> = Vec::new();
    for workload in &stack.workloads {
        let Some(component) = workload.component else {
            continue;
        };
        if !workload.clusters.contains(&cluster.name) {
            continue;
        }
        let (chart, named) = chart(stack, component)?;
        let pod = chart
            .pod(component)
            .ok_or_else(|| no_pod(chart, workload))?;
        let number = releases
            .iter()
            .position(|one| std::ptr::eq(one.chart, chart));
        match number.and_then(|number| releases.get_mut(number)) {
            Some(release) => release.add(stack, pod, workload)?,
            None => releases.push(Release::new(chart, named, pod, workload)?),
        }
    }
    for release in &mut releases {
        let place = |pod: &Pod| {
            release
                .chart
                .pods
                .iter()
                .position(|one| std::ptr::eq(one, pod))
        };
        release.pods.sort_by_key(|(pod, _)| place(pod));
    }
    Ok(releases)
}

/// The chart of a component.
fn chart(stack: &Stack, component: Component) -> Result<(&'static Chart, &Named), String> {
    if component == Component::Keycloak
        && let Some((chart, release)) = &stack.keycloak
    {
        let charts: &'static [Chart] = match chart {
            KeycloakChart::Bitnami => &BITNAMI,
            KeycloakChart::Codecentric => &CODECENTRIC,
        };
        return Ok((
            known(charts, &release.version, "keycloak.version")?,
            release,
        ));
    }
    let Some(release) = &stack.camunda else {
        return Err("`camunda` is missing, which says which of Camunda's charts is used: add, for example, \
                    `camunda: {version: \"8.7\"}`; or, if Keycloak has a separate chart, `keycloak: {chart: bitnami, \
                    version: \"24\"}`"
            .to_owned());
    };
    Ok((
        known(&CAMUNDA, &release.version, "camunda.version")?,
        release,
    ))
}

/// The chart of a version.
fn known(charts: &'static [Chart], version: &str, key: &str) -> Result<&'static Chart, String> {
    charts
        .iter()
        .find(|chart| chart.has(version))
        .ok_or_else(|| {
            let known = charts.iter().map(|chart| {
                let Chart {
                    line,
                    source,
                    version,
                    ..
                } = chart;
                format!("{line} ({source} {version})")
            });
            let known: Vec<_> = known.collect();
            format!(
                "`{key}` is {}, and irsa does not know the values of that chart: it knows {}",
                quoted(version),
                known.join(", ")
            )
        })
}

fn no_pod(chart: &Chart, workload: &Workload) -> String {
    let hint = if workload.component == Some(Component::Keycloak) {
        ": add the chart that Keycloak comes from, for example `keycloak: {chart: codecentric, version: \"7\"}`"
    } else {
        ""
    };
    format!(
        "{}: irsa knows no values for this component in {} {}{hint}",
        quoted(&workload.key),
        chart.source,
        chart.version
    )
}

// === impl Release ===

impl<'s> Release<'s> {
    fn new(
        chart: &'static Chart,
        named: &'s Named,
        pod: &'static Pod,
        workload: &'s Workload,
    ) -> Result<Self, String> {
        let namespace = workload.service_account.namespace();
        let release = Self {
            chart,
            name: named.release.as_deref().unwrap_or(chart.default_release()),
            namespace: named.namespace.as_deref().unwrap_or(namespace),
            pods: vec![(pod, workload)],
        };
        release.is_in_namespace(workload)?;
        Ok(release)
    }

    /// Adds a workload, or finds that another one with the same sidecar stands for its pod.
    fn add(
        &mut self,
        stack: &Stack,
        pod: &'static Pod,
        workload: &'s Workload,
    ) -> Result<(), String> {
        self.is_in_namespace(workload)?;
        let mut pods = self.pods.iter();
        let Some((_, other)) = pods.find(|(one, _)| std::ptr::eq(*one, pod)) else {
            self.pods.push((pod, workload));
            return Ok(());
        };
        // All containers have the same image.
        let sidecar = |workload| kubernetes::sidecar(stack, workload, "");
        if other.service_account == workload.service_account && sidecar(other) == sidecar(workload)
        {
            return Ok(());
        }
        Err(format!(
            "{} and {} run in one pod of {} {}, `{}`: give both the same service account, data stores and `listen`, or \
             replace them by one workload",
            quoted(&other.key),
            quoted(&workload.key),
            self.chart.source,
            self.chart.version,
            pod.key
        ))
    }

    fn is_in_namespace(&self, workload: &Workload) -> Result<(), String> {
        let namespace = workload.service_account.namespace();
        if namespace == self.namespace {
            return Ok(());
        }
        Err(format!(
            "{}: its service account is in the namespace {}, but the chart's pods are in {}: Helm installs a chart into one \
             namespace",
            quoted(&workload.key),
            quoted(namespace),
            quoted(self.namespace)
        ))
    }
}

// === impl Chart ===

impl Chart {
    /// The version for `helm --version`: one of Camunda's fits one minor version of Camunda.
    pub(super) fn wanted(&self) -> String {
        match self.name {
            "camunda-platform" => self.version.to_owned(),
            _ => format!("{}.x", self.line),
        }
    }

    /// The name of the release, if the specification does not set it.
    fn default_release(&self) -> &'static str {
        match self.name {
            "camunda-platform" => "camunda",
            _ => "keycloak",
        }
    }
}
