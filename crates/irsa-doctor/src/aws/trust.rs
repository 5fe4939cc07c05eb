//! The decision of the role's trust policy on this token, and on others.

use irsa_aws::Role;
use irsa_chain::{Cause, Link, OidcProviderArn, ServiceAccount, SessionName};
use irsa_explain::{OidcRequest, Question, RequestContext, trust_cause, web_identity};
use irsa_policy::{Decision, Layer, Policy, PolicyKind, Principal, Request, evaluate};
use serde_json::{Value, json};

use super::authorization::{Denial, ORGANIZATION_CAVEAT, Ruling, document, ruling};
use super::role::EXISTS;
use super::service_trust;
use super::state::Aws;
use super::text::quoted;
use super::trust_remedy::trust_remedy;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const ADMITS: Check = Check {
    id: "aws-trust-policy",
    place: Place::Aws,
    link: Link::TrustPolicy,
    question: "Does the role's trust policy admit this service account?",
    description: "Evaluates the trust policy as STS does: does it allow `sts:AssumeRoleWithWebIdentity` to the issuer's OIDC \
               provider with this subject and audience (for EKS Pod Identity, `sts:AssumeRole` and `sts:TagSession` to \
               `pods.eks.amazonaws.com`)? If not, reports the closest statement and each condition that keeps it from \
               matching. The error of STS names neither.",
    causes: &[
        Cause::TrustDenied,
        Cause::TrustSubjectMismatch,
        Cause::TrustAudienceMismatch,
        Cause::TrustProviderMismatch,
        Cause::TrustActionMismatch,
        Cause::TrustKeyMalformed,
        Cause::TrustWildcardLiteral,
        Cause::TrustPrincipalDeleted,
    ],
    needs: &[EXISTS.id],
};

pub(super) const BREADTH: Check = Check {
    id: "aws-trust-breadth",
    place: Place::Aws,
    link: Link::TrustPolicy,
    question: "Does the trust policy exclude everyone else?",
    description: "Evaluates the trust policy for requests from others: other service accounts in the namespace and the \
               cluster, and a role in an unrelated account.",
    causes: &[Cause::TrustTooBroad],
    needs: &[ADMITS.id],
};

const UNKNOWN: &str = "the token's service account or issuer is unknown: check from the pod or the cluster too, or set \
                       `--service-account` and `--issuer`";

/// The request for a session: the token's claims and the role.
struct TrustRequest<'a> {
    account: &'a ServiceAccount,
    provider: OidcProviderArn,
    audience: &'a str,
    role: &'a Role,
}

pub(super) fn admits<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    let pod = aws.workload.service_account.as_ref();
    let account_and_role = pod.zip(aws.facts.role.as_ref());
    let seen = match account_and_role.filter(|_| aws.is_pod_identity()) {
        Some((account, role)) => service_trust::admitted(role, account, aws.cluster_arn()),
        None => trust_request(aws).map_or_else(
            || CheckOutcome::unsure(UNKNOWN),
            |request| request.admitted(),
        ),
    };
    Box::pin(std::future::ready(seen))
}

pub(super) fn breadth<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    if aws.is_pod_identity() {
        let seen = "with EKS Pod Identity, the clusters' associations decide who gets the role";
        return Box::pin(std::future::ready(CheckOutcome::not_applicable(seen)));
    }
    let seen = trust_request(aws).map_or_else(
        || CheckOutcome::unsure(UNKNOWN),
        |request| request.strangers(),
    );
    Box::pin(std::future::ready(seen))
}

fn trust_request(aws: &Aws) -> Option<TrustRequest<'_>> {
    Some(TrustRequest {
        account: aws.workload.service_account.as_ref()?,
        provider: aws.provider_arn()?,
        audience: aws.audience(),
        role: aws.facts.role.as_ref()?,
    })
}

impl TrustRequest<'_> {
    fn admitted(&self) -> CheckOutcome {
        let request = self.request(&self.account.subject());
        let name = format!("the trust policy of {}", self.role.arn.name());
        let question = Question {
            principal: self.provider.as_str().to_owned(),
            action: web_identity::ACTION.to_owned(),
            context: RequestContext::from(&request),
            policies: vec![document(Layer::Resource, name, &self.role.trust_policy)],
            ..Question::default()
        };
        match ruling(&question) {
            Ruling::Allowed(by) => CheckOutcome::holds(format!(
                "{by} admits {}; {ORGANIZATION_CAVEAT}",
                quoted(&self.account.subject())
            )),
            Ruling::Denied(denial) => self.denied(&denial),
            Ruling::Doubtful(why) | Ruling::Unreadable(why) => CheckOutcome::unsure(why),
        }
    }

    fn denied(&self, denial: &Denial) -> CheckOutcome {
        let cause = trust_cause(&denial.outcome);
        let seen = CheckOutcome::broken(cause, &denial.seen);
        seen.remedy(trust_remedy(
            self.role,
            self.account,
            &self.statement(),
            denial,
        ))
    }

    /// The statement that admits this service account and no others.
    fn statement(&self) -> Value {
        let issuer = self.provider.issuer_path();
        let claims = json!({
            format!("{issuer}:sub"): self.account.subject(), format!("{issuer}:aud"): self.audience,
        });
        json!({
            "Effect": "Allow",
            "Principal": {"Federated": self.provider.as_str()},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": claims},
        })
    }

    fn strangers(&self) -> CheckOutcome {
        let policy = match Policy::parse(PolicyKind::Trust, &self.role.trust_policy) {
            Ok(policy) => policy,
            Err(error) => return CheckOutcome::unsure(error.to_string()),
        };
        let admitted = self.admitted_strangers(&policy);
        let Some(group) = admitted else {
            return CheckOutcome::holds(
                "none of the other service accounts and roles that were tried is admitted",
            );
        };
        let seen = format!("the trust policy also admits {group}");
        CheckOutcome::warning(Cause::TrustTooBroad, seen).remedy(format!(
            "when no other service account needs the broad statement anymore, replace it with `{}`",
            self.statement()
        ))
    }

    /// The broadest other group that the trust policy admits.
    fn admitted_strangers(&self, policy: &Policy) -> Option<String> {
        let (namespace, name) = (self.account.namespace(), self.account.name());
        let admits = |namespace: &str, name: &str| {
            let subject = format!("system:serviceaccount:{namespace}:{name}");
            evaluate(&[policy], &self.request(&subject).request()) == Decision::Allowed
        };
        if admits_anyone(policy) {
            Some("roles and users in any account".to_owned())
        } else if admits(&format!("{namespace}-x7"), &format!("{name}-x7")) {
            Some("every service account in the cluster".to_owned())
        } else if admits(&format!("{namespace}-x7"), name) {
            Some(format!(
                "service accounts named `{name}` in other namespaces"
            ))
        } else if admits(namespace, &format!("x7-{name}")) {
            Some(format!("every service account in namespace `{namespace}`"))
        } else if admits(namespace, &format!("{name}-x7")) {
            Some(format!(
                "service accounts in namespace `{namespace}` whose names start with `{name}`"
            ))
        } else {
            None
        }
    }

    fn request(&self, subject: &str) -> OidcRequest {
        let session = SessionName::from_pod_name(self.account.name());
        OidcRequest::new(&self.provider, subject, [self.audience], &session)
    }
}

/// Returns whether a role in an account that the policy does not name may assume the role.
fn admits_anyone(policy: &Policy) -> bool {
    let context = irsa_policy::Context::new();
    let stranger = Request {
        principal: Principal::Aws("arn:aws:sts::000000000000:assumed-role/stranger/session"),
        action: "sts:AssumeRole",
        resource: None,
        context: &context,
    };
    evaluate(&[policy], &stranger) == Decision::Allowed
}
