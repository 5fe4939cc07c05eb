//! irsa-policy: the whole evaluation logic, with the policies of the case.

use irsa_policy::{
    Context, Decision, Policy, PolicyError, PolicyKind, PolicySet, Principal, Request,
};

use crate::Engine;
use crate::cases::{self, Case};

pub struct Irsa<'a> {
    set: PolicySet<'a>,
    requests: Vec<(&'a cases::Request, Context)>,
}

impl<'a> Irsa<'a> {
    pub fn new(case: &'a Case) -> Result<Self, PolicyError> {
        let kind = if case.is_trust {
            PolicyKind::Trust
        } else {
            PolicyKind::Identity
        };
        // Kept for the life of the process.
        let policy: &'static Policy = Box::leak(Box::new(Policy::parse(kind, &case.iam)?));
        let mut set = PolicySet::default();
        if case.is_trust {
            set.resource = Some(policy);
        } else {
            set.identity.push(policy);
        }
        let requests = case
            .requests
            .iter()
            .map(|request| (request, context(request)));
        Ok(Self {
            set,
            requests: requests.collect(),
        })
    }
}

impl Engine for Irsa<'_> {
    fn allows(&self, request: usize) -> bool {
        let (request, context) = &self.requests[request];
        let principal = match request.claims {
            Some(_) => Principal::Federated(&request.principal),
            None => Principal::Aws(&request.principal),
        };
        let decision = self.set.evaluate(&Request {
            principal,
            action: request.action,
            resource: request.resource.as_deref(),
            context,
        });
        decision == Decision::Allowed
    }
}

fn context(request: &cases::Request) -> Context {
    match &request.claims {
        Some((subject, audience)) => Context::new()
            .with(cases::issuer_key("sub"), subject)
            .with(cases::issuer_key("aud"), *audience),
        None => Context::new(),
    }
}
