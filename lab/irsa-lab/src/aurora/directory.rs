//! The real server's roles and their memberships.

use irsa_components::postgres::Postgres;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::setup::IAM_ROLE;
use crate::world::{Cluster, IamMembership};

/// Membership as `+rds_iam` in `pg_hba.conf` defines it: direct or indirect, and without the superuser's implicit
/// membership of every role. With `$3`, only memberships that inherit count; before PostgreSQL 16, which has no such
/// column, all do.
///
/// A membership in `rds_iam` that neither inherits nor can be assumed stands for the master user's right to grant it.
const IS_MEMBER: &str = "
    WITH RECURSIVE links (member, roleid, inherits, assumes) AS (
        SELECT link.member, link.roleid,
            coalesce((pg_catalog.to_jsonb(link) ->> 'inherit_option')::pg_catalog.bool, true),
            coalesce((pg_catalog.to_jsonb(link) ->> 'set_option')::pg_catalog.bool, true)
        FROM pg_catalog.pg_auth_members link
    ), groups (oid) AS (
        SELECT role.oid FROM pg_catalog.pg_roles role WHERE role.rolname::pg_catalog.text = $1
        UNION
        SELECT links.roleid FROM links JOIN groups ON links.member = groups.oid
            JOIN pg_catalog.pg_roles role ON role.oid = links.roleid
        WHERE (links.inherits OR NOT $3)
            AND (links.inherits OR links.assumes OR role.rolname::pg_catalog.text <> $2)
    )
    SELECT EXISTS (SELECT FROM groups JOIN pg_catalog.pg_roles role USING (oid) WHERE role.rolname::pg_catalog.text = $2)
";

/// Queries the real server's roles over one connection, which is reopened after a failure.
#[derive(Debug)]
pub(super) struct Directory {
    config: Config,
    inherited_only: bool,
    session: Mutex<Option<Session>>,
}

#[derive(Debug)]
struct Session {
    client: Client,
    is_member: Statement,
}

impl Directory {
    pub(super) fn new(postgres: &Postgres, cluster: &Cluster) -> Self {
        Self {
            config: postgres.superuser_config("postgres"),
            inherited_only: cluster.iam_membership == IamMembership::Inherited,
            session: Mutex::new(None),
        }
    }

    /// Returns whether `role` must log in by IAM; false for a role that does not exist.
    pub(super) async fn uses_iam(&self, role: &str) -> Result<bool, tokio_postgres::Error> {
        let mut session = self.session.lock().await;
        if let Some(live) = session
            .as_ref()
            .filter(|session| !session.client.is_closed())
            && let Ok(member) = live.uses_iam(role, self.inherited_only).await
        {
            return Ok(member);
        }
        let fresh = session.insert(Session::open(&self.config).await?);
        fresh.uses_iam(role, self.inherited_only).await
    }
}

impl Session {
    async fn open(config: &Config) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        let is_member = client.prepare(IS_MEMBER).await?;
        Ok(Self { client, is_member })
    }

    async fn uses_iam(
        &self,
        role: &str,
        inherited_only: bool,
    ) -> Result<bool, tokio_postgres::Error> {
        Ok(self
            .client
            .query_one(&self.is_member, &[&role, &IAM_ROLE, &inherited_only])
            .await?
            .get(0))
    }
}
