//! Users that log in by IAM.

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::{UserObject, allow_login, identifier, marked_setup};

use super::admin::AdminPassword;
use super::guard::Guard;
use super::state::{self, IamState, RoleState};
use super::{MAX_NAMES, Run, login_proof};
use crate::ApplyError;

impl Run<'_, '_> {
    /// Creates the user, and lets it log in by IAM.
    pub(super) async fn user(&mut self, user: &UserObject) -> Result<(), ApplyError> {
        let name = quoted(&user.name).to_string();
        let found = state::role(&self.session, &user.name).await?;
        match &found {
            None => {
                let create = user.create(&self.objects.mark).to_vec();
                self.change(format!("user {name} exists"), create).await?;
            }
            Some(role) => {
                self.refuse_foreign(user, role)?;
                self.steps.held(format!("user {name} exists"));
                if !role.can_log_in {
                    self.refuse_group(user, role)?;
                    let what = format!("user {name} can log in");
                    self.change(what, vec![allow_login(&user.name)]).await?;
                }
            }
        }
        self.acts_as(user).await?;
        let has_iam = found.is_some_and(|role| role.iam == IamState::Direct);
        self.iam(user, has_iam).await
    }

    /// Refuses a role of a different setup, and one that someone else created: with rds_iam, its login by password would end.
    fn refuse_foreign(&mut self, user: &UserObject, role: &RoleState) -> Result<(), ApplyError> {
        let name = quoted(&user.name).to_string();
        let mark = &self.objects.mark;
        let is_ours = role.comment.as_ref() == Some(mark);
        let setup = role.comment.as_deref().and_then(marked_setup);
        let error = if role.is_superuser {
            ApplyError::new(format!("user {name} is a superuser"))
                .with_remedy("choose another `user` in irsa.yaml")
        } else if let Some(setup) = setup.filter(|_| !is_ours) {
            ApplyError::new(format!(
                "user {name} belongs to the setup {}",
                quoted(setup)
            ))
            .with_remedy(format!(
                "choose another `user` in irsa.yaml, or hand the user over: `{}`",
                user.hand_over(mark)
            ))
        } else if !is_ours && role.iam == IamState::Password {
            let second = format!("{}_iam", user.name);
            ApplyError::new(format!(
                "user {name} exists already: with rds_iam, its login by password would stop working"
            ))
            .with_remedy(format!(
                "to move an application to IAM, give it a second user in irsa.yaml: `user: {second}`, `acts_as: {}`",
                user.name
            ))
        } else {
            return Ok(());
        };
        self.report(format!("user {name} exists"), Vec::new(), Err(error))
    }

    /// Refuses a role that someone else created without LOGIN, such as a group: its members log in, not itself.
    fn refuse_group(&mut self, user: &UserObject, role: &RoleState) -> Result<(), ApplyError> {
        if role.comment.as_ref() == Some(&self.objects.mark) {
            return Ok(());
        }
        let name = quoted(&user.name);
        let error = ApplyError::new(format!(
            "role {name} exists already and cannot log in, and this setup did not create it"
        ))
        .with_remedy(format!(
            "choose another `user` in irsa.yaml, or run `{}`",
            allow_login(&user.name)
        ));
        let what = format!("user {name} can log in");
        self.report(what, vec![allow_login(&user.name)], Err(error))
    }

    /// Gives the user the objects and privileges of the one it acts as, which keeps its password.
    async fn acts_as(&mut self, user: &UserObject) -> Result<(), ApplyError> {
        let (Some(acts_as), Some(statements)) = (&user.acts_as, user.act()) else {
            return Ok(());
        };
        let what = format!("user {} acts as {}", quoted(&user.name), quoted(acts_as));
        if let Err(error) = self.may_act_as(acts_as).await {
            return self.report(what, Vec::new(), Err(error));
        }
        if state::acts_as(&self.session, &user.name, acts_as).await? {
            self.steps.held(what);
            return Ok(());
        }
        // In one transaction, so that a run that is interrupted leaves the user with a role to act as.
        let mut all = self.stop_acting_as_others(user).await?;
        all.extend(statements);
        self.change(what, all).await
    }

    async fn may_act_as(&self, acts_as: &str) -> Result<(), ApplyError> {
        let name = quoted(acts_as);
        let Some(role) = state::role(&self.session, acts_as).await? else {
            return Err(ApplyError::new(format!("user {name} does not exist"))
                .with_remedy("correct `acts_as` in irsa.yaml, or remove it"));
        };
        let admin = self.admin.user();
        if role.is_superuser || state::is_member(&self.session, acts_as, admin).await? {
            return Err(ApplyError::new(format!(
                "{name} has the rights of the administrator {}, which no application should have",
                quoted(admin)
            ))
            .with_remedy("correct `acts_as` in irsa.yaml"));
        }
        Ok(())
    }

    /// Lets the user log in by IAM, and proves that the administrator can still log in.
    async fn iam(&mut self, user: &UserObject, has_iam: bool) -> Result<(), ApplyError> {
        let what = format!("user {} logs in by IAM", quoted(&user.name));
        if has_iam {
            self.steps.held(what);
            return Ok(());
        }
        if let Err(error) = self.check_paths(user).await {
            return self.report(what, vec![user.grant_iam()], Err(error));
        }
        if self.steps.is_dry_run() {
            return self.change(what, vec![user.grant_iam()]).await;
        }
        let outcome = self.grant_iam(user).await;
        self.report(what, vec![user.grant_iam()], outcome)
    }

    /// Makes the grant. The server takes it back if this process ends before the proof.
    async fn grant_iam(&self, user: &UserObject) -> Result<(), ApplyError> {
        let guard = Guard::start(self.admin, &self.session, user).await?;
        // With the proof, it takes less than the guard waits.
        let grant = [
            "SET LOCAL statement_timeout = '30s'".to_owned(),
            user.grant_iam(),
        ];
        let outcome = match self.session.run_all(&grant).await {
            Ok(()) => login_proof::prove(self.admin, &self.session, user).await,
            Err(error) => Err(error),
        };
        let role = state::role(&self.session, &user.name).await;
        let is_granted = role.map(|role| role.is_some_and(|one| one.iam == IamState::Direct));
        match (outcome, is_granted) {
            (Ok(()), Ok(true)) => guard.cancel(&self.session).await?,
            (outcome, Ok(false)) => {
                guard.cancel(&self.session).await?;
                outcome?;
            }
            // It may be granted, and no login has shown that this does no harm: the guard takes it back.
            (outcome, _) => return outcome,
        }
        self.check_granted(user).await
    }

    /// Reads back whether the grant counts.
    async fn check_granted(&self, user: &UserObject) -> Result<(), ApplyError> {
        let role = state::role(&self.session, &user.name).await?;
        if role.is_some_and(|role| role.iam == IamState::Direct) {
            return Ok(());
        }
        let name = identifier(&user.name);
        Err(ApplyError::new(format!(
            "{} is not a member of rds_iam that inherits after `{}`",
            quoted(&user.name),
            user.grant_iam()
        ))
        .with_remedy(format!("run `ALTER ROLE {name} INHERIT`, and try again")))
    }

    /// Refuses the grant where it would end the login by password of the administrator or of anyone else.
    async fn check_paths(&self, user: &UserObject) -> Result<(), ApplyError> {
        let mark = &self.objects.mark;
        let members = state::password_members(&self.session, &user.name, mark).await?;
        let admin = self.admin.user();
        let uses_iam = matches!(self.admin.password(), AdminPassword::Iam(..));
        let (admins, others): (Vec<_>, Vec<_>) = members.iter().partition(|name| *name == admin);
        if !admins.is_empty() && !uses_iam {
            return Err(admin_is_member(admin, &user.name));
        }
        if others.is_empty() {
            return Ok(());
        }
        let name = quoted(&user.name);
        Err(ApplyError::new(format!(
            "with rds_iam for {name}, these members of it could no longer log in with a password: {}",
            listed(&others)
        ))
        .with_remedy(format!(
            "revoke their membership in {name}; from PostgreSQL 16 on, one WITH INHERIT FALSE can stay"
        )))
    }
}

fn admin_is_member(admin: &str, user: &str) -> ApplyError {
    ApplyError::new(format!(
        "administrator {} is a member of {}: with rds_iam, its password would stop working",
        quoted(admin),
        quoted(user)
    ))
    .with_remedy(format!(
        "run `REVOKE {} FROM {}`, or let the administrator log in by IAM (--admin iam)",
        identifier(user),
        identifier(admin)
    ))
}

/// Names the first of them, and counts the rest.
fn listed(names: &[&String]) -> String {
    let mut shown: Vec<_> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| quoted(name).to_string())
        .collect();
    if names.len() > MAX_NAMES {
        shown.push(format!("and {} more", names.len() - MAX_NAMES));
    }
    shown.join(", ")
}
