//! Checks of all policies in an inventory, individually and together.

use std::collections::BTreeSet;

use irsa_policy::{Attachment, ConditionView, Effect, Policy, PolicyKind};

use super::{Finding, Level, OVER_QUOTA, Report};
use crate::inventory::{Inventory, Role};

/// The reports, and the policies that could not be checked.
#[derive(Debug, Default)]
pub struct Inspected {
    /// A report for each policy, and one for each role with findings about the role itself.
    pub reports: Vec<Report>,
    /// The labels of policies with unknown text.
    pub unknown: Vec<String>,
}

/// Checks all policies of an inventory.
pub fn inspect(inventory: &Inventory) -> Inspected {
    let mut inspected = Inspected::default();
    for (kind, source) in inventory.policies() {
        let Some(text) = &source.text else {
            inspected.unknown.push(source.label.clone());
            continue;
        };
        let (label, text) = (source.label.clone(), text.clone());
        let mut report = Report::attached(label, text, Some(kind), source.attachment);
        if source.attachment == Some(Attachment::Role) {
            // The quota is for all inline policies of the role together; see `inline_size`.
            report = report.without(OVER_QUOTA);
        }
        inspected.reports.push(report);
    }
    let roles = inventory.roles.iter();
    let of_roles = roles.filter_map(|role| role_report(inventory, role));
    inspected.reports.extend(of_roles);
    inspected
}

fn role_report(inventory: &Inventory, role: &Role) -> Option<Report> {
    let findings: Vec<_> = [inline_size(role), several_accounts(inventory, role)]
        .into_iter()
        .flatten()
        .collect();
    let report = || Report::with(role.label.clone(), String::new(), None, findings.clone());
    (!findings.is_empty()).then(report)
}

fn inline_size(role: &Role) -> Option<Finding> {
    let inline = role
        .permissions
        .iter()
        .filter(|source| source.attachment == Some(Attachment::Role));
    let texts: String = inline.filter_map(|source| source.text.as_deref()).collect();
    let error = Attachment::Role.check(&texts).err()?;
    Some(super::quota_finding(Level::Error, error.to_string(), None))
}

/// Reports a role of several service accounts: they share its permissions, and logs cannot distinguish them by the
/// role.
fn several_accounts(inventory: &Inventory, role: &Role) -> Option<Finding> {
    let texts = role
        .trust
        .iter()
        .filter_map(|source| source.text.as_deref());
    let policies: Vec<_> = texts
        .filter_map(|text| Policy::parse(PolicyKind::Trust, text).ok())
        .collect();
    let mut accounts: BTreeSet<String> = policies.iter().flat_map(subjects).collect();
    let associations = inventory.associations.iter().filter(|one| {
        let name = one.role.as_deref();
        name.is_some_and(|name| role.is_called(name))
    });
    accounts.extend(associations.filter_map(|one| Some(one.service_account.as_ref()?.subject())));
    (accounts.len() > 1).then(|| Finding {
        id: "role-for-several-accounts",
        level: Level::Warning,
        what: format!(
            "{} service accounts share the role: `{}`",
            accounts.len(),
            accounts.into_iter().collect::<Vec<_>>().join("`, `")
        ),
        help: Some("create a separate role for each service account".to_owned()),
        span: 0..0,
    })
}

/// The subjects that a trust policy names without wildcards.
fn subjects(policy: &Policy) -> Vec<String> {
    let allowing = policy
        .statements()
        .filter(|one| one.effect() == Effect::Allow);
    let conditions = allowing.flat_map(|one| one.conditions());
    let subjects = conditions.filter(is_subject).flat_map(|one| one.values);
    subjects
        .filter(|value| !value.contains(['*', '?']))
        .cloned()
        .collect()
}

fn is_subject(condition: &ConditionView<'_>) -> bool {
    let is_positive = condition.operator.contains("Equals") || condition.operator.contains("Like");
    let is_claim = condition.key.to_ascii_lowercase().ends_with(":sub");
    is_claim && is_positive && !condition.operator.contains("Not")
}
