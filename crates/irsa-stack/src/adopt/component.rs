//! Components and releases, by the labels and images of Helm charts.

use irsa_chain::untrusted::printable;

use super::facts::Object;
use crate::stack::{Component, KeycloakChart};

const COMPONENT: &str = "app.kubernetes.io/component";
const CHART: &str = "helm.sh/chart";
const INSTANCE: &str = "app.kubernetes.io/instance";
const VERSION: &str = "app.kubernetes.io/version";

/// Values of the label for components.
const BY_LABEL: [(&str, Component); 10] = [
    ("keycloak", Component::Keycloak),
    ("restapi", Component::WebModeler),
    ("zeebe-broker", Component::Zeebe),
    ("operate", Component::Operate),
    ("tasklist", Component::Tasklist),
    ("optimize", Component::Optimize),
    ("identity", Component::Identity),
    ("orchestration", Component::Orchestration),
    ("orchestration-importer", Component::Orchestration),
    ("orchestration-migration", Component::Orchestration),
];

/// Last parts of image names.
const BY_IMAGE: [(&str, Component); 9] = [
    ("keycloak", Component::Keycloak),
    ("modeler-restapi", Component::WebModeler),
    ("web-modeler-restapi", Component::WebModeler),
    ("zeebe", Component::Zeebe),
    ("operate", Component::Operate),
    ("tasklist", Component::Tasklist),
    ("optimize", Component::Optimize),
    ("identity", Component::Identity),
    ("camunda", Component::Orchestration),
];

/// Versions of Camunda by the major version of its chart, from the first one that differs.
const CHARTS: [(&str, &str); 6] = [
    ("10", "8.5"),
    ("11", "8.6"),
    ("12", "8.7"),
    ("13", "8.8"),
    ("14", "8.9"),
    ("15", "8.10"),
];

/// A release of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundRelease {
    pub(super) chart: FoundChart,
    pub(super) version: String,
    pub(super) release: Option<String>,
    pub(super) comment: String,
}

/// A chart that `irsa.yaml` has a section for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoundChart {
    Camunda,
    Keycloak(KeycloakChart),
}

/// The component of an object, and how it was recognized.
pub(super) fn component(object: &Object) -> Option<(Component, String)> {
    let (found, comment) = by_label(object).or_else(|| by_image(object))?;
    // From 8.8 on, the broker's StatefulSet has all three, and keeps its label.
    let is_old = found == Component::Zeebe && !has_orchestration(object);
    let component = if is_old || found != Component::Zeebe {
        found
    } else {
        Component::Orchestration
    };
    Some((component, comment))
}

/// Returns whether it is Zeebe's gateway, which no values can give a sidecar.
pub(super) fn is_gateway(object: &Object) -> bool {
    object
        .labels
        .get(COMPONENT)
        .is_some_and(|label| label == "zeebe-gateway")
}

fn by_label(object: &Object) -> Option<(Component, String)> {
    let label = object.labels.get(COMPONENT)?;
    let (_, component) = BY_LABEL.iter().find(|(value, _)| value == label)?;
    Some((*component, format!("from the label {COMPONENT}")))
}

fn by_image(object: &Object) -> Option<(Component, String)> {
    // An object that says that it is something else is not taken for a component.
    if object.labels.contains_key(COMPONENT) {
        return None;
    }
    object.containers.iter().find_map(|container| {
        let image = container.image.split('@').next()?;
        let name = image.rsplit('/').next()?.split(':').next()?;
        let is_usual = ["identity", "camunda"].contains(&name);
        let is_known = !is_usual || image.contains("camunda/");
        let (_, component) = BY_IMAGE
            .iter()
            .find(|(value, _)| *value == name && is_known)?;
        Some((*component, format!("from the image {}", printable(image))))
    })
}

fn has_orchestration(object: &Object) -> bool {
    let release = release(object);
    let version = release
        .filter(|one| one.chart == FoundChart::Camunda)
        .map(|one| one.version);
    let version = version.or_else(|| object.labels.get(VERSION).map(|text| line(text)));
    let minor = version
        .as_deref()
        .and_then(|text| text.strip_prefix("8.")?.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 8)
}

/// The release that an object belongs to.
pub(super) fn release(object: &Object) -> Option<FoundRelease> {
    let label = object.labels.get(CHART)?;
    let (name, version) = chart(label)?;
    let (chart, version) = match name {
        "camunda-platform" => (FoundChart::Camunda, camunda_version(version)?),
        "keycloak" => (FoundChart::Keycloak(KeycloakChart::Bitnami), major(version)),
        "keycloakx" => (
            FoundChart::Keycloak(KeycloakChart::Codecentric),
            major(version),
        ),
        _ => return None,
    };
    Some(FoundRelease {
        chart,
        version,
        release: object.labels.get(INSTANCE).cloned(),
        comment: format!("from the label {CHART}: {}", printable(label)),
    })
}

/// `keycloak-24.9.1` is a chart's name and version.
fn chart(label: &str) -> Option<(&str, &str)> {
    let is_version = |(at, _): &(usize, &str)| {
        label
            .get(at + 1..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let (at, _) = label.match_indices('-').find(is_version)?;
    Some((label.get(..at)?, label.get(at + 1..)?))
}

/// Up to 8.4, the chart has Camunda's version.
fn camunda_version(chart: &str) -> Option<String> {
    if chart.starts_with("8.") {
        return Some(line(chart));
    }
    let major = major(chart);
    let known = CHARTS.iter().find(|(chart, _)| *chart == major);
    known.map(|(_, camunda)| (*camunda).to_owned())
}

fn major(version: &str) -> String {
    version.split('.').next().unwrap_or_default().to_owned()
}

/// `8.7` of `8.7.3`.
fn line(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::facts::Container;

    fn object(labels: &[(&str, &str)], image: &str) -> Object {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Object {
            labels: labels.collect(),
            containers: vec![Container {
                image: image.to_owned(),
                ..Container::default()
            }],
            ..Object::default()
        }
    }

    #[test]
    fn components_are_recognized_by_label_or_image() {
        use Component::{Identity, Keycloak, Orchestration, WebModeler, Zeebe};
        let chart = |version| ("helm.sh/chart", version);
        for (labels, image, expected) in [
            (
                vec![("app.kubernetes.io/component", "restapi")],
                "",
                Some(WebModeler),
            ),
            (
                vec![
                    (COMPONENT, "zeebe-broker"),
                    chart("camunda-platform-8.3.26"),
                ],
                "",
                Some(Zeebe),
            ),
            (
                vec![
                    (COMPONENT, "zeebe-broker"),
                    chart("camunda-platform-12.13.3"),
                ],
                "",
                Some(Zeebe),
            ),
            (
                vec![
                    (COMPONENT, "zeebe-broker"),
                    chart("camunda-platform-13.12.7"),
                ],
                "",
                Some(Orchestration),
            ),
            (
                vec![(COMPONENT, "zeebe-broker"), (VERSION, "8.9.1")],
                "",
                Some(Orchestration),
            ),
            (
                vec![(COMPONENT, "zeebe-gateway")],
                "camunda/zeebe:8.7.1",
                None,
            ),
            (
                vec![],
                "quay.io/keycloak/keycloak:26.0@sha256:00",
                Some(Keycloak),
            ),
            (
                vec![],
                "registry.example:5000/web-modeler-ee/modeler-restapi:8.3.1",
                Some(WebModeler),
            ),
            (vec![], "camunda/identity:8.3.1", Some(Identity)),
            (vec![], "example/identity:8.3.1", None),
            (vec![], "camunda/camunda:8.8.0", Some(Orchestration)),
            (vec![], "", None),
        ] {
            let found = component(&object(&labels, image)).map(|(component, _)| component);
            assert_eq!(found, expected, "{labels:?} {image}");
        }
    }

    #[test]
    fn releases_are_recognized_by_their_charts() {
        for (label, expected) in [
            (
                "camunda-platform-8.3.26",
                Some((FoundChart::Camunda, "8.3")),
            ),
            (
                "camunda-platform-12.13.3",
                Some((FoundChart::Camunda, "8.7")),
            ),
            (
                "camunda-platform-15.0.0-alpha4",
                Some((FoundChart::Camunda, "8.10")),
            ),
            ("camunda-platform-99.0.0", None),
            (
                "keycloak-24.9.1",
                Some((FoundChart::Keycloak(KeycloakChart::Bitnami), "24")),
            ),
            (
                "keycloakx-7.1.11",
                Some((FoundChart::Keycloak(KeycloakChart::Codecentric), "7")),
            ),
            ("redis-20.1.0", None),
            ("-", None),
        ] {
            let found = release(&object(&[(CHART, label)], ""));
            let found = found.as_ref().map(|one| (one.chart, one.version.as_str()));
            assert_eq!(found, expected, "{label}");
        }
    }
}
