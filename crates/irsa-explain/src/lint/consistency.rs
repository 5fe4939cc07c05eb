//! Elements of a statement that contradict each other.

use std::collections::BTreeSet;

use irsa_policy::{ConditionView, Effect, PolicyKind, TextPattern};

use super::statement::{Statement, is_mistaken};
use super::{Finding, Level};
use crate::pod_identity;
use crate::request_context::RequestKind;
use crate::web_identity;

/// Prefixes of condition keys that are not claims.
const NO_ISSUERS: [&str; 3] = ["aws", "sts", "saml"];

/// "Available keys for AWS OIDC federation" in the IAM User Guide.
const CLAIMS: [&str; 5] = ["sub", "aud", "amr", "email", "oaud"];

/// The result of a condition if the request lacks its key ("Condition operators" in the IAM User Guide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnAbsent {
    /// It does not match.
    Fails,
    /// It matches, because the operator is negated.
    Holds,
    /// It matches, as the author chose with `IfExists` or `ForAllValues`.
    HoldsByChoice,
}

impl Statement<'_> {
    /// The contradictions within the statement.
    pub(super) fn contradictions(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self
            .conditions()
            .filter_map(|condition| self.absent_key(&condition))
            .collect();
        if self.kind == PolicyKind::Trust {
            findings.extend(self.claims());
        }
        findings
    }

    /// A condition on a key that requests for these actions never have.
    fn absent_key(&self, condition: &ConditionView<'_>) -> Option<Finding> {
        let kind = self.request_kind()?;
        let key = condition.key.to_ascii_lowercase();
        let absent_tag = || pod_identity::lacks(kind, &key);
        let page = kind.lacks(&key).or_else(absent_tag)?;
        let is_allow = self.effect() == Effect::Allow;
        let (level, what) = match (on_absent(condition.operator)?, is_allow) {
            (OnAbsent::HoldsByChoice, true) => return None,
            (OnAbsent::Fails, true) => (
                Level::Error,
                "requests for these actions never have this key, so the statement allows nothing",
            ),
            (OnAbsent::Holds | OnAbsent::HoldsByChoice, false) => (
                Level::Error,
                "requests for these actions never have this key, so the statement denies all of them",
            ),
            _ => (
                Level::Warning,
                "requests for these actions never have this key, so the condition has no effect",
            ),
        };
        let help = Some(format!("remove the condition; see {page}"));
        Some(self.condition_finding(
            condition,
            ("key-never-present", level),
            condition.key,
            (what, help),
        ))
    }

    /// The kind of the requests that the statement applies to, if there is only one.
    fn request_kind(&self) -> Option<RequestKind> {
        let actions = self.values("Action");
        let begin = |prefix: &'static str| {
            move |action: &String| action.to_ascii_lowercase().starts_with(prefix)
        };
        if self.kind == PolicyKind::Trust {
            return self.caller_kind();
        }
        if actions.iter().any(begin("rds-db:")) {
            return Some(RequestKind::DatabaseLogin);
        }
        let is_http = !actions.is_empty() && actions.iter().all(begin("es:eshttp"));
        is_http.then_some(RequestKind::DomainRequest)
    }

    fn caller_kind(&self) -> Option<RequestKind> {
        let names = self.values("Principal");
        let is_all = |is_it: fn(&String) -> bool| !names.is_empty() && names.iter().all(is_it);
        if is_all(|name| name.contains(":oidc-provider/")) {
            Some(RequestKind::TokenExchange)
        } else if is_all(|name| name == pod_identity::PRINCIPAL) {
            Some(RequestKind::PodIdentity)
        } else {
            None
        }
    }

    /// Findings about claims that do not fit the trusted providers.
    fn claims(&self) -> Vec<Finding> {
        let issuers = self.issuers();
        if issuers.is_empty() || self.has_mistaken_principals() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let mut required: Option<String> = None;
        for condition in self.conditions().filter(|one| !is_mistaken(one)) {
            let Some((issuer, claim)) = issuer_and_claim(&condition) else {
                continue;
            };
            if !issuers.contains(&issuer) {
                findings.push(self.untrusted_issuer(&condition, &issuers, claim));
                continue;
            }
            findings.extend(self.for_all_values(&condition));
            findings.extend(self.unknown_claim(&condition, claim));
            let is_required = on_absent(condition.operator) == Some(OnAbsent::Fails);
            match &required {
                Some(first) if is_required && *first != issuer => {
                    findings.push(self.second_issuer(&condition));
                }
                None if is_required => required = Some(issuer),
                _ => {}
            }
        }
        findings
    }

    /// The issuers of the trusted providers in lower case, which are the prefixes of the claims.
    fn issuers(&self) -> BTreeSet<String> {
        let names = self.values("Principal").iter();
        let issuers = names.filter_map(|name| match name.split_once(":oidc-provider/") {
            Some((_, issuer)) => Some(issuer.to_ascii_lowercase()),
            None if web_identity::is_built_in(name) => Some(name.clone()),
            None => None,
        });
        issuers.collect()
    }

    fn untrusted_issuer(
        &self,
        condition: &ConditionView<'_>,
        issuers: &BTreeSet<String>,
        claim: &str,
    ) -> Finding {
        let names = self.values("Principal").iter();
        let mut written = names.map(|name| {
            name.split_once(":oidc-provider/")
                .map_or(name.as_str(), |(_, issuer)| issuer)
        });
        let only = written.next().filter(|_| issuers.len() == 1);
        let help = only.map(|issuer| format!("did you mean `{issuer}:{claim}`?"));
        let what = "the statement does not trust this issuer, and a token has claims only under its issuer";
        let id = ("issuer-not-trusted", Level::Error);
        self.condition_finding(condition, id, condition.key, (what, help))
    }

    /// A claim that IAM does not read from EKS tokens.
    fn unknown_claim(&self, condition: &ConditionView<'_>, claim: &str) -> Option<Finding> {
        let is_known = CLAIMS.iter().any(|known| known.eq_ignore_ascii_case(claim));
        let (issuer, _) = condition.key.rsplit_once(':')?;
        if is_known || !issuer.to_ascii_lowercase().starts_with("oidc.eks.") {
            return None;
        }
        let what =
            "IAM does not read this claim of an EKS token: only `sub` and `aud` distinguish pods";
        let is_subject = claim.to_ascii_lowercase().starts_with("sub");
        let help = is_subject.then(|| format!("did you mean `{issuer}:sub`?"));
        let id = ("no-such-claim", Level::Error);
        Some(self.condition_finding(condition, id, condition.key, (what, help)))
    }

    fn second_issuer(&self, condition: &ConditionView<'_>) -> Finding {
        let what = "no token has claims of two issuers, so this statement allows nothing";
        let help = Some("write one statement for each issuer".to_owned());
        let id = ("claims-of-two-issuers", Level::Error);
        self.condition_finding(condition, id, condition.key, (what, help))
    }

    fn for_all_values(&self, condition: &ConditionView<'_>) -> Option<Finding> {
        let (set, operator) = condition.operator.split_once(':')?;
        let is_it = set.eq_ignore_ascii_case("ForAllValues") && self.effect() == Effect::Allow;
        let what = "`ForAllValues` also matches tokens without this claim";
        let help = Some(format!("use `{operator}`, as the claim has one value"));
        let id = ("for-all-values", Level::Warning);
        is_it.then(|| self.condition_finding(condition, id, condition.operator, (what, help)))
    }
}

/// Finds the action that EKS Pod Identity needs and that the policy as a whole does not allow.
pub(super) fn missing_pod_identity_action(statements: &[Statement<'_>]) -> Option<Finding> {
    let is_for_pods = |one: &&Statement<'_>| {
        let mut names = one.values("Principal").iter();
        let is_allow = one.kind == PolicyKind::Trust && one.effect() == Effect::Allow;
        is_allow && names.any(|name| name == pod_identity::PRINCIPAL)
    };
    let statements: Vec<_> = statements.iter().filter(is_for_pods).collect();
    let allows = |action: &str| statements.iter().any(|one| one.has_action(action));
    let missing = pod_identity::ACTIONS
        .iter()
        .find(|action| !allows(action))?;
    let statement = statements.last()?;
    let what = format!("EKS Pod Identity also needs `{missing}`, to tag its sessions");
    let what = if *missing == "sts:TagSession" {
        what
    } else {
        format!("EKS Pod Identity also needs `{missing}`")
    };
    let help = Some(format!("add `{missing}` to the actions"));
    let id = ("pod-identity-actions", Level::Error);
    Some(statement.finding(id, ("Action", ""), (&what, help)))
}

impl Statement<'_> {
    fn has_action(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let mut patterns = self.values("Action").iter();
        patterns.any(|one| TextPattern::new(&one.to_ascii_lowercase()).matches(&action))
    }
}

/// The issuer (in lower case) and the claim of a condition key.
fn issuer_and_claim<'a>(condition: &ConditionView<'a>) -> Option<(String, &'a str)> {
    let (issuer, claim) = condition.key.rsplit_once(':')?;
    let issuer = issuer.to_ascii_lowercase();
    let is_issuer = issuer.contains('.')
        && !NO_ISSUERS
            .iter()
            .any(|prefix| issuer.starts_with(&format!("{prefix}:")));
    is_issuer.then_some((issuer, claim))
}

/// Returns `None` for `Null`, which tests for absence.
fn on_absent(operator: &str) -> Option<OnAbsent> {
    let (set, base) = operator.split_once(':').unwrap_or(("", operator));
    let is_if_exists = base.to_ascii_lowercase().ends_with("ifexists");
    Some(match set.to_ascii_lowercase().as_str() {
        _ if base.eq_ignore_ascii_case("null") => return None,
        "forallvalues" => OnAbsent::HoldsByChoice,
        _ if is_if_exists => OnAbsent::HoldsByChoice,
        "foranyvalue" => OnAbsent::Fails,
        _ if base.contains("Not") => OnAbsent::Holds,
        _ => OnAbsent::Fails,
    })
}
