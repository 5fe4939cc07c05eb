//! A PostgreSQL with a direct target and one through irsa.

use std::path::Path;

use irsa_lab::{Lab, LabOptions, World};

use crate::Error;
use crate::proxy::Proxy;
use crate::server::{ENDPOINT, TrustingPostgres, binaries, binaries_in, cache_folder};
use crate::target::{SslMode, Target};

/// The workload of the lab that connects; its database user and database have the same name.
const WORKLOAD: &str = "keycloak";
/// The default database of suites.
const DATABASE: &str = "suites";

/// The direct target and the one through irsa, both with verified TLS.
pub(super) struct Targets {
    straight: Target,
    through: Target,
    proxy: Proxy,
    lab: Option<Lab>,
    direct: TrustingPostgres,
}

impl Targets {
    /// Returns a target through irsa to the lab's front, and a direct one to a different PostgreSQL of the same
    /// version.
    pub(super) async fn through_the_lab() -> Result<Self, Error> {
        let mut options = LabOptions::new(World::camunda_8_3());
        options.cache_dir = cache_folder()?;
        options.postgres_bin = Some(binaries().await?.folder().to_owned());
        let lab = Lab::start(options).await?;
        let direct = TrustingPostgres::start(WORKLOAD, WORKLOAD).await?;
        let proxy = proxy_to_lab(&lab)?;
        Ok(Self {
            straight: direct.target(),
            through: verified(&proxy, WORKLOAD, WORKLOAD),
            proxy,
            lab: Some(lab),
            direct,
        })
    }

    /// Returns both targets to the same PostgreSQL as its superuser, which RDS's front would reject. `programs` is the
    /// directory of the server's programs, if not the pinned version.
    pub(super) async fn as_superuser(programs: Option<&Path>) -> Result<Self, Error> {
        let programs = match programs {
            Some(folder) => binaries_in(folder).await?,
            None => binaries().await?,
        };
        let direct = TrustingPostgres::start_from(&programs, DATABASE, DATABASE).await?;
        let proxy = proxy_to(&direct)?;
        let user = direct.superuser().to_owned();
        Ok(Self {
            straight: Target {
                user: user.clone(),
                ..direct.target()
            },
            through: verified(&proxy, &user, DATABASE),
            proxy,
            lab: None,
            direct,
        })
    }

    pub(super) fn straight(&self) -> &Target {
        &self.straight
    }

    pub(super) fn through(&self) -> &Target {
        &self.through
    }

    /// Stops everything.
    pub(super) async fn stop(self) {
        drop(self.proxy);
        drop(self.direct);
        if let Some(lab) = self.lab {
            lab.stop().await;
        }
    }
}

fn verified(proxy: &Proxy, user: &str, database: &str) -> Target {
    let target = Target {
        host: "localhost".to_owned(),
        ..proxy.target(user, database)
    };
    target.with_tls(SslMode::VerifyFull, Some(&proxy.ca_file()))
}

fn proxy_to_lab(lab: &Lab) -> Result<Proxy, Error> {
    let facts = lab.facts();
    let cluster = facts.clusters.first().ok_or("the world has no cluster")?;
    let workload = facts.workload(WORKLOAD);
    let workload = workload.ok_or("the world does not have the workload")?;
    let upstream = cluster.upstream();
    let environment = workload.environment.iter();
    let environment = environment.filter(|(name, _)| *name != "IRSA_UPSTREAMS");
    let environment = environment.map(|(name, value)| (name.as_str(), value.as_str()));
    Proxy::start(&upstream, environment)
}

/// Returns a proxy to a PostgreSQL that trusts all users and does not check credentials.
fn proxy_to(server: &TrustingPostgres) -> Result<Proxy, Error> {
    let port = server.target().port;
    let upstream = format!("postgres://{ENDPOINT}:{port}?dial=127.0.0.1:{port}");
    let ca_file = server.ca_file().display().to_string();
    let environment = [
        ("IRSA_IDENTITY", "env"),
        ("IRSA_CA_FILE", &ca_file),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
    ];
    Proxy::start(&upstream, environment)
}
