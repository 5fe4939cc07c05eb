//! The lab of the pod scenarios. One lab runs all scenarios of a group, one after the other, and is set up for each.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use irsa_chain::ServiceAccount;
use irsa_components::opensearch::OpenSearchBinaries;
use irsa_doctor::pod::{DatabaseTarget, DomainTarget, Options, Route};
use irsa_identity::{
    Environment, IdentitySettings, RoleStep, SigningService, SourceChoice, SystemClock,
};
use irsa_lab::facts::WorkloadFacts;
use irsa_lab::oidc::{PodBinding, TokenSpec};
use irsa_lab::{Lab, LabOptions, World};
use irsa_net::connect::HttpProxy;
use irsa_testing::skip;
use tempfile::TempDir;

use super::given::{DatabaseGiven, DomainGiven, Given, Minted, TokenGiven};

pub(super) struct Stage {
    lab: Lab,
    folder: TempDir,
    /// A reserved port on which nothing listens: a bound socket that does not accept connections.
    closed: u16,
}

impl Stage {
    /// With a real PostgreSQL.
    pub(super) async fn with_databases() -> Self {
        Self::start(LabOptions::new(World::camunda_8_3())).await
    }

    /// With a real OpenSearch, if a suitable Java is installed.
    pub(super) async fn with_domains() -> Option<Self> {
        let mut options = LabOptions::new(World::camunda_8_3());
        let found = OpenSearchBinaries::locate(None, &options.cache_dir, &|_| {}).await;
        if let Err(error) = found {
            skip(error);
            return None;
        }
        options.opensearch = true;
        options.aurora = false;
        Some(Self::start(options).await)
    }

    async fn start(options: LabOptions) -> Self {
        let lab = Lab::start(options).await.expect("the lab starts");
        // Reserved and released: the system will not assign it to another process soon.
        let closed = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            lab,
            folder: TempDir::new().unwrap(),
            closed: closed.local_addr().unwrap().port(),
        }
    }

    pub(super) async fn close(self) {
        self.lab.stop().await;
    }

    /// Sets up the lab, and returns the options of the examination.
    pub(super) fn set(&self, given: &Given) -> Options {
        let mut plan = given.faults.clone();
        plan.imds.disabled = !given.imds_open && !plan.imds.hop_limit_one;
        self.lab.faults().set(plan);
        if let Some(aurora) = self.lab.aurora() {
            aurora.faults().set(given.front.clone());
        }
        let facts = self.lab.facts();
        let mut workloads = facts.workloads.iter();
        let workload = workloads.find(|one| one.name == given.workload).unwrap();
        let environment = Environment::from_pairs(self.variables(given, workload));
        let mut identity = IdentitySettings::new(SourceChoice::Auto, environment);
        identity.ca_file = Some(facts.ca_file.clone());
        let (host, port) = facts.oidc_issuer.dial.split_once(':').unwrap();
        Options {
            identity,
            role: given.role.clone(),
            service_account: given.service_account.clone(),
            issuer_dial: Some((host.to_owned(), port.parse().unwrap())),
            databases: self.databases(given, workload),
            domains: self.domains(given, workload),
            clock: Arc::new(SystemClock),
        }
    }

    fn variables(&self, given: &Given, workload: &WorkloadFacts) -> BTreeMap<String, String> {
        let mut variables = workload.environment.clone();
        if let Some(token) = &given.token {
            let path = self.token_file(token, workload);
            for name in [
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            ] {
                if let Some(value) = variables.get_mut(name) {
                    *value = path.display().to_string();
                }
            }
        }
        variables.extend(given.set.clone());
        variables.retain(|name, _| !given.unset.contains(name));
        variables
    }

    fn token_file(&self, token: &TokenGiven, workload: &WorkloadFacts) -> PathBuf {
        let path = self.folder.path().join("token");
        match token {
            TokenGiven::Missing => return self.folder.path().join("none"),
            TokenGiven::Folder => return self.folder.path().to_owned(),
            TokenGiven::Text(text) => std::fs::write(&path, text),
            TokenGiven::Minted(minted) => std::fs::write(&path, self.mint(minted, workload)),
        }
        .unwrap();
        path
    }

    fn mint(&self, minted: &Minted, workload: &WorkloadFacts) -> String {
        let own = || ServiceAccount::new(&workload.namespace, &workload.service_account).unwrap();
        let account = minted.service_account.clone().unwrap_or_else(own);
        let mut spec = TokenSpec::new(account).audience(&workload.audience);
        if let Some(audience) = &minted.audience {
            spec.audience = audience.clone();
        }
        let issuer = &self.lab.facts().oidc_issuer.url;
        let suffix = minted.issuer_suffix.as_ref();
        spec.issuer = suffix.map(|suffix| format!("{issuer}{suffix}"));
        spec.subject.clone_from(&minted.subject);
        spec.expires_in = minted.expires_in;
        spec.issued_in = minted.issued_in;
        spec.key = minted.key;
        spec.pod = minted.pod.as_ref().map(|name| PodBinding {
            name: name.clone(),
            uid: "7d0f".to_owned(),
            node: "node-1".to_owned(),
            node_uid: "1a2b".to_owned(),
            service_account_uid: "3c4d".to_owned(),
        });
        self.lab.mint_token(&spec).unwrap()
    }

    fn databases(&self, given: &Given, workload: &WorkloadFacts) -> Vec<DatabaseTarget> {
        let of_workload = workload.database.clone().zip(workload.user.clone());
        let unchanged = DatabaseGiven::default();
        let changes = given.database.as_ref().unwrap_or(&unchanged);
        let (Some(cluster), true) = (
            self.lab.facts().clusters.first(),
            of_workload.is_some() || given.database.is_some(),
        ) else {
            return Vec::new();
        };
        let (name, user) = of_workload.unzip();
        let (dial_host, dial_port) = address(&cluster.dial);
        let sign_host = changes.sign_host.as_ref().unwrap_or(&cluster.endpoint);
        let route = Route {
            sign_host: sign_host.clone(),
            sign_port: cluster.port,
            region: changes
                .region
                .clone()
                .unwrap_or(self.lab.facts().region.clone()),
            dial_host: changes.dial_host.clone().unwrap_or(dial_host),
            dial_port: if changes.closed_port {
                self.closed
            } else {
                dial_port
            },
            http_proxy: changes.http_proxy.as_deref().map(http_proxy),
            tls_name: cluster.endpoint.clone().try_into().unwrap(),
        };
        let role = changes.role.clone();
        vec![DatabaseTarget {
            route,
            user: changes.user.clone().or(user),
            name: changes.name.clone().or(name),
            role: role.map(|role| RoleStep {
                role,
                external_id: changes.external_id.clone(),
                session_name: None,
            }),
        }]
    }

    fn domains(&self, given: &Given, workload: &WorkloadFacts) -> Vec<DomainTarget> {
        let unchanged = DomainGiven::default();
        let changes = given.domain.as_ref().unwrap_or(&unchanged);
        let mut domains = self.lab.facts().domains.iter();
        let Some(domain) = domains.find(|one| Some(&one.name) == workload.domain.as_ref()) else {
            return Vec::new();
        };
        let (dial_host, dial_port) = address(&domain.dial);
        let tls_name = changes.tls_name.as_ref().unwrap_or(&domain.endpoint);
        vec![DomainTarget {
            route: Route {
                sign_host: domain.endpoint.clone(),
                sign_port: 443,
                region: changes.region.clone().unwrap_or(domain.region.clone()),
                dial_host: changes.dial_host.clone().unwrap_or(dial_host),
                dial_port: if changes.closed_port {
                    self.closed
                } else {
                    dial_port
                },
                http_proxy: None,
                tls_name: tls_name.clone().try_into().unwrap(),
            },
            service: if changes.as_collection {
                SigningService::Aoss
            } else {
                SigningService::Es
            },
            role: None,
        }]
    }
}

fn http_proxy(url: &str) -> HttpProxy {
    HttpProxy::parse(url).unwrap()
}

fn address(dial: &str) -> (String, u16) {
    let (host, port) = dial.split_once(':').unwrap();
    (host.to_owned(), port.parse().unwrap())
}
