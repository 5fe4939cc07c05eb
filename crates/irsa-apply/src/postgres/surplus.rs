//! Privileges and memberships that the specification does not give, or no longer gives.
//!
//! A run takes back what an earlier run, or the script of `irsa render sql`, granted to a user that has the setup's mark.
//! It only reports what someone else granted, and memberships that the administrator granted by hand.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{UserObject, revoke_on_database, revoke_on_schema, stop_acting};

use super::Run;
use super::access::Access;
use super::acl::{self, Granted, Membership, TableGrants, Trace};
use super::session::Session;
use super::state;
use crate::ApplyError;

/// A user whose privileges are compared with the specification.
pub(super) struct Subject<'s> {
    pub(super) name: &'s str,
    pub(super) acts_as: Option<&'s str>,
    /// Whether it has the setup's mark.
    pub(super) is_ours: bool,
}

/// What is to be taken back.
struct Surplus {
    /// What the user has, such as "CONNECT on database `orders`".
    what: String,
    grantor: String,
    is_revocable: bool,
    statements: Vec<String>,
}

impl Run<'_, '_> {
    /// Takes back the memberships of users that act as no one any more. It comes before the grants, because a membership
    /// may stand in for one.
    pub(super) async fn surplus_memberships(&mut self) -> Result<(), ApplyError> {
        let objects = self.objects;
        for user in &objects.users {
            let Some(subject) = self.subject(user).await? else {
                continue;
            };
            for one in acl::memberships(&self.session, &user.name, subject.acts_as).await? {
                let is_of_specification = one.is_of_specification();
                // Another `acts_as` replaces it in the same step. In a dry run, it is still there.
                if subject.is_ours && is_of_specification && user.acts_as.is_some() {
                    continue;
                }
                let surplus = membership(&user.name, one, is_of_specification);
                self.take_back(None, &subject, surplus).await?;
            }
        }
        Ok(())
    }

    /// Returns the statements that take back the membership of an earlier `acts_as`, and keep the setting.
    pub(super) async fn stop_acting_as_others(
        &self,
        user: &UserObject,
    ) -> Result<Vec<String>, ApplyError> {
        let Some(subject) = self.subject(user).await?.filter(|one| one.is_ours) else {
            return Ok(Vec::new());
        };
        let memberships = acl::memberships(&self.session, &user.name, subject.acts_as).await?;
        let earlier = memberships.iter().filter(|one| one.is_of_specification());
        let revoke = |one: &Membership| {
            let [revoke, _] = stop_acting(&user.name, &one.role);
            revoke
        };
        Ok(earlier.map(revoke).collect())
    }

    /// Takes back privileges, after the grants.
    pub(super) async fn surplus_privileges(&mut self) -> Result<(), ApplyError> {
        let objects = self.objects;
        for user in &objects.users {
            if let Some(subject) = self.subject(user).await? {
                self.reduce_privileges(&subject).await?;
            }
        }
        Ok(())
    }

    /// Returns `None` for a user that does not exist yet, in a dry run.
    async fn subject<'u>(&self, user: &'u UserObject) -> Result<Option<Subject<'u>>, ApplyError> {
        let role = state::role(&self.session, &user.name).await?;
        Ok(role.map(|role| Subject {
            name: &user.name,
            acts_as: user.acts_as.as_deref(),
            // A different store may give what its users have.
            is_ours: role.comment.as_ref() == Some(&self.objects.mark)
                && !self.objects.users_of_other_stores.contains(&user.name),
        }))
    }

    /// Takes back all memberships of a user that is to be removed. Returns whether none of others is left.
    pub(super) async fn end_memberships(
        &mut self,
        subject: &Subject<'_>,
    ) -> Result<bool, ApplyError> {
        let (user, mut is_all) = (subject.name, true);
        for one in acl::memberships(&self.session, user, None).await? {
            let is_revocable = one.is_revocable;
            let surplus = membership(user, one, is_revocable);
            is_all &= self.take_back(None, subject, surplus).await?;
        }
        Ok(is_all)
    }

    /// Takes back privileges that the specification does not give. Returns whether none of others is left.
    pub(super) async fn reduce_privileges(
        &mut self,
        subject: &Subject<'_>,
    ) -> Result<bool, ApplyError> {
        let (user, mut is_all) = (subject.name, true);
        for (database, one) in acl::on_databases(&self.session, user).await? {
            let access = Access::new(&self.objects.databases, &database, user);
            if let Some(surplus) = on_database(user, &database, access, one) {
                is_all &= self.take_back(None, subject, surplus).await?;
            }
        }
        for trace in acl::traces(&self.session, user).await? {
            is_all &= self.reduce_inside(subject, &trace).await?;
        }
        Ok(is_all)
    }

    /// Takes back what the user has on objects of a database.
    async fn reduce_inside(
        &mut self,
        subject: &Subject<'_>,
        trace: &Trace,
    ) -> Result<bool, ApplyError> {
        let user = subject.name;
        let access = Access::new(&self.objects.databases, &trace.database, user);
        if access == Access::All {
            return Ok(true);
        }
        if subject.is_ours && trace.owned > 0 {
            self.note_owned(user, trace, access);
        }
        let inside = match self.session_in(trace).await {
            Ok(session) => session,
            Err(reason) => {
                let (name, database) = (quoted(user), quoted(&trace.database));
                let what = format!("privileges of user {name} in database {database} are unknown");
                self.steps.note(what, vec![reason]);
                return Ok(false);
            }
        };
        let mut is_all = trace.owned == 0;
        for one in acl::on_schema(&inside, user).await? {
            if let Some(surplus) = on_schema(user, &trace.database, access, one) {
                is_all &= self.take_back(Some(&inside), subject, surplus).await?;
            }
        }
        // The owner of the tables lets a reader read them.
        if access == Access::None && subject.is_ours {
            is_all &= self.reduce_objects(&inside, subject, trace).await?;
        }
        Ok(is_all)
    }

    async fn session_in(&self, trace: &Trace) -> Result<Session, String> {
        if !trace.allows_connections {
            return Err("the database accepts no connections".to_owned());
        }
        let session = Session::open(self.admin, &trace.database).await;
        session.map_err(|error| error.reason().to_owned())
    }

    /// Takes back what users of this setup granted on their tables, and reports other objects.
    async fn reduce_objects(
        &mut self,
        inside: &Session,
        subject: &Subject<'_>,
        trace: &Trace,
    ) -> Result<bool, ApplyError> {
        let mut left = acl::objects(inside, subject.name).await?;
        for grants in acl::on_tables(inside, subject.name).await? {
            if grants.comment.as_ref() == Some(&self.objects.mark) {
                left -= grants.objects;
                self.revoke_as_owner(inside, subject.name, &trace.database, grants)
                    .await?;
            }
        }
        if left > 0 {
            self.steps.note(
                format!(
                    "user {} has privileges on other objects in database {} ({left}), which irsa.yaml does not give",
                    quoted(subject.name),
                    quoted(&trace.database)
                ),
                Vec::new(),
            );
        }
        Ok(left == 0)
    }

    /// The administrator has no privileges on the tables, and becomes a member of their owner for one transaction.
    async fn revoke_as_owner(
        &mut self,
        inside: &Session,
        user: &str,
        database: &str,
        grants: TableGrants,
    ) -> Result<(), ApplyError> {
        let TableGrants {
            grantor,
            statements,
            ..
        } = grants;
        let what = format!(
            "user {} has no privileges on the tables of {} in database {}",
            quoted(user),
            quoted(&grantor),
            quoted(database)
        );
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            inside.run_as_member(&grantor, &statements).await
        };
        self.report(what, statements, outcome)
    }

    /// Revokes as the administrator, if it is the grantor and the user is this setup's. Returns whether it is.
    async fn take_back(
        &mut self,
        inside: Option<&Session>,
        subject: &Subject<'_>,
        surplus: Surplus,
    ) -> Result<bool, ApplyError> {
        let Surplus {
            what,
            grantor,
            is_revocable,
            statements,
        } = surplus;
        let user = quoted(subject.name);
        if !(subject.is_ours && is_revocable) {
            self.steps.note(
                format!(
                    "user {user} has {what}, which irsa.yaml does not give; {} granted it",
                    quoted(&grantor)
                ),
                statements,
            );
            return Ok(false);
        }
        let session = inside.unwrap_or(&self.session);
        let outcome = if self.steps.is_dry_run() {
            Ok(())
        } else {
            session.run_all(&statements).await
        };
        self.report(format!("user {user} has no {what}"), statements, outcome)?;
        Ok(true)
    }

    fn note_owned(&mut self, user: &str, trace: &Trace, access: Access) {
        let (user, database, owned) = (quoted(user), quoted(&trace.database), trace.owned);
        let what = match access {
            Access::Read => format!(
                "user {user} owns objects in database {database} ({owned}), which `privileges: read` does not protect"
            ),
            _ => format!("user {user} owns objects in database {database} ({owned})"),
        };
        self.steps.note(what, Vec::new());
    }
}

fn membership(user: &str, one: Membership, is_revocable: bool) -> Surplus {
    let [revoke, reset] = stop_acting(user, &one.role);
    Surplus {
        what: format!("membership in {}", quoted(&one.role)),
        grantor: one.grantor,
        is_revocable,
        statements: if one.is_setting {
            vec![revoke, reset]
        } else {
            vec![revoke]
        },
    }
}

fn on_database(user: &str, database: &str, access: Access, one: Granted) -> Option<Surplus> {
    let privileges = without(&one.privileges, access.on_database())?;
    Some(Surplus {
        what: format!("{privileges} on database {}", quoted(database)),
        grantor: one.grantor,
        is_revocable: one.is_revocable,
        statements: vec![revoke_on_database(database, &privileges, user)],
    })
}

fn on_schema(user: &str, database: &str, access: Access, one: Granted) -> Option<Surplus> {
    let privileges = without(&one.privileges, access.on_schema())?;
    Some(Surplus {
        what: format!(
            "{privileges} on schema public of database {}",
            quoted(database)
        ),
        grantor: one.grantor,
        is_revocable: one.is_revocable,
        statements: vec![revoke_on_schema(&privileges, user)],
    })
}

/// Returns the privileges that are not wanted, as a list for REVOKE.
fn without(privileges: &[String], wanted: &[&str]) -> Option<String> {
    let surplus = privileges
        .iter()
        .filter(|one| !wanted.contains(&one.as_str()));
    let surplus: Vec<_> = surplus.map(String::as_str).collect();
    (!surplus.is_empty()).then(|| surplus.join(", "))
}
