//! `eks-auth:AssumeRoleForPodIdentity`: token, association, trust policy, session with the pod's
//! tags.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use irsa_chain::{Cause, ServiceAccount, SessionName};
use irsa_explain::{RequestContext, pod_identity};
use irsa_policy::Decision;

use super::{AgentError, PodIdentityAgent};
use crate::iam;
use crate::jwt::{Jwt, KeyFault};
use crate::random;
use crate::sessions::{Origin, Session, SessionSpec};
use crate::world::{Role, WorkloadIdentity};

/// The lifetime of the credentials that EKS issues.
const LIFE: Duration = Duration::from_hours(6);
/// The service that assumes the role.
const SERVICE: &str = pod_identity::PRINCIPAL;
const INVALID_TOKEN: &str = "The specified Kubernetes service account token is invalid.";
const NOT_FOUND: &str = "The specified resource could not be found.";
const UNAUTHORIZED: &str =
    "Unauthorized Exception! EKS does not have permissions to assume the associated role.";

impl PodIdentityAgent {
    pub(super) fn assume_role_for_pod_identity(
        &self,
        token: &Jwt<'_>,
        now: SystemTime,
    ) -> Result<Arc<Session>, AgentError> {
        self.check_token(token)?;
        let account = ServiceAccount::from_subject(&token.claims.sub)
            .map_err(|_| invalid_token(Cause::TokenMalformed))?;
        let association = self.world.association(&account);
        let role = association.and_then(|association| self.world.role(&association.role));
        let role = role.ok_or_else(|| {
            client_error(
                404,
                "ResourceNotFoundException",
                NOT_FOUND,
                Cause::RoleUnknown,
            )
        })?;
        let tags = self.tags(token, &account);
        if !self.is_trusted(role, &tags, now) {
            let cause = Cause::TrustActionMismatch;
            return Err(client_error(
                400,
                "AccessDeniedException",
                UNAUTHORIZED,
                cause,
            ));
        }
        let name = tags
            .get("kubernetes-pod-name")
            .map_or("pod", String::as_str);
        let name =
            SessionName::from_pod_name(&format!("eks-{}-{name}", self.world.kubernetes().name));
        let spec = SessionSpec::new(role.arn.clone(), name, LIFE, Origin::PodIdentity);
        let spec = SessionSpec {
            transitive_tags: tags.keys().cloned().collect(),
            tags,
            ..spec
        };
        Ok(self.sessions.issue(spec, now))
    }

    fn check_token(&self, token: &Jwt<'_>) -> Result<(), AgentError> {
        if token.claims.iss != self.issuer.url().as_str() {
            return Err(invalid_token(Cause::IssuerUnknown));
        }
        token
            .check_signature(&self.issuer.jwks())
            .map_err(|fault| match fault {
                KeyFault::NoKey => invalid_token(Cause::VerificationKeyUnavailable),
                KeyFault::Signature => invalid_token(Cause::TokenSignatureInvalid),
            })?;
        let audience = WorkloadIdentity::PodIdentity.default_audience();
        if !token.claims.aud.iter().any(|one| one == audience) {
            return Err(invalid_token(Cause::TokenAudienceWrong));
        }
        Ok(())
    }

    /// The session tags that EKS adds (EKS User Guide, "Grant Pods access to AWS resources based on
    /// tags").
    fn tags(&self, token: &Jwt<'_>, account: &ServiceAccount) -> BTreeMap<String, String> {
        let cluster = self.world.kubernetes();
        let (region, partition) = (self.world.region(), self.world.region().partition());
        let arn = format!(
            "arn:{partition}:eks:{region}:{}:cluster/{}",
            cluster.account, cluster.name
        );
        let pod = token
            .claims
            .kubernetes
            .as_ref()
            .and_then(|bound| bound.pod.as_ref());
        let mut tags = BTreeMap::from([
            ("eks-cluster-arn".to_owned(), arn),
            ("eks-cluster-name".to_owned(), cluster.name.clone()),
            (
                "kubernetes-namespace".to_owned(),
                account.namespace().to_owned(),
            ),
            (
                "kubernetes-service-account".to_owned(),
                account.name().to_owned(),
            ),
        ]);
        if let Some(pod) = pod {
            tags.insert("kubernetes-pod-name".to_owned(), pod.name.clone());
            tags.insert("kubernetes-pod-uid".to_owned(), pod.uid.clone());
        }
        tags
    }

    /// Returns whether the trust policy allows the service to assume the role and to tag the session.
    fn is_trusted(&self, role: &Role, tags: &BTreeMap<String, String>, now: SystemTime) -> bool {
        let [assume, _] = pod_identity::ACTIONS;
        let mut context = RequestContext::for_request(SERVICE, assume, None);
        for (key, value) in tags {
            context.fill(&format!("aws:RequestTag/{key}"), [value]);
        }
        context.fill("aws:TagKeys", tags.keys());
        context.fill("aws:SourceArn", tags.get("eks-cluster-arn"));
        let account = self.world.kubernetes().account.as_str();
        context.fill("aws:SourceAccount", [account]);
        context.fill_resource_account(role.arn.account().as_str());
        pod_identity::ACTIONS.iter().all(|action| {
            let request = (*action, None);
            let question = iam::question(SERVICE.to_owned(), request, context.clone(), now);
            let outcome = iam::decide(&question, iam::trust_policy(role));
            outcome.decision == Decision::Allowed
        })
    }
}

fn invalid_token(cause: Cause) -> AgentError {
    client_error(400, "InvalidTokenException", INVALID_TOKEN, cause)
}

fn client_error(status: u16, code: &'static str, text: &str, cause: Cause) -> AgentError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    AgentError {
        status,
        code,
        text: format!("[{}]: ({code}): {text}, fault: client", random::uuid()),
        cause,
    }
}
