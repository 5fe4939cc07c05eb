//! A lab with one cluster and its master user.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use irsa_lab::{Lab, LabOptions, World};
use irsa_net::tls::Roots;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

use super::super::fuse::Fuse;
use super::super::{Admin, AdminPassword};
use super::state;

/// Debian's servers.
const DEBIAN: &str = "/usr/lib/postgresql";
const CLUSTER: &str = "orders";
pub(super) const ADMIN: &str = "camunda_admin";
pub(super) const PASSWORD: &str = "a-password-of-the-lab";

/// The version of PostgreSQL, and the memberships in `rds_iam` that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// PostgreSQL 15, on which all memberships inherit.
    Old,
    /// PostgreSQL 17, where inherited memberships count.
    Inherited,
    /// PostgreSQL 17, where all memberships count.
    Any,
}

pub(super) struct Stage {
    lab: Lab,
    pub(super) kind: Kind,
    /// The number of statements after which the connection is cut.
    pub(super) cut_after: Option<usize>,
}

/// A lab is started by the first test that needs it. The servers end with this process.
static STAGES: [Mutex<Option<(Runtime, Stage)>>; 3] =
    [Mutex::new(None), Mutex::new(None), Mutex::new(None)];

/// Runs a test on each kind of server, on which nothing was set up.
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers write the test in place"
)]
pub(super) fn on_each(kinds: &[Kind], test: impl AsyncFn(&mut Stage)) {
    for kind in kinds {
        let Some(mut guard) = stage(*kind) else {
            continue;
        };
        let Some((runtime, stage)) = guard.as_mut() else {
            continue;
        };
        runtime.block_on(async {
            stage.reset().await;
            test(stage).await;
        });
    }
}

fn stage(kind: Kind) -> Option<MutexGuard<'static, Option<(Runtime, Stage)>>> {
    let index = match kind {
        Kind::Old => 0,
        Kind::Inherited => 1,
        Kind::Any => 2,
    };
    let mut guard = STAGES[index].lock().unwrap_or_else(PoisonError::into_inner);
    if guard.is_none() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let stage = runtime.block_on(Stage::start(kind))?;
        *guard = Some((runtime, stage));
    }
    Some(guard)
}

impl Stage {
    async fn start(kind: Kind) -> Option<Self> {
        let membership = match kind {
            Kind::Old | Kind::Any => "any",
            Kind::Inherited => "inherited",
        };
        let world = WORLD.replace("MEMBERSHIP", membership);
        let mut options = LabOptions::new(World::from_yaml(&world).unwrap());
        options.postgres_bin = std::env::var_os("IRSA_POSTGRES_BIN").map(Into::into);
        if kind == Kind::Old {
            options.postgres_bin = Some(version_15()?);
        }
        let lab = Lab::start(options).await.unwrap();
        Some(Self {
            lab,
            kind,
            cut_after: None,
        })
    }

    /// The administrator by password.
    pub(super) fn admin(&self) -> Admin {
        self.user(ADMIN, PASSWORD)
    }

    /// The administrator by password, with other certificate authorities than the lab's.
    pub(super) fn admin_who_trusts(&self, roots: &Roots) -> Admin {
        self.login(ADMIN, PASSWORD, roots)
    }

    /// A user by password.
    pub(super) fn user(&self, name: &str, password: &str) -> Admin {
        let roots = Roots::from_pem_file(&self.lab.facts().ca_file).unwrap();
        self.login(name, password, &roots)
    }

    fn login(&self, name: &str, password: &str, roots: &Roots) -> Admin {
        let facts = self.lab.facts();
        let cluster = facts.clusters.first().unwrap();
        let login = (name.to_owned(), AdminPassword::Password(password.into()));
        let admin = Admin::new(login, (&cluster.endpoint, cluster.port), roots).unwrap();
        let (host, port) = cluster.dial.rsplit_once(':').unwrap();
        let mut admin = admin.with_dial(host, port.parse().unwrap());
        admin.fuse = Fuse::after(self.cut_after);
        if self.cut_after.is_some() {
            admin.set_guard_delay(std::time::Duration::from_secs(2));
        }
        admin
    }

    /// A session of the administrator for the test's own queries.
    pub(super) async fn session(&self, database: &str) -> Client {
        let mut admin = self.admin();
        admin.fuse = Fuse::default();
        admin
            .log_in(database)
            .await
            .map_err(|error| error.reason().to_owned())
            .unwrap()
    }

    /// Fails unless the administrator can log in.
    pub(super) async fn check_admin(&self) {
        self.session("postgres").await;
    }

    /// Runs a statement as the superuser.
    pub(super) async fn execute(&self, database: &str, sql: &str) {
        let aurora = self.lab.aurora().unwrap();
        aurora.execute(CLUSTER, database, sql).await.unwrap();
    }

    /// Everything that a run may change.
    pub(super) async fn state(&self) -> String {
        state::read(self).await
    }

    /// Removes all users and databases but the server's and the master user.
    pub(super) async fn reset(&mut self) {
        self.cut_after = None;
        for statement in state::removals(self).await {
            self.execute("postgres", &statement).await;
        }
    }
}

/// Debian's PostgreSQL 15. Only some releases of Debian have it: where it is missing, its tests are skipped.
fn version_15() -> Option<std::path::PathBuf> {
    let folder = Path::new(DEBIAN).join("15/bin");
    if folder.join("postgres").exists() {
        return Some(folder);
    }
    eprintln!("skipped: {} is missing", folder.display());
    None
}

const WORLD: &str = include_str!("world.yaml");
