//! `irsa.yaml` for what was found.

mod stores;
mod workloads;

use std::collections::BTreeMap;

use irsa_chain::{AccountId, Region};

use super::Adopted;
use super::cluster::FoundCluster;
use super::component::{FoundChart, FoundRelease, release};
use super::connections::Clue;
use super::facts::{AwsFacts, ClusterFacts};
use super::lines::{CHANGE, Lines};
use super::names::{SETUP, label};
use super::stores::Stores;
use super::workloads::Found;
use crate::stack::KeycloakChart;

/// The file and what it is made from.
pub(super) struct File<'f> {
    facts: &'f ClusterFacts,
    cluster: &'f FoundCluster,
    found: &'f Found,
    stores: &'f Stores,
    aws: &'f AwsFacts,
    releases: Vec<FoundRelease>,
    name: String,
    region: Clue,
    account: Clue,
    lines: Lines,
    /// Commands and remarks for the summary.
    changes: Vec<String>,
}

// === impl File ===

impl<'f> File<'f> {
    pub(super) fn new(
        facts: &'f ClusterFacts,
        cluster: &'f FoundCluster,
        found: &'f Found,
        stores: &'f Stores,
        aws: &'f AwsFacts,
    ) -> Self {
        let releases = releases(facts);
        let camunda = releases.iter().find(|one| one.chart == FoundChart::Camunda);
        let named = camunda
            .and_then(|one| one.release.as_deref())
            .unwrap_or(&facts.namespace);
        Self {
            name: label(named, "setup", SETUP),
            region: region(cluster, stores),
            account: account(cluster, found, stores, aws),
            facts,
            cluster,
            found,
            stores,
            aws,
            releases,
            lines: Lines::default(),
            changes: Vec::new(),
        }
    }

    /// The text, the workloads in it, and what has to change outside of it.
    pub(super) fn write(mut self) -> (String, Vec<Adopted>, Vec<String>) {
        let Self {
            facts, lines, name, ..
        } = &mut self;
        lines.comment(0, "yaml-language-server: $schema=./irsa.schema.json");
        let from = format!(
            "Written by `irsa init --from {}`: comments say where values are from.",
            facts.namespace
        );
        lines.comment(0, &from);
        lines.comment(
            0,
            &format!("Fill in what is marked with \"{CHANGE}\", then run `irsa check`."),
        );
        lines.plain(0, "version", "1", "");
        lines.text(0, "name", name, "prefix of the names of new roles");
        self.aws();
        self.cluster();
        self.releases();
        self.postgres();
        self.opensearch();
        let adopted = self.workloads();
        self.image();
        (self.lines.finish(), adopted, self.changes)
    }

    fn aws(&mut self) {
        self.lines.key(0, "aws", "");
        let command = "aws sts get-caller-identity --query Account --output text";
        let (account, region) = (self.account.clone(), self.region.clone());
        match account.value {
            Some(value) => self.lines.text(1, "account", &value, &account.comment),
            None => self
                .lines
                .unknown(1, "account", &format!("run `{command}`")),
        }
        match region.value {
            Some(value) => self.lines.text(1, "region", &value, &region.comment),
            None => self.lines.unknown(1, "region", "the region of the cluster"),
        }
    }

    fn cluster(&mut self) {
        let key = cluster_key(self.facts, self.cluster);
        self.lines.key(0, "clusters", "");
        let name = key.value.unwrap_or_default();
        self.lines.key(1, &name, &key.comment);
        self.lines.plain(2, "existing", "true", "");
        if self.aws.has_provider == Some(false) {
            let issuer = self.facts.issuer.as_deref().unwrap_or_default();
            let missing = format!("IAM has no OIDC provider for the issuer {issuer}");
            self.lines.comment(2, &missing);
            self.changes.push(format!(
                "{missing}: run `eksctl utils associate-iam-oidc-provider --cluster {name} --approve`"
            ));
        }
    }

    fn releases(&mut self) {
        let camunda = self
            .releases
            .iter()
            .find(|one| one.chart == FoundChart::Camunda)
            .cloned();
        let in_camunda = camunda.as_ref().and_then(|one| one.release.clone());
        let keycloak = self.releases.iter().find(|one| {
            let has_keycloak = camunda.as_ref().is_some_and(|one| one.version != "8.10");
            // Camunda's chart contains Bitnami's, with the same release.
            matches!(one.chart, FoundChart::Keycloak(_))
                && !(has_keycloak && one.release == in_camunda)
        });
        let keycloak = keycloak.cloned();
        if let Some(release) = camunda {
            self.release("camunda", None, &release);
        }
        if let Some(release) = keycloak {
            let chart = match release.chart {
                FoundChart::Keycloak(KeycloakChart::Codecentric) => "codecentric",
                _ => "bitnami",
            };
            self.release("keycloak", Some(chart), &release);
        }
    }

    fn release(&mut self, key: &str, chart: Option<&str>, release: &FoundRelease) {
        let lines = &mut self.lines;
        lines.key(0, key, &release.comment);
        if let Some(chart) = chart {
            lines.text(1, "chart", chart, "");
        }
        lines.text(1, "version", &release.version, "");
        if let Some(name) = release
            .release
            .as_deref()
            .filter(|name| label(name, "", 40) == **name)
        {
            lines.text(1, "release", name, "");
        }
        lines.text(1, "namespace", &self.facts.namespace, "");
    }

    fn image(&mut self) {
        self.lines.key(0, "irsa", "");
        self.lines.plain(1, "inject", "sidecar", "");
        if let Some(image) = &self.found.image {
            self.lines.text(1, "image", image, "from the sidecars");
        } else {
            let example = concat!(
                "image: registry.example.com/irsa:",
                env!("CARGO_PKG_VERSION")
            );
            let comment = format!("{example}  # {CHANGE}: an image that the cluster can pull");
            self.lines.comment(1, &comment);
        }
    }
}

/// The key of the cluster in the file; its name in EKS, if that is known.
pub(super) fn cluster_key(facts: &ClusterFacts, cluster: &FoundCluster) -> Clue {
    let fits = |name: &&String| {
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
        let starts_well = name.starts_with(|char: char| char.is_ascii_alphanumeric());
        starts_well && name.len() <= 100 && name.chars().all(is_name)
    };
    if let Some(name) = cluster.name.value.as_ref().filter(fits) {
        return Clue {
            value: Some(name.clone()),
            comment: cluster.name.comment.clone(),
        };
    }
    let entry = facts.kubeconfig_name.as_deref().unwrap_or_default();
    let comment = format!("{CHANGE}: the name of the EKS cluster");
    Clue {
        value: Some(label(entry, "cluster", 40)),
        comment,
    }
}

/// The releases in the namespace, each chart once.
fn releases(facts: &ClusterFacts) -> Vec<FoundRelease> {
    let mut by_chart: BTreeMap<(bool, Option<String>), FoundRelease> = BTreeMap::new();
    for found in facts.objects.iter().filter_map(release) {
        let is_keycloak = found.chart != FoundChart::Camunda;
        by_chart
            .entry((is_keycloak, found.release.clone()))
            .or_insert(found);
    }
    by_chart.into_values().collect()
}

/// The region of the cluster, or else of the first data store.
fn region(cluster: &FoundCluster, stores: &Stores) -> Clue {
    if cluster.region.value.is_some() {
        return cluster.region.clone();
    }
    let postgres = stores
        .postgres
        .iter()
        .filter_map(|store| store.endpoint.region());
    let opensearch = stores
        .opensearch
        .iter()
        .map(|store| store.endpoint.region());
    let first: Option<&Region> = postgres.chain(opensearch).next();
    Clue {
        value: first.map(ToString::to_string),
        comment: "from the endpoint of the first data store".to_owned(),
    }
}

/// The account of the cluster, or else of the first role, database or domain, or of the credentials.
fn account(cluster: &FoundCluster, found: &Found, stores: &Stores, aws: &AwsFacts) -> Clue {
    let role = found.roles.values().find_map(|role| role.arn.as_ref());
    let store = stores
        .postgres
        .iter()
        .find_map(|store| Some(store.known.as_ref()?.account.as_str()));
    let domain = stores
        .opensearch
        .iter()
        .find_map(|store| Some(store.known.as_ref()?.account.as_str()));
    let candidates = [
        (
            cluster.account.value.as_deref(),
            cluster.account.comment.as_str(),
        ),
        (
            role.map(|role| role.account().as_str()),
            "from the role of a service account",
        ),
        (store, "from the ARN of the database"),
        (domain, "from the ARN of the domain"),
        (aws.account.as_deref(), "from the AWS credentials"),
    ];
    let valid = |(account, _): &(Option<&str>, &str)| {
        account.is_some_and(|account| account.parse::<AccountId>().is_ok())
    };
    let (value, comment) = candidates.into_iter().find(valid).unwrap_or_default();
    Clue {
        value: value.map(str::to_owned),
        comment: comment.to_owned(),
    }
}
