//! All policies that apply to a request (IAM User Guide, "Policy evaluation logic", "Policy evaluation for requests
//! within a single account", "Cross-account policy evaluation logic").

mod combine;
mod documents;

pub use documents::{PolicyDocuments, SetError};

use crate::arn::is_account;
use crate::decide::{LocatedStatement, judge, near_misses};
use crate::prepared_request::PreparedRequest;
use crate::{Cited, Decision, Layer, Outcome, Policy, Reason, Request};
use combine::{Ruling, Verdicts};

/// All policies that apply to a request. A kind of policy that is not given neither restricts nor allows.
///
/// [`PolicyDocuments`] ensures that each policy has the kind of its layer; callers that build a set directly must
/// ensure this themselves.
#[derive(Clone, Debug, Default)]
pub struct PolicySet<'a> {
    /// The identity-based policies of the caller: of a user and its groups, or of the role of the session.
    pub identity: Vec<&'a Policy>,
    /// The policy of the resource; for a role, its trust policy.
    pub resource: Option<&'a Policy>,
    /// The caller's permissions boundary.
    pub boundary: Vec<&'a Policy>,
    /// The policies passed when the session was created.
    pub session: Vec<&'a Policy>,
    /// The service control policies of the caller's account, level by level: the root, each organizational unit, the
    /// account. An empty level allows nothing.
    pub service_control: Vec<Vec<&'a Policy>>,
    /// The resource control policies of the resource's account, level by level. AWS's `RCPFullAWSAccess` is attached to
    /// every level and cannot be detached, so it may be left out.
    pub resource_control: Vec<Vec<&'a Policy>>,
    /// The account that owns the resource; `None` for the account in its ARN or, if the ARN lacks it, the account of
    /// the caller.
    pub resource_account: Option<&'a str>,
}

impl<'a> PolicySet<'a> {
    /// Adds a policy to a layer. A resource has one policy: others are left out.
    pub fn add(&mut self, layer: Layer, policy: &'a Policy) {
        match layer {
            Layer::Identity => self.identity.push(policy),
            Layer::Resource => {
                self.resource.get_or_insert(policy);
            }
            Layer::Boundary => self.boundary.push(policy),
            Layer::Session => self.session.push(policy),
            Layer::ServiceControl(level) => add_to(&mut self.service_control, level, policy),
            Layer::ResourceControl(level) => add_to(&mut self.resource_control, level, policy),
        }
    }

    /// Decides a request, and returns the statements that decided.
    pub fn decide(&self, request: &Request<'_>) -> Outcome {
        let prepared = self.prepare(request);
        match self.rule(&prepared) {
            Ruling::Allowed(by) => Outcome {
                decision: Decision::Allowed,
                reason: Reason::Allows(by.iter().flatten().map(|(l, p)| cite(*l, *p)).collect()),
                near_misses: Vec::new(),
            },
            Ruling::AllowedAnyway(reason) => Outcome {
                decision: Decision::Allowed,
                reason,
                near_misses: Vec::new(),
            },
            Ruling::Denied(layer, located) => Outcome {
                decision: Decision::ExplicitlyDenied,
                reason: Reason::Denies(cite(layer, located)),
                near_misses: Vec::new(),
            },
            Ruling::NothingAllows(layer) => Outcome {
                decision: Decision::ImplicitlyDenied,
                reason: Reason::NothingAllows(layer),
                near_misses: self.near_misses(layer, &prepared),
            },
        }
    }

    /// All policies, layer by layer.
    pub fn all(&self) -> impl Iterator<Item = &'a Policy> {
        let controls = self.service_control.iter().chain(&self.resource_control);
        self.identity
            .iter()
            .chain(&self.resource)
            .chain(&self.boundary)
            .chain(&self.session)
            .chain(controls.flatten())
            .copied()
    }

    /// Returns only the decision of [`decide`](Self::decide), at a fraction of the cost.
    pub fn evaluate(&self, request: &Request<'_>) -> Decision {
        match self.rule(&self.prepare(request)) {
            Ruling::Allowed(_) | Ruling::AllowedAnyway(_) => Decision::Allowed,
            Ruling::Denied(..) => Decision::ExplicitlyDenied,
            Ruling::NothingAllows(_) => Decision::ImplicitlyDenied,
        }
    }

    fn prepare<'r>(&self, request: &'r Request<'r>) -> PreparedRequest<'r> {
        PreparedRequest::new(request, !self.boundary.is_empty())
    }

    fn rule(&self, prepared: &PreparedRequest<'_>) -> Ruling<'a> {
        if prepared.needs_no_permission() {
            return Ruling::AllowedAnyway(Reason::NoPermissionNeeded);
        }
        match self.judge(prepared) {
            Ok(verdicts) => verdicts.combine(self, prepared),
            Err((layer, located)) => Ruling::Denied(layer, located),
        }
    }

    /// The result of each layer, or the layer that denies, which ends the evaluation.
    fn judge(
        &self,
        prepared: &PreparedRequest<'_>,
    ) -> Result<Verdicts<'a>, (Layer, LocatedStatement<'a>)> {
        let of = |layer, policies: &[&'a Policy]| {
            let judgement = judge(policies, prepared);
            judgement
                .deny
                .map_or(Ok(judgement), |located| Err((layer, located)))
        };
        let optional = |layer, policies: &[&'a Policy]| match policies {
            [] => Ok(None),
            _ => of(layer, policies).map(Some),
        };
        if prepared.is_under_resource_control() {
            for (level, policies) in self.resource_control.iter().enumerate() {
                of(Layer::ResourceControl(level), policies)?;
            }
        }
        let mut control = Ok(());
        if prepared.is_under_service_control() {
            for (level, policies) in self.service_control.iter().enumerate() {
                let layer = Layer::ServiceControl(level);
                let allows = of(layer, policies)?.allow.is_some();
                control = control.and(if allows { Ok(()) } else { Err(layer) });
            }
        }
        let resource = match self.resource.as_slice() {
            _ if prepared.is_beyond_bucket_policy() && self.is_within(prepared) => &[],
            policies => policies,
        };
        Ok(Verdicts {
            control,
            resource: of(Layer::Resource, resource)?,
            identity: of(Layer::Identity, &self.identity)?,
            boundary: optional(Layer::Boundary, &self.boundary)?,
            session: optional(Layer::Session, &self.session)?,
        })
    }

    fn near_misses(
        &self,
        layer: Layer,
        prepared: &PreparedRequest<'_>,
    ) -> Vec<(Layer, crate::NearMiss)> {
        let also =
            (layer == Layer::Identity && self.is_within(prepared)).then_some(Layer::Resource);
        let layers = [Some(layer), also].into_iter().flatten();
        layers
            .flat_map(|layer| {
                let misses = near_misses(self.policies(layer), prepared);
                misses.into_iter().map(move |miss| (layer, miss))
            })
            .collect()
    }

    fn policies(&self, layer: Layer) -> &[&'a Policy] {
        match layer {
            Layer::Identity => &self.identity,
            Layer::Resource => self.resource.as_slice(),
            Layer::Boundary => &self.boundary,
            Layer::Session => &self.session,
            Layer::ServiceControl(level) => {
                self.service_control.get(level).map_or(&[], Vec::as_slice)
            }
            Layer::ResourceControl(level) => {
                self.resource_control.get(level).map_or(&[], Vec::as_slice)
            }
        }
    }

    /// Returns whether the caller and the resource are in the same account.
    fn is_within(&self, prepared: &PreparedRequest<'_>) -> bool {
        let of_arn = || {
            prepared
                .resource
                .map(|arn| arn.account)
                .filter(|id| is_account(id))
        };
        let owner = self.resource_account.or_else(of_arn);
        owner.is_none_or(|owner| prepared.caller.account() == Some(owner))
    }
}

fn add_to<'a>(levels: &mut Vec<Vec<&'a Policy>>, level: usize, policy: &'a Policy) {
    if levels.len() <= level {
        levels.resize_with(level + 1, Vec::new);
    }
    if let Some(policies) = levels.get_mut(level) {
        policies.push(policy);
    }
}

fn cite(layer: Layer, located: LocatedStatement<'_>) -> Cited {
    Cited {
        layer,
        statement: located.describe(),
    }
}
