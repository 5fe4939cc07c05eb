//! IAM roles: names, ARNs, and the quotas of their policies.

use irsa_chain::RoleArn;
use irsa_chain::untrusted::quoted;
use irsa_policy::Attachment;

use super::Resolver;
use crate::mistake::Mistake;
use crate::policies;
use crate::specification;
use crate::stack::{Role, Stack, Workload};
use crate::tree::Node;

/// The length of an IAM role name (IAM API Reference, `CreateRole`).
const MAX_ROLE_NAME: usize = 64;

impl Resolver<'_> {
    /// The ARN of a workload's role: given, or made of account, path and name.
    pub(super) fn role_arn(&mut self, key: &str, one: &specification::Workload) -> Option<RoleArn> {
        let path = ["workloads", key, "role"];
        if let Some(arn) = &one.role.arn {
            let role = &one.role;
            if role.name.is_some() || role.policy.is_some() || role.import.is_some() {
                let message = "`arn` names an existing role, which is not changed: remove `name`, `policy` and `import`";
                self.mistake(&path, message);
            }
            self.compare_role(key, arn);
            return Some(arn.clone());
        }
        let own = || format!("{}-{key}", self.file.name);
        let name = one.role.name.clone().unwrap_or_else(own);
        if name.len() > MAX_ROLE_NAME {
            let message = format!(
                "the role name {} has {} characters, but the limit is {MAX_ROLE_NAME}: set `role.name`",
                quoted(&name),
                name.len()
            );
            let place = self.root.key_place(&["workloads", key]);
            self.mistakes.push(Mistake::new(place, message));
            return None;
        }
        let arn = self.arn(&name)?;
        self.compare_role(key, &arn);
        Some(arn)
    }

    /// The ARN of a role of this setup.
    pub(super) fn arn(&self, name: &str) -> Option<RoleArn> {
        let (account, partition) = (&self.file.aws.account, self.file.aws.region.partition());
        let path = self.file.iam.path.as_deref().unwrap_or("/");
        format!("arn:{partition}:iam::{account}:role{path}{name}")
            .parse()
            .ok()
    }

    fn compare_role(&mut self, key: &str, arn: &RoleArn) {
        let given = self
            .outputs()
            .and_then(|outputs| outputs.roles.get(key).cloned());
        if let Some(given) = given.filter(|given| given != arn) {
            let message = format!(
                "the role of {} is {}, but irsa.yaml defines {}",
                quoted(key),
                quoted(given.as_str()),
                quoted(arn.as_str())
            );
            self.contradiction(&["roles", key], message);
        }
    }

    pub(super) fn roles(&mut self, workloads: &[Workload]) -> Vec<Role> {
        let mut roles: Vec<Role> = Vec::new();
        for workload in workloads {
            let Some(file) = self.file.workloads.get(&workload.key) else {
                continue;
            };
            let name = workload.role.name();
            let policy = file.role.policy.clone().unwrap_or_else(|| name.to_owned());
            match roles.iter_mut().find(|role| role.arn == workload.role) {
                Some(role) => {
                    role.workloads.push(workload.key.clone());
                    role.import = role.import.max(file.role.import);
                    if role.is_external != file.role.arn.is_some() {
                        let message = format!(
                            "role {} is an existing role for one workload and a new role for a different one",
                            quoted(name)
                        );
                        let place = self.root.key_place(&["workloads", &workload.key]);
                        let help =
                            format!("set `role.name: {name}` for both, or `role.arn` for both");
                        self.mistakes
                            .push(Mistake::new(place, message).with_help(help));
                    } else if role.policy != policy {
                        let message = format!(
                            "role {} has the policy {} for a different workload",
                            quoted(name),
                            quoted(&role.policy)
                        );
                        self.mistake(&["workloads", &workload.key, "role", "policy"], message);
                    }
                }
                None => roles.push(Role {
                    arn: workload.role.clone(),
                    policy,
                    is_external: file.role.arn.is_some(),
                    import: file.role.import,
                    workloads: vec![workload.key.clone()],
                }),
            }
        }
        roles
    }
}

/// Refuses policies that IAM would refuse for their size.
pub(super) fn within_quotas(stack: &Stack, root: &Node) -> Result<(), Vec<Mistake>> {
    let mut mistakes = Vec::new();
    for role in stack.roles.iter().filter(|role| !role.is_external) {
        let policies = [
            (Attachment::Trust, policies::trust(stack, role)),
            (Attachment::Managed, policies::permissions(stack, role)),
        ];
        for (attachment, policy) in policies {
            if let Err(error) = attachment.check(&policy) {
                let key = role.workloads.first().map_or("", String::as_str);
                let message = format!("role {}: {error}", quoted(role.arn.name()));
                let mistake = Mistake::new(root.key_place(&["workloads", key]), message);
                mistakes.push(mistake.with_help("give some of its workloads a separate role"));
            }
        }
    }
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(mistakes)
    }
}
