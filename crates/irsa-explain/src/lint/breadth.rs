//! What allows more than is meant.

use irsa_policy::{ConditionView, PolicyKind};

use super::statement::Statement;
use super::{Finding, Level};
use crate::{actions, pod_identity};

const WEB_IDENTITY: &str = "sts:assumerolewithwebidentity";

impl Statement<'_> {
    /// Of a statement that allows.
    pub(super) fn breadth(&self) -> Vec<Finding> {
        match self.kind {
            PolicyKind::Trust => self.of_trust(),
            PolicyKind::Identity | PolicyKind::Session => self.of_identity(),
            PolicyKind::Resource => self.of_resource_policy(),
            // A boundary or a control only takes away, and has to leave something.
            _ => Vec::new(),
        }
    }

    fn of_identity(&self) -> Vec<Finding> {
        let mut findings = self.all_actions();
        findings.extend(self.every_database_user());
        if self.has_every_resource() {
            findings.push(self.warn(
                "resource-everything",
                ("Resource", "*"),
                "this is allowed on every resource",
                "name the ARNs that it is about",
            ));
        }
        findings.extend(self.all_but());
        findings
    }

    /// `*` for actions that can be limited to resources, where no condition is about the resource either.
    fn has_every_resource(&self) -> bool {
        let is_everything = self
            .values("Resource")
            .iter()
            .any(|resource| resource == "*");
        let actions = self.values("Action").iter();
        // Of `NotAction` another finding tells.
        let mut limitable = actions.filter(|action| actions::has_resources(action));
        is_everything
            && limitable.next().is_some()
            && !self.conditions().any(|one| is_of_resource(&one))
    }

    /// The users of every database.
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
            "this allows logins to every database of the region",
            "name the database by its resource ID: `dbuser:cluster-ABC…/USER`",
        ))
    }

    fn of_resource_policy(&self) -> Vec<Finding> {
        let mut findings = self.all_actions();
        let is_for_everyone = self.values("Principal").iter().any(|name| name == "*");
        if is_for_everyone && self.conditions().next().is_none() {
            findings.push(self.warn(
                "principal-everyone",
                ("Principal", "*"),
                "this is allowed to everyone, without a signature too",
                "name the roles, or add a condition such as `aws:PrincipalOrgID`",
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
                "name the actions, such as `rds-db:connect` or `es:ESHttpGet`",
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
                "this allows everything that is not listed, also what is added later",
                "list what is meant, or deny what is not",
            )
        };
        elements.map(finding).collect()
    }

    fn of_trust(&self) -> Vec<Finding> {
        let is_web = |action: &String| {
            let action = action.to_ascii_lowercase();
            action == WEB_IDENTITY || action.contains('*')
        };
        let is_for_tokens = self
            .values("Principal")
            .iter()
            .any(|name| name.contains(":oidc-provider/"));
        if !is_for_tokens || !self.values("Action").iter().any(is_web) {
            let mut findings = self.of_plain_trust();
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
                "every service account of the cluster may have the role",
                "add `StringEquals` on `ISSUER:sub` for `system:serviceaccount:NAMESPACE:NAME`",
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
                "a token made for anything else is taken as well",
                "add `StringEquals` on `ISSUER:aud` for `sts.amazonaws.com`",
            ));
        }
        let audiences = conditions.iter().filter(|one| is_claim(one, "aud"));
        findings.extend(audiences.flat_map(|audience| self.open_audiences(audience)));
        findings
    }

    /// A wildcard in the audience, where it is one.
    fn open_audiences(&self, audience: &ConditionView<'_>) -> Vec<Finding> {
        if !audience.operator.contains("StringLike") {
            return Vec::new();
        }
        let values = audience.values.iter();
        let open = values.filter(|value| value.contains(['*', '?']));
        let finding = |value: &String| {
            self.of_condition(
                audience,
                ("trust-wildcard-audience", Level::Warning),
                value,
                (
                    "a token made for anything else is accepted as well",
                    Some("use `StringEquals` with `sts.amazonaws.com`".to_owned()),
                ),
            )
        };
        open.map(finding).collect()
    }

    /// EKS Pod Identity, for the pods of every cluster.
    fn pod_identity_for_all(&self) -> Option<Finding> {
        let names = self.values("Principal");
        let is_it = names.iter().any(|name| name == pod_identity::PRINCIPAL);
        let is_limited = self.conditions().next().is_some();
        (is_it && !is_limited).then(|| {
            self.warn(
                "pod-identity-everyone",
                ("Principal", pod_identity::PRINCIPAL),
                "every association in every EKS cluster of the account may use the role",
                "add conditions on `aws:SourceArn` for the cluster, and on `aws:RequestTag/kubernetes-namespace` and \
                 `aws:RequestTag/kubernetes-service-account`",
            )
        })
    }

    fn of_plain_trust(&self) -> Vec<Finding> {
        let is_for_everyone = self.values("Principal").iter().any(|name| name == "*");
        let finding = || {
            self.warn(
                "principal-everyone",
                ("Principal", "*"),
                "every account of AWS may have the role",
                "name the account or the role",
            )
        };
        (is_for_everyone && self.conditions().next().is_none())
            .then(finding)
            .into_iter()
            .collect()
    }

    /// Values with wildcards, where they are wildcards.
    fn open_subjects(&self, subject: &ConditionView<'_>) -> Vec<Finding> {
        if !subject.operator.contains("StringLike") {
            return Vec::new();
        }
        let open = subject
            .values
            .iter()
            .filter(|value| value.contains(['*', '?']));
        let what = "every service account whose subject matches may have the role, also one that is made later";
        let finding = |value: &String| {
            let help = Some("name the service account, with `StringEquals`".to_owned());
            self.of_condition(
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

/// A condition that asks for a claim; one that only asks what it is not leaves all others.
fn is_claim(condition: &ConditionView<'_>, claim: &str) -> bool {
    let is_open = condition.operator.contains("Not") || condition.operator == "Null";
    let name = condition.key.rsplit(':').next();
    name.is_some_and(|name| name.eq_ignore_ascii_case(claim)) && !is_open
}

/// A condition that limits the resources as well as their ARNs would.
fn is_of_resource(condition: &ConditionView<'_>) -> bool {
    let key = condition.key.to_ascii_lowercase();
    let (_, name) = key.split_once(':').unwrap_or(("", &key));
    name.starts_with("resource") || key == "iam:passedtoservice"
}
