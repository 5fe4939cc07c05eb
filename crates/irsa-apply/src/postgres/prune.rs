//! What earlier runs created and the specification no longer has.
//!
//! Databases are never removed, and neither are users that own something, have members or open sessions, are named in
//! row-level security policies, or have privileges that others granted.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{allow_login, drop_user, forbid_login};

use super::Run;
use super::acl;
use super::session::Session;
use super::surplus::Subject;
use crate::ApplyError;

/// Users with our comment, whether they own something, have members other than the administrator, and can log in.
const MARKED_USERS: &str = "
    SELECT r.rolname::text, EXISTS (SELECT FROM pg_shdepend s
      WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype = 'o'),
      EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles member ON member.oid = m.member
        WHERE m.roleid = r.oid AND member.rolname <> current_user), r.rolcanlogin
    FROM pg_roles r WHERE shobj_description(r.oid, 'pg_authid') = $1::text ORDER BY 1";

const MARKED_DATABASES: &str = "
    SELECT d.datname::text FROM pg_database d WHERE shobj_description(d.oid, 'pg_database') = $1::text ORDER BY 1";

/// A user that is left over.
struct Leftover {
    name: String,
    owns: bool,
    has_members: bool,
    can_log_in: bool,
}

impl Run<'_, '_> {
    /// Reports what is left over, and removes it if `prune` says so and nothing depends on it.
    pub(super) async fn leftovers(&mut self, prune: bool) -> Result<(), ApplyError> {
        let objects = self.objects;
        for row in self.session.query(MARKED_USERS, &[&objects.mark]).await? {
            let user = Leftover {
                name: row.get(0),
                owns: row.get(1),
                has_members: row.get(2),
                can_log_in: row.get(3),
            };
            if !objects.names_user(&user.name) {
                self.leftover_user(&user, prune).await?;
            }
        }
        for row in self
            .session
            .query(MARKED_DATABASES, &[&objects.mark])
            .await?
        {
            let database: String = row.get(0);
            if !objects.names_database(&database) {
                let name = quoted(&database);
                let what = format!(
                    "database {name} is no longer in irsa.yaml; databases are never removed"
                );
                self.steps.note(what, Vec::new());
            }
        }
        Ok(())
    }

    async fn leftover_user(&mut self, user: &Leftover, prune: bool) -> Result<(), ApplyError> {
        if user.owns {
            self.keep(user, "it owns objects and is kept", Vec::new());
        } else if user.has_members {
            self.keep(user, "it has members and is kept", Vec::new());
        } else if self.has_policies(user).await? {
            return Ok(());
        } else if !prune {
            self.keep(user, "--prune removes it", Vec::new());
        } else if !self.has_sessions(user).await? {
            return self.remove(user).await;
        }
        Ok(())
    }

    fn keep(&mut self, user: &Leftover, why: &str, details: Vec<String>) {
        let name = quoted(&user.name);
        let what = format!("user {name} is no longer in irsa.yaml; {why}");
        self.steps.note(what, details);
    }

    /// Returns whether row-level security policies name the user, and reports them. The server refuses to drop such a user,
    /// and only the owner of a table can change its policies.
    async fn has_policies(&mut self, user: &Leftover) -> Result<bool, ApplyError> {
        let databases = acl::databases_with_policies(&self.session, &user.name).await?;
        if databases.is_empty() {
            return Ok(false);
        }
        let mut details = Vec::new();
        for (database, count) in databases {
            details.extend(self.policies(user, &database, count).await);
        }
        let why = "row-level security policies name it, and it is kept until the owners of the tables drop or change \
                   these policies";
        self.keep(user, why, details);
        Ok(true)
    }

    /// A line for each policy of a database; where irsa cannot connect to it, for all of them.
    async fn policies(&self, user: &Leftover, database: &str, count: i64) -> Vec<String> {
        let name = quoted(database);
        let found = match Session::open(self.admin, database).await {
            Ok(session) => acl::policies(&session, &user.name).await,
            Err(error) => Err(error.into()),
        };
        match found {
            Ok(policies) => {
                let line = |policy| format!("database {name}: POLICY {policy}");
                policies.into_iter().map(line).collect()
            }
            Err(error) => vec![format!("database {name}: {count} policies ({error})")],
        }
    }

    /// Returns whether the user has open sessions, and reports them.
    async fn has_sessions(&mut self, user: &Leftover) -> Result<bool, ApplyError> {
        let pids = acl::sessions(&self.session, &user.name).await?;
        if pids.is_empty() {
            return Ok(false);
        }
        let why = format!("it has open sessions ({}) and is kept", pids.len());
        let pids: Vec<_> = pids.iter().map(i32::to_string).collect();
        self.keep(user, &why, vec![format!("PIDs: {}", pids.join(", "))]);
        Ok(true)
    }

    /// Takes back what this setup granted, and drops the user. No session begins meanwhile.
    async fn remove(&mut self, user: &Leftover) -> Result<(), ApplyError> {
        let name = quoted(&user.name).to_string();
        if user.can_log_in {
            let what = format!("user {name} cannot log in");
            self.change(what, vec![forbid_login(&user.name)]).await?;
            if self.has_sessions(user).await? {
                let what = format!("user {name} can log in");
                return self.change(what, vec![allow_login(&user.name)]).await;
            }
        }
        let subject = Subject {
            name: &user.name,
            acts_as: None,
            is_ours: true,
        };
        let is_all = self.end_memberships(&subject).await?;
        if !(self.reduce_privileges(&subject).await? && is_all) {
            let why = "it has privileges that this run cannot revoke, and is kept; it can no longer log in";
            self.keep(user, why, Vec::new());
            return Ok(());
        }
        let what = format!("user {name} is removed");
        self.change(what, vec![drop_user(&user.name)]).await
    }
}
