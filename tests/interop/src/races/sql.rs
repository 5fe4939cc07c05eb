//! `irsa apply sql` on PostgreSQL 15 and 17: from nothing to one setup, from it to another one, and back to nothing.

use std::fs;
use std::path::Path;

use irsa_lab::{Lab, LabOptions, World};
use irsa_testing::program::{Finished, finish, irsa};
use tempfile::TempDir;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Outcome;
use crate::Error;
use crate::server::{binaries, binaries_in, cache_folder};

/// Debian's PostgreSQL 15. The other server is the pinned one.
const OLD: &str = "/usr/lib/postgresql/15/bin";
const CLUSTER: &str = "orders";
/// Rounds between two lines of progress.
const REPORT: usize = 50;
/// The first setup, and the second one, in which `worker` only reads and `reports` is gone.
const SETUPS: [&str; 2] = ["one.yaml", "two.yaml"];

/// A server, and a folder with both setups.
struct Stage {
    lab: Lab,
    folder: TempDir,
}

/// Races on each server.
pub(super) async fn run(rounds: usize, progress: &dyn Fn(&str)) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::new();
    for programs in [binaries_in(Path::new(OLD)).await?, binaries().await?] {
        let name = format!("PostgreSQL {}", programs.version());
        let stage = Stage::start(programs.folder()).await?;
        let mut outcome = Outcome::new(name);
        while outcome.rounds < rounds {
            if outcome.rounds.is_multiple_of(SETUPS.len()) {
                stage.reset().await?;
            }
            let setup = SETUPS[outcome.rounds % SETUPS.len()];
            outcome.add(&stage.race(setup).await?);
            if outcome.rounds.is_multiple_of(REPORT) {
                let Outcome {
                    server,
                    rounds: done,
                    ..
                } = &outcome;
                progress(&format!("{server}: {done} of {rounds} rounds"));
            }
        }
        stage.lab.stop().await;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

// === impl Stage ===

impl Stage {
    async fn start(programs: &Path) -> Result<Self, Error> {
        let mut options =
            LabOptions::new(World::from_yaml(&WORLD.replace("MEMBERSHIP", "inherited"))?);
        options.cache_dir = cache_folder()?;
        options.postgres_bin = Some(programs.to_owned());
        let lab = Lab::start(options).await?;
        let folder = tempfile::tempdir()?;
        let cluster = lab
            .facts()
            .clusters
            .first()
            .ok_or("the world has no cluster")?;
        for (name, workloads) in SETUPS.iter().zip([ONE, TWO]) {
            let head = HEAD
                .replace("ENDPOINT", &cluster.endpoint)
                .replace("RESOURCE_ID", cluster.resource_id.as_str());
            fs::write(folder.path().join(name), head + workloads)?;
        }
        let url = format!(
            "postgresql://camunda_admin:a-password-of-the-lab@{}",
            cluster.dial
        );
        fs::write(folder.path().join("admin.url"), url)?;
        Ok(Self { lab, folder })
    }

    /// Starts two runs at once, and waits for both.
    async fn race(&self, setup: &str) -> Result<[Finished; 2], Error> {
        let (one, other) = (self.apply(setup), self.apply(setup));
        Ok([one.await?, other.await?])
    }

    fn apply(&self, setup: &str) -> JoinHandle<Finished> {
        let mut command = irsa(&["apply", "sql", "--admin", "file:admin.url", "--prune"]);
        command.args(["--output", "json", "-f", setup, "--ca-file"]);
        command
            .arg(&self.lab.facts().ca_file)
            .current_dir(&self.folder);
        spawn_blocking(move || finish(&mut command))
    }

    /// Removes what the setups created.
    async fn reset(&self) -> Result<(), Error> {
        let aurora = self.lab.aurora().ok_or("the lab has no Aurora")?;
        for sql in [
            "DROP DATABASE IF EXISTS orders WITH (FORCE)",
            "DROP ROLE IF EXISTS api, worker, reports",
        ] {
            aurora.execute(CLUSTER, "postgres", sql).await?;
        }
        Ok(())
    }
}

const HEAD: &str = r#"
version: 1
name: races
aws: {account: "111122223333", region: eu-central-1}
clusters: {shop: {}}
postgres:
  orders:
    existing: {endpoint: ENDPOINT, resource_id: RESOURCE_ID}
    databases: {orders: {owner: api}}
workloads:
  api: {service_account: shop/api, postgres: {store: orders, database: orders}}
"#;
const ONE: &str = "
  worker: {service_account: shop/worker, postgres: {store: orders, database: orders, user: worker}}
  reports: {service_account: bi/reports, postgres: {store: orders, database: orders, user: reports, privileges: read}}
";
const TWO: &str = "
  worker: {service_account: shop/worker, postgres: {store: orders, database: orders, user: worker, privileges: read}}
";

/// The world of the tests of irsa-apply.
const WORLD: &str = include_str!("../../../../crates/irsa-apply/src/postgres/tests/world.yaml");
