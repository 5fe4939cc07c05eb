//! The real server's roles and their memberships.

use irsa_components::postgres::Postgres;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::setup::IAM_ROLE;

/// Membership as `+rds_iam` in `pg_hba.conf` defines it: direct or indirect, with or without inherited rights, and
/// without the superuser's implicit membership of every role.
const IS_MEMBER: &str = "
    WITH RECURSIVE groups (oid) AS (
        SELECT role.oid FROM pg_catalog.pg_roles role WHERE role.rolname::pg_catalog.text = $1
        UNION
        SELECT link.roleid FROM pg_catalog.pg_auth_members link JOIN groups ON link.member = groups.oid
    )
    SELECT EXISTS (SELECT FROM groups JOIN pg_catalog.pg_roles role USING (oid) WHERE role.rolname::pg_catalog.text = $2)
";

/// Queries the real server's roles over one connection, which is reopened after a failure.
#[derive(Debug)]
pub(super) struct Directory {
    config: Config,
    session: Mutex<Option<Session>>,
}

#[derive(Debug)]
struct Session {
    client: Client,
    is_member: Statement,
}

impl Directory {
    pub(super) fn new(postgres: &Postgres) -> Self {
        Self {
            config: postgres.superuser_config("postgres"),
            session: Mutex::new(None),
        }
    }

    /// Whether `role` must log in by IAM; false for a role that does not exist.
    pub(super) async fn uses_iam(&self, role: &str) -> Result<bool, tokio_postgres::Error> {
        let mut session = self.session.lock().await;
        if let Some(live) = session
            .as_ref()
            .filter(|session| !session.client.is_closed())
            && let Ok(member) = live.uses_iam(role).await
        {
            return Ok(member);
        }
        let fresh = session.insert(Session::open(&self.config).await?);
        fresh.uses_iam(role).await
    }
}

impl Session {
    async fn open(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        let is_member = client.prepare(IS_MEMBER).await?;
        Ok(Self { client, is_member })
    }

    async fn uses_iam(&self, role: &str) -> Result<bool, tokio_postgres::Error> {
        Ok(self
            .client
            .query_one(&self.is_member, &[&role, &IAM_ROLE])
            .await?
            .get(0))
    }
}
