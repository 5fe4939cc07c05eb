//! Findings about statements that allow more than is usually intended.

use irsa_policy::{ConditionView, PolicyKind};

use super::statement::Statement;
use super::{Finding, Level};
use crate::{actions, pod_identity};

const WEB_IDENTITY: &str = "sts:assumerolewithwebidentity";

impl Statement<'_> {
    /// The findings for an `Allow` statement.
    pub(super) fn breadth(&self) -> Vec<Finding> {
        match self.kind {
            PolicyKind::Trust => self.trust_policy_breadth(),
            PolicyKind::Identity | PolicyKind::Session => self.identity_policy_breadth(),
            PolicyKind::Resource => self.resource_policy_breadth(),
            // Boundaries and controls only restrict, so they have to allow broadly.
            _ => Vec::new(),
        }
    }

    fn identity_policy_breadth(&self) -> Vec<Finding> {
        let mut findings = self.all_actions();
        findings.extend(self.every_database_user());
        if self.has_every_resource() {
            findings.push(self.warn(
                "resource-everything",
                ("Resource", "*"),
                "the actions are allowed on every resource",
                "list the ARNs of the resources",
            ));
        }
        findings.extend(self.all_but());
        findings
    }

    /// Returns whether the statement has the resource `*` for actions that support resource-level permissions, without
    /// a condition that limits the resource.
    fn has_every_resource(&self) -> bool {
        let is_everything = self
            .values("Resource")
            .iter()
            .any(|resource| resource == "*");
        let actions = self.values("Action").iter();
        // `all_but` reports `NotAction`.
        let mut limitable = actions.filter(|action| actions::has_resources(action));
        is_everything
            && limitable.next().is_some()
            && !self.conditions().any(|one| limits_resource(&one))
    }

    /// A resource that covers the users of every database.
    fn every_database_user(&self) -> Option<Finding> {
        let is_every = |arn: &&String| {
            let user = arn.split_once(":dbuser:");
            user.is_some_and(|(head, rest)| {
                head.contains(":rds-db:") && (rest == "*" || rest.starts_with("*/"))
            })
        };
        let arn = self.values("Resource").iter().find(is_every)?;
        Some(self.warn(
            "every-database",
            ("Resource", arn),
            "this allows logins to every database in the region",
            "name the database by its resource ID: `dbuser:cluster-ABC…/USER`",
        ))
    }

    fn resource_policy_breadth(&self) -> Vec<Finding> {
        let mut findings = self.all_actions();
        let is_for_everyone = self.values("Principal").iter().any(|name| name == "*");
        if is_for_everyone && self.conditions().next().is_none() {
            findings.push(self.warn(
                "principal-everyone",
                ("Principal", "*"),
                "this allows everyone, even without a signature",
                "list the roles, or add a condition on a key such as `aws:PrincipalOrgID`",
            ));
        }
        findings.extend(self.all_but());
        findings
    }

    fn all_actions(&self) -> Vec<Finding> {
        let is_everything = self.values("Action").iter().any(|action| action == "*");
        let finding = || {
            self.warn(
                "action-everything",
                ("Action", "*"),
                "every action is allowed",
                "list the actions, such as `rds-db:connect` or `es:ESHttpGet`",
            )
        };
        is_everything.then(finding).into_iter().collect()
    }

    fn all_but(&self) -> Vec<Finding> {
        let elements = ["NotAction", "NotResource"]
            .into_iter()
            .filter(|element| self.element(element).is_some());
        let finding = |element| {
            self.warn(
                "all-but",
                (element, ""),
                "this allows everything that is not listed, including actions and resources added later",
                "list what to allow, or write the exceptions as a `Deny` statement",
            )
        };
        elements.map(finding).collect()
    }

    fn trust_policy_breadth(&self) -> Vec<Finding> {
        let is_web = |action: &String| {
            let action = action.to_ascii_lowercase();
            action == WEB_IDENTITY || action.contains('*')
        };
        let is_for_tokens = self
            .values("Principal")
            .iter()
            .any(|name| name.contains(":oidc-provider/"));
        if !is_for_tokens || !self.values("Action").iter().any(is_web) {
            let mut findings = self.everyone_trusted();
            findings.extend(self.pod_identity_for_all());
            return findings;
        }
        let conditions: Vec<_> = self.conditions().collect();
        let subjects: Vec<_> = conditions
            .iter()
            .filter(|one| is_claim(one, "sub"))
            .collect();
        let mut findings = Vec::new();
        if subjects.is_empty() {
            findings.push(self.warn(
                "trust-without-subject",
                ("Principal", ""),
                "every service account in the cluster can assume the role",
                "add a `StringEquals` condition: `ISSUER:sub` with `system:serviceaccount:NAMESPACE:NAME`",
            ));
        }
        findings.extend(
            subjects
                .into_iter()
                .flat_map(|subject| self.open_subjects(subject)),
        );
        if !conditions.iter().any(|one| is_claim(one, "aud")) {
            findings.push(self.warn(
                "trust-without-audience",
                ("Principal", ""),
                "tokens with other audiences are accepted too",
                "add a `StringEquals` condition: `ISSUER:aud` with `sts.amazonaws.com`",
            ));
        }
        let audiences = conditions.iter().filter(|one| is_claim(one, "aud"));
        findings.extend(audiences.flat_map(|audience| self.open_audiences(audience)));
        findings
    }

    /// Wildcards in the audience, with an operator that supports them.
    fn open_audiences(&self, audience: &ConditionView<'_>) -> Vec<Finding> {
        if !audience.operator.contains("StringLike") {
            return Vec::new();
        }
        let values = audience.values.iter();
        let open = values.filter(|value| value.contains(['*', '?']));
        let finding = |value: &String| {
            self.condition_finding(
                audience,
                ("trust-wildcard-audience", Level::Warning),
                value,
                (
                    "tokens with other audiences are accepted too",
                    Some("use `StringEquals` with `sts.amazonaws.com`".to_owned()),
                ),
            )
        };
        open.map(finding).collect()
    }

    /// A statement that trusts EKS Pod Identity without conditions.
    fn pod_identity_for_all(&self) -> Option<Finding> {
        let names = self.values("Principal");
        let is_it = names.iter().any(|name| name == pod_identity::PRINCIPAL);
        let is_limited = self.conditions().next().is_some();
        (is_it && !is_limited).then(|| {
            self.warn(
                "pod-identity-everyone",
                ("Principal", pod_identity::PRINCIPAL),
                "every Pod Identity association in every EKS cluster of the account can use the role",
                "add conditions on `aws:SourceArn` for the cluster, and on `aws:RequestTag/kubernetes-namespace` and \
                 `aws:RequestTag/kubernetes-service-account`",
            )
        })
    }

    fn everyone_trusted(&self) -> Vec<Finding> {
        let is_for_everyone = self.values("Principal").iter().any(|name| name == "*");
        let finding = || {
            self.warn(
                "principal-everyone",
                ("Principal", "*"),
                "every AWS account can assume the role",
                "list the accounts or roles",
            )
        };
        (is_for_everyone && self.conditions().next().is_none())
            .then(finding)
            .into_iter()
            .collect()
    }

    /// Wildcards in the subject, with an operator that supports them.
    fn open_subjects(&self, subject: &ConditionView<'_>) -> Vec<Finding> {
        if !subject.operator.contains("StringLike") {
            return Vec::new();
        }
        let open = subject
            .values
            .iter()
            .filter(|value| value.contains(['*', '?']));
        let what = "every service account whose subject matches can assume the role, including ones created later";
        let finding = |value: &String| {
            let help = Some("name the service account in full, with `StringEquals`".to_owned());
            self.condition_finding(
                subject,
                ("trust-wildcard-subject", Level::Warning),
                value,
                (what, help),
            )
        };
        open.map(finding).collect()
    }

    fn warn(&self, id: &'static str, at: (&'static str, &str), what: &str, help: &str) -> Finding {
        self.finding((id, Level::Warning), at, (what, Some(help.to_owned())))
    }
}

/// Returns whether a condition requires a claim. A negated condition still allows all other values.
fn is_claim(condition: &ConditionView<'_>, claim: &str) -> bool {
    let is_open = condition.operator.contains("Not") || condition.operator == "Null";
    let name = condition.key.rsplit(':').next();
    name.is_some_and(|name| name.eq_ignore_ascii_case(claim)) && !is_open
}

/// Returns whether a condition limits the resources.
fn limits_resource(condition: &ConditionView<'_>) -> bool {
    let key = condition.key.to_ascii_lowercase();
    let (_, name) = key.split_once(':').unwrap_or(("", &key));
    name.starts_with("resource") || key == "iam:passedtoservice"
}
