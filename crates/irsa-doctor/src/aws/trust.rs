//! Whether the role's trust policy lets this token in, and whom besides.

use irsa_aws::Role;
use irsa_chain::{Cause, Link, OidcProviderArn, ServiceAccount, SessionName};
use irsa_explain::{OidcRequest, Question, RequestContext, trust_cause, web_identity};
use irsa_policy::{Because, Decision, Layer, Policy, PolicyKind, Principal, Request, evaluate};
use serde_json::{Value, json};

use super::authorization::{BUT_FOR_ORGANIZATIONS, Denial, Ruling, document, ruling};
use super::pod_identity;
use super::role::EXISTS;
use super::state::Aws;
use super::text::{add_trust_statement, quoted};
use crate::{Check, CheckOutcome, Commands, Place, Remedy, Work};

pub(super) const ADMITS: Check = Check {
    id: "aws-trust-policy",
    place: Place::Aws,
    link: Link::TrustPolicy,
    question: "Does the role's trust policy let this service account in?",
    description: "Decides, as STS would, whether the trust policy allows `sts:AssumeRoleWithWebIdentity` to the issuer's \
               provider with this subject and audience (for EKS Pod Identity `sts:AssumeRole` and `sts:TagSession` to \
               `pods.eks.amazonaws.com`); if not, tells the nearest statement and each condition that keeps it from \
               matching. STS itself never says why.",
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
    question: "Does the trust policy let in nobody else?",
    description: "Puts the requests of strangers to the trust policy: other service accounts of the namespace, of the \
               cluster, and anyone's role.",
    causes: &[Cause::TrustTooBroad],
    needs: &[ADMITS.id],
};

const UNKNOWN: &str = "the token's service account or issuer is not known here: look from the pod or the cluster as \
                       well, or give `--service-account` and `--issuer`";

/// Whose token it is, and whose role.
struct Asked<'a> {
    account: &'a ServiceAccount,
    provider: OidcProviderArn,
    audience: &'a str,
    role: &'a Role,
}

pub(super) fn admits<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    let pod = aws.workload.service_account.as_ref();
    let of_pod_identity = pod.zip(aws.facts.role.as_ref());
    let seen = match of_pod_identity.filter(|_| aws.is_pod_identity()) {
        Some((account, role)) => pod_identity::admitted(role, account),
        None => asked(aws).map_or_else(|| CheckOutcome::unsure(UNKNOWN), |asked| asked.admitted()),
    };
    Box::pin(std::future::ready(seen))
}

pub(super) fn breadth<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    if aws.is_pod_identity() {
        let seen = "the associations of the account's clusters decide who is let in";
        return Box::pin(std::future::ready(CheckOutcome::not_applicable(seen)));
    }
    let seen = asked(aws).map_or_else(|| CheckOutcome::unsure(UNKNOWN), |asked| asked.strangers());
    Box::pin(std::future::ready(seen))
}

fn asked(aws: &Aws) -> Option<Asked<'_>> {
    Some(Asked {
        account: aws.workload.service_account.as_ref()?,
        provider: aws.provider_arn()?,
        audience: aws.audience(),
        role: aws.facts.role.as_ref()?,
    })
}

impl Asked<'_> {
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
                "{by} lets {} in; {BUT_FOR_ORGANIZATIONS}",
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

    /// What would let this service account in, and nobody else.
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
        let Some(whom) = admitted else {
            return CheckOutcome::holds(
                "no other service account that was tried is let in, and no stranger's role",
            );
        };
        let seen = format!("the trust policy lets in {whom}");
        CheckOutcome::warning(Cause::TrustTooBroad, seen).remedy(format!(
            "once no other service account needs the statement that is too broad, replace it by `{}`",
            self.statement()
        ))
    }

    /// The broadest group that is let in besides.
    fn admitted_strangers(&self, policy: &Policy) -> Option<String> {
        let (namespace, name) = (self.account.namespace(), self.account.name());
        let admits = |namespace: &str, name: &str| {
            let subject = format!("system:serviceaccount:{namespace}:{name}");
            evaluate(&[policy], &self.request(&subject).request()) == Decision::Allowed
        };
        if admits_anyone(policy) {
            Some("roles and users of any account".to_owned())
        } else if admits(&format!("{namespace}-x7"), &format!("{name}-x7")) {
            Some("every service account of the cluster".to_owned())
        } else if admits(&format!("{namespace}-x7"), name) {
            Some(format!("service accounts `{name}` of other namespaces"))
        } else if admits(namespace, &format!("x7-{name}")) {
            Some(format!(
                "every service account of the namespace `{namespace}`"
            ))
        } else if admits(namespace, &format!("{name}-x7")) {
            Some(format!(
                "service accounts of `{namespace}` whose names begin with `{name}`"
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

/// Adds the statement to the trust policy. It widens who is let in, so that the role must be the one that is meant: a
/// wrong annotation leads to a denial in the same way.
pub(super) fn trust_remedy(
    role: &Role,
    account: &ServiceAccount,
    statement: &Value,
    denial: &Denial,
) -> Remedy {
    let name = role.arn.name();
    if matches!(denial.outcome.because, Because::Denies(_)) {
        return Remedy::from(format!(
            "narrow or remove {}: no Allow outweighs a Deny. First make sure that `{name}` is the role meant for \
             `{account}`",
            denial.place
        ));
    }
    let Some(command) = add_trust_statement(role, statement) else {
        return Remedy::from(format!(
            "if `{name}` is the role meant for `{account}`, add the statement `{statement}` to its trust policy"
        ));
    };
    let help = denial.help.as_ref().map_or_else(String::new, |help| {
        format!("or correct the statement that is nearly right: {help}; ")
    });
    Commands::new([command])
        .on_condition(format!("if `{name}` is the role meant for `{account}`"))
        .with_note(format!(
            "{help}if it is not, correct the annotation eks.amazonaws.com/role-arn (with Pod Identity, the association)"
        ))
        .into()
}

/// Whether a role of an account that nobody has named may assume it.
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
