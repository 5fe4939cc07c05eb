//! Checks a setup with the policy engine: every workload has the access that it needs, and nothing else has it.
//!
//! Each row of the table is decided by the policy engine from the policies that are rendered; access to indices is decided
//! from the rendered roles of OpenSearch.

mod indices;
mod inventory;
mod neighbors;
mod questions;
mod remarks;
mod request;
mod setup;
mod table;

use irsa_chain::{Link, ServiceAccount};
use irsa_explain::chain::report::{ChainReport, Verdict};
use irsa_explain::chain::{Access, Basis, Credential, Scenario, Token, steps};
use irsa_explain::inventory::{Inventory, PolicySource, Role as InventoryRole};
use irsa_explain::{ParsedPolicies, PodIdentity};
use irsa_policy::{Context, PolicySet};
use irsa_sidecar::AUDIENCE;

use self::neighbors::Patterns;
use self::questions::Questions;
pub use self::request::{Action, Request};
use self::setup::SetupQuestions;
pub use self::table::{Row, Table};
use crate::stack::{Cluster, Role, Stack, Workload};

/// Evaluates all requests.
pub fn check(stack: &Stack) -> Table {
    let inventory = inventory::from_stack(stack);
    let check = Check {
        stack,
        policies: ParsedPolicies::new(&inventory),
        inventory,
        context: Context::new(),
    };
    let mut rows = Vec::new();
    let mut remarks = Vec::new();
    for workload in &stack.workloads {
        match stack.role(workload) {
            Some(role) if role.is_external => remarks.push(format!(
                "{}: the policies of the existing role {} were not checked",
                workload.key, role.arn
            )),
            Some(role) => rows.extend(check.workload(workload, role)),
            None => {}
        }
        rows.extend(indices::rows(stack, workload));
    }
    rows.extend(check.setup());
    remarks.extend(remarks::remarks(stack));
    Table { rows, remarks }
}

struct Check<'s> {
    stack: &'s Stack,
    inventory: Inventory,
    policies: ParsedPolicies,
    context: Context,
}

impl Check<'_> {
    fn workload(&self, workload: &Workload, role: &Role) -> Vec<Row> {
        let Some(found) = self.inventory.role(role.arn.as_str()) else {
            return Vec::new();
        };
        let questions = Questions {
            check: self,
            workload,
            role,
            found,
            sharing: self.stack.workloads_of(role).collect(),
            patterns: patterns(found),
        };
        questions.rows()
    }

    /// The service accounts that a role for `own` must not trust: those of other workloads, and two with a similar name.
    fn other_accounts(&self, own: &ServiceAccount) -> Vec<ServiceAccount> {
        let same_name = ServiceAccount::new("another-namespace", own.name()).ok();
        let same_namespace = ServiceAccount::new(own.namespace(), "default").ok();
        let workloads = self.stack.workloads.iter();
        let workloads = workloads.map(|one| one.service_account.clone());
        let mut accounts: Vec<_> = workloads.chain(same_name).chain(same_namespace).collect();
        accounts.retain(|account| account != own);
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// The rows of the role of the setup, if Terraform creates it.
    fn setup(&self) -> Vec<Row> {
        let setup = self.stack.needed_setup();
        let found = setup.and_then(|one| self.inventory.role(one.role.as_str()));
        let Some((setup, found)) = setup.zip(found) else {
            return Vec::new();
        };
        let questions = SetupQuestions {
            check: self,
            setup,
            found,
            patterns: patterns(found),
        };
        questions.rows()
    }

    /// Returns whether every link allows the request.
    fn decide(
        &self,
        role: &InventoryRole,
        workload: &Workload,
        account: &ServiceAccount,
        cluster: &Cluster,
        access: Option<Access<'_>>,
    ) -> (Option<bool>, Option<Link>) {
        let credential = credential(workload.uses_pod_identity, account, cluster);
        self.evaluate(role, credential, access, &self.context)
    }

    fn evaluate(
        &self,
        role: &InventoryRole,
        credential: Credential<'_>,
        access: Option<Access<'_>>,
        context: &Context,
    ) -> (Option<bool>, Option<Link>) {
        let scenario = Scenario {
            credential: Some(credential),
            role,
            access,
            context,
            time: None,
            is_complete: true,
            documents: &[],
        };
        verdict(&self.inventory, &self.policies, &scenario).unwrap_or((None, None))
    }
}

/// How pods of a service account get a role in a cluster.
fn credential<'a>(
    uses_pod_identity: bool,
    account: &'a ServiceAccount,
    cluster: &'a Cluster,
) -> Credential<'a> {
    if uses_pod_identity {
        Credential::PodIdentity(PodIdentity {
            service_account: account,
            cluster: Some(&cluster.arn),
            has_tags: true,
        })
    } else {
        Credential::Token(Token {
            service_account: account,
            issuer: &cluster.issuer,
            audience: AUDIENCE,
        })
    }
}

/// What the policies of a role name.
fn patterns(role: &InventoryRole) -> Patterns {
    let policies = role.trust.iter().chain(&role.permissions);
    Patterns::new(policies.filter_map(|policy: &PolicySource| policy.text.as_deref()))
}

/// Returns `None` if the question can't be asked, or a policy is invalid.
fn verdict(
    inventory: &Inventory,
    policies: &ParsedPolicies,
    scenario: &Scenario<'_>,
) -> Option<(Option<bool>, Option<Link>)> {
    let steps = steps(inventory, scenario).ok()?;
    let sets = steps.iter().map(|step| match &step.basis {
        Basis::Policies(question) => policies.set(question),
        Basis::Registered { .. } => Some(PolicySet::default()),
    });
    let sets: Vec<_> = sets.collect::<Option<_>>()?;
    let report = ChainReport::with_policies(&steps, sets);
    Some(match report.verdict() {
        Verdict::Allowed => (Some(true), None),
        Verdict::Denied => (Some(false), report.broken()),
        Verdict::Unsure => (None, report.broken()),
    })
}
