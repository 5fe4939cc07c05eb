//! From the file to the setup: resolves defaults and references, and finds what is wrong between keys.

mod admin_secret;
mod creation;
mod opensearch;
mod postgres;
mod roles;
mod stores;
mod workloads;

use irsa_chain::untrusted::quoted;
use irsa_chain::{Arn, IssuerUrl};
use sha2::{Digest as _, Sha256};

use crate::mistake::{Mistake, Place};
use crate::outputs::Outputs;
use crate::specification::{self, Specification};
use crate::stack::{Cluster, Files, Injection, OpenSearchStore, Placeholder, PostgresStore, Stack};
use crate::tree::Node;
use crate::yaml::Yaml;

/// The first version of Kubernetes in which native sidecars are enabled by default ("Sidecar Containers" in the
/// Kubernetes documentation).
const NATIVE_SIDECARS: (u32, u32) = (1, 29);

/// Resolves everything.
///
/// # Errors
/// Every mistake.
pub(crate) fn stack(
    file: &Specification,
    outputs: Option<&Outputs>,
    root: &Node,
    digest: String,
) -> Result<Stack, Vec<Mistake>> {
    let mut resolver = Resolver {
        file,
        outputs,
        root,
        mistakes: Vec::new(),
        placeholders: Vec::new(),
    };
    resolver.unknown_outputs();
    resolver.cluster_folders();
    resolver.tags();
    let clusters = resolver.clusters();
    let workloads = resolver.workloads();
    // A workload with a mistake may use what seems unused.
    let is_complete = resolver.mistakes.is_empty();
    let roles = resolver.roles(&workloads);
    let postgres = resolver.postgres(&workloads);
    let opensearch = resolver.opensearch(&workloads);
    resolver.distinct(&postgres, &opensearch);
    if is_complete {
        resolver.unused(&workloads);
    }
    let setup = resolver.setup();
    let Resolver {
        mistakes,
        placeholders,
        ..
    } = resolver;
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let stack = Stack {
        name: file.name.clone(),
        account: file.aws.account.clone(),
        region: file.aws.region.clone(),
        clusters,
        postgres,
        opensearch,
        roles,
        workloads,
        iam: creation::iam(file),
        tags: file.tags.clone(),
        network: file.network.clone(),
        setup,
        camunda: file.camunda.clone(),
        keycloak: file.keycloak.clone().map(|one| (one.chart, one.release)),
        image: file.irsa.image.clone(),
        injection: file.irsa.inject,
        files: Files {
            specification: Yaml::from(&root.to_json()).write(),
            outputs: outputs.map(Outputs::canonical),
        },
        digest,
        placeholders,
    };
    roles::within_quotas(&stack, root).map(|()| stack)
}

/// The file, and what was found so far.
struct Resolver<'f> {
    file: &'f Specification,
    outputs: Option<&'f Outputs>,
    root: &'f Node,
    mistakes: Vec<Mistake>,
    placeholders: Vec<Placeholder>,
}

impl Resolver<'_> {
    fn clusters(&mut self) -> Vec<Cluster> {
        if self.file.clusters.is_empty() {
            self.mistake(
                &["clusters"],
                "`clusters` is empty: workloads need a cluster to run in",
            );
        }
        let names: Vec<_> = self.file.clusters.keys().cloned().collect();
        names.iter().filter_map(|name| self.cluster(name)).collect()
    }

    fn cluster(&mut self, name: &str) -> Option<Cluster> {
        let (account, region) = (&self.file.aws.account, &self.file.aws.region);
        let partition = region.partition();
        self.kubernetes_version(name);
        let arn: Option<Arn> = format!("arn:{partition}:eks:{region}:{account}:cluster/{name}")
            .parse()
            .ok();
        let known = self
            .outputs()
            .and_then(|outputs| outputs.clusters.get(name));
        let issuer = if let Some(issuer) = known.map(|known| known.issuer.clone()) {
            self.compare_issuer(name, &issuer);
            Some(issuer)
        } else {
            self.placeholders.push(Placeholder::Issuer(name.to_owned()));
            placeholder_issuer(region.as_str(), partition.dns_suffix(), name)
        };
        Some(Cluster {
            name: name.to_owned(),
            issuer: issuer?,
            arn: arn?,
            is_existing: self.is_existing(name),
            hop_limit: self.hop_limit(name),
        })
    }

    /// Refuses versions without native sidecars, which are what is rendered.
    fn kubernetes_version(&mut self, name: &str) {
        let cluster = self.file.clusters.get(name);
        let Some(version) = cluster.and_then(|one| one.kubernetes.as_deref()) else {
            return;
        };
        let place = self.root.place_of(&["clusters", name, "kubernetes"]);
        let Some(parsed) = minor_version(version) else {
            let message = format!("{} is not a Kubernetes version", quoted(version));
            let help = "write major and minor version, such as \"1.33\"";
            self.mistakes
                .push(Mistake::new(place, message).with_help(help));
            return;
        };
        if parsed < NATIVE_SIDECARS && self.file.irsa.inject == Injection::Sidecar {
            let message = format!(
                "Kubernetes {version} has no native sidecars, which `irsa render` uses: they need Kubernetes 1.29"
            );
            let help = "upgrade the cluster, or set `irsa.inject` to `webhook`, which adds an ordinary container";
            self.mistakes
                .push(Mistake::new(place, message).with_help(help));
        }
    }

    /// Issuers of EKS name the region of their cluster.
    fn compare_issuer(&mut self, name: &str, issuer: &IssuerUrl) {
        let region = &self.file.aws.region;
        let labels = issuer.host_and_path().strip_prefix("oidc.eks.");
        let found = labels.and_then(|labels| labels.split('.').next());
        if let Some(found) = found.filter(|found| *found != region.as_str()) {
            let message = format!(
                "the issuer of {} is in region {found}, but irsa.yaml has {region}",
                quoted(name)
            );
            self.contradiction(&["clusters", name, "issuer"], message);
        }
    }

    /// Refuses names that differ only in case: their folders would be one on some file systems.
    fn cluster_folders(&mut self) {
        let names: Vec<_> = self.file.clusters.keys().collect();
        for (number, name) in names.iter().enumerate() {
            let mut earlier = names.iter().take(number);
            if let Some(other) = earlier.find(|other| other.eq_ignore_ascii_case(name)) {
                let message = format!(
                    "{} and {} differ only in case: on macOS and Windows, their directories would be the same",
                    quoted(other),
                    quoted(name)
                );
                let place = self.root.key_place(&["clusters", name]);
                self.mistakes.push(Mistake::new(place, message));
            }
        }
    }

    /// Refuses two keys for one store: users and indices would be compared with those of the same key only.
    fn distinct(&mut self, postgres: &[PostgresStore], opensearch: &[OpenSearchStore]) {
        let postgres: Vec<_> = postgres
            .iter()
            .map(|one| {
                let name = format!("{} {} {}", one.identifier, one.account, one.region);
                (&one.key, [name, one.resource_id.to_string()])
            })
            .collect();
        let opensearch: Vec<_> = opensearch
            .iter()
            .map(|one| {
                let name = format!("{} {} {}", one.name, one.account, one.region);
                (&one.key, [name, one.endpoint.clone()])
            })
            .collect();
        for (kind, stores) in [("postgres", postgres), ("opensearch", opensearch)] {
            for (number, (key, store)) in stores.iter().enumerate() {
                let mut earlier = stores.iter().take(number);
                let is_same = |other: &[String; 2]| other.iter().any(|name| store.contains(name));
                if let Some((other, _)) = earlier.find(|(_, other)| is_same(other)) {
                    let message =
                        format!("{} and {} are the same store", quoted(other), quoted(key));
                    let place = self.root.key_place(&[kind, key]);
                    let help = "use one key for it in all workloads";
                    self.mistakes
                        .push(Mistake::new(place, message).with_help(help));
                }
            }
        }
    }

    fn outputs(&self) -> Option<&specification::Outputs> {
        self.outputs.map(|outputs| &outputs.values)
    }

    /// Refuses outputs of what the file does not have.
    fn unknown_outputs(&mut self) {
        let Some(outputs) = self.outputs else {
            return;
        };
        let file = self.file;
        let kinds: [(&str, Vec<&str>, Vec<&str>); 4] = [
            (
                "clusters",
                keys(&file.clusters),
                keys(&outputs.values.clusters),
            ),
            (
                "postgres",
                keys(&file.postgres),
                keys(&outputs.values.postgres),
            ),
            (
                "opensearch",
                keys(&file.opensearch),
                keys(&outputs.values.opensearch),
            ),
            ("roles", keys(&file.workloads), keys(&outputs.values.roles)),
        ];
        for (kind, known, given) in kinds {
            for key in given.iter().filter(|key| !known.contains(key)) {
                let section = if kind == "roles" { "workloads" } else { kind };
                let message = format!(
                    "the outputs contain {}, which is not defined under `{section}` in irsa.yaml",
                    quoted(key)
                );
                let place = outputs.root.key_place(&[kind, key]);
                let mistake = Mistake::new(place, message).suggesting(key, known.iter().copied());
                self.mistakes.push(mistake);
            }
        }
    }

    /// Refuses stores and databases that no workload uses.
    fn unused(&mut self, workloads: &[crate::stack::Workload]) {
        let file = self.file;
        let uses = || workloads.iter().filter_map(|one| one.postgres.as_ref());
        for (key, store) in &file.postgres {
            for name in store.databases.keys() {
                if !uses().any(|one| one.store == *key && one.database == *name) {
                    let message = format!("no workload uses the database {}", quoted(name));
                    self.unused_key(&["postgres", key, "databases", name], message);
                }
            }
            if store.databases.is_empty() {
                self.unused_key(
                    &["postgres", key],
                    format!("{} has no databases", quoted(key)),
                );
            }
        }
        for key in file.opensearch.keys() {
            let mut uses = workloads.iter().filter_map(|one| one.opensearch.as_ref());
            if !uses.any(|one| one.store == *key) {
                let message = format!("no workload uses the domain {}", quoted(key));
                self.unused_key(&["opensearch", key], message);
            }
        }
        for name in file.clusters.keys() {
            if !workloads.iter().any(|one| one.clusters.contains(name)) {
                let message = format!("no workload runs in the cluster {}", quoted(name));
                self.unused_key(&["clusters", name], message);
            }
        }
    }

    fn unused_key(&mut self, path: &[&str], message: String) {
        let mistake = Mistake::new(self.root.key_place(path), message);
        self.mistakes
            .push(mistake.with_help("remove it, or name it in a workload"));
    }

    fn mistake(&mut self, path: &[&str], message: impl Into<String>) {
        let place = self.root.place_of(path);
        self.mistakes.push(Mistake::new(place, message));
    }

    /// A name that nothing has, with a suggestion.
    fn dangling<'a>(
        &mut self,
        path: &[&str],
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let message = format!("{what} {} does not exist", quoted(name));
        let mistake = Mistake::new(self.root.place_of(path), message).suggesting(name, known);
        self.mistakes.push(mistake);
    }

    /// A contradiction between the outputs file and `irsa.yaml`.
    fn contradiction(&mut self, path: &[&str], message: String) {
        let place = self
            .outputs
            .map_or_else(|| Place::start(0), |one| one.root.place_of(path));
        let help = "run `terraform apply` and write the outputs file again";
        self.mistakes
            .push(Mistake::new(place, message).with_help(help));
    }
}

fn keys<T>(map: &std::collections::BTreeMap<String, T>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

/// Characters that are the same in every run, for what AWS will invent.
fn invented(seed: &str, alphabet: &[u8], length: usize) -> String {
    let digest = Sha256::digest(seed);
    let letter = |byte: &u8| {
        let place = usize::from(*byte) % alphabet.len().max(1);
        alphabet.get(place).copied().map_or('a', char::from)
    };
    digest.iter().take(length).map(letter).collect()
}

/// Major and minor version: `1.33`, and `v1.33.2-eks-1234` as the API server reports it.
fn minor_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text
        .strip_prefix('v')
        .unwrap_or(text)
        .split(['.', '-', '+']);
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some((major, minor))
}

fn placeholder_issuer(region: &str, suffix: &str, cluster: &str) -> Option<IssuerUrl> {
    let id = invented(&format!("issuer {cluster}"), b"0123456789ABCDEF", 32);
    format!("https://oidc.eks.{region}.{suffix}/id/{id}")
        .parse()
        .ok()
}
