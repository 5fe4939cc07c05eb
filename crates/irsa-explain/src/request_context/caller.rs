//! The condition keys that AWS fills in for a caller ("Properties of the principal" in "AWS global condition context
//! keys").

use irsa_chain::Arn;
use irsa_policy::Principal;

use super::{RequestContext, RequestKind};
use crate::{pod_identity, web_identity};

impl RequestContext {
    /// Creates the context for a request of `principal` for `action` on `resource`.
    ///
    /// The role of a session is assumed to have no path, as the ARN of the session does not contain it.
    pub fn for_request(principal: &str, action: &str, resource: Option<&str>) -> Self {
        let mut context = match Principal::parse(principal) {
            Some(Principal::Aws(arn)) => for_arn(arn, action, resource),
            Some(Principal::Federated(provider)) => for_provider(provider, action),
            Some(Principal::Service(service)) => for_service(service, action),
            _ => Self::new(RequestKind::Unsigned),
        };
        context.fill_transport();
        context.fill_resource(resource);
        context
    }
}

fn for_arn(text: &str, action: &str, resource: Option<&str>) -> RequestContext {
    let arn = text.parse::<Arn>().ok();
    let account = arn.as_ref().map_or("", Arn::account);
    let path = arn.as_ref().map_or("", Arn::resource);
    let role = path.strip_prefix("assumed-role/");
    if let Some(role) = role.and_then(|rest| rest.split('/').next()) {
        let partition = arn.as_ref().map_or("aws", Arn::partition);
        let mut context = RequestContext::for_session(action, resource, account, None);
        let arn = format!("arn:{partition}:iam::{account}:role/{role}");
        context.fill("aws:PrincipalArn", [arn]);
        return context;
    }
    let mut context = RequestContext::new(RequestKind::OtherCall);
    context.fill("aws:PrincipalArn", [text]);
    context.fill("aws:PrincipalAccount", [account]);
    context.fill("aws:PrincipalIsAWSService", ["false"]);
    context.fill("aws:ViaAWSService", ["false"]);
    let kind = if path == "root" {
        "Account"
    } else if path.starts_with("federated-user/") {
        "FederatedUser"
    } else {
        "User"
    };
    context.fill("aws:PrincipalType", [kind]);
    if let Some(name) = path.strip_prefix("user/") {
        let name = name.rsplit('/').next().unwrap_or(name);
        context.fill("aws:username", [name]);
    }
    context
}

fn for_provider(provider: &str, action: &str) -> RequestContext {
    if !web_identity::is_exchange(action) {
        return RequestContext::new(RequestKind::OtherCall);
    }
    let mut context = RequestContext::new(RequestKind::TokenExchange);
    context.fill("aws:FederatedProvider", [provider]);
    if let Ok(arn) = provider.parse::<Arn>() {
        context.fill_resource_account(arn.account());
    }
    context
}

fn for_service(service: &str, action: &str) -> RequestContext {
    let is_pod_identity = service == pod_identity::PRINCIPAL
        && pod_identity::ACTIONS
            .iter()
            .any(|one| one.eq_ignore_ascii_case(action));
    let kind = if is_pod_identity {
        RequestKind::PodIdentity
    } else {
        RequestKind::OtherCall
    };
    let mut context = RequestContext::new(kind);
    context.fill("aws:PrincipalServiceName", [service]);
    context.fill("aws:PrincipalIsAWSService", ["true"]);
    context
}
