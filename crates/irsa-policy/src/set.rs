//! All policies that have a say in a request (IAM User Guide, "Policy evaluation logic", "Policy
//! evaluation for requests within a single account", "Cross-account policy evaluation logic").

mod combine;
mod documents;

pub use documents::{PolicyDocuments, SetError};

use crate::arn::is_account;
use crate::call::Call;
use crate::decide::{Place, judge, near_misses};
use crate::{Because, Cited, Decision, Layer, Outcome, Policy, Request};
use combine::{Ruling, Verdicts};

/// All policies that apply to a request. What is not given does not restrict, and does not allow.
///
/// Kinds are not mixed up by [`PolicyDocuments`]; who fills this in by hand sees to it himself.
#[derive(Clone, Debug, Default)]
pub struct PolicySet<'a> {
    /// Of the caller: of a user with its groups, or of the role whose session calls.
    pub identity: Vec<&'a Policy>,
    /// Of the resource; of a role its trust policy.
    pub resource: Option<&'a Policy>,
    /// The caller's permissions boundary.
    pub boundary: Vec<&'a Policy>,
    /// Passed when the session was made.
    pub session: Vec<&'a Policy>,
    /// Service control policies that apply to the caller's account, level by level: the root, each
    /// organizational unit, the account. An empty level allows nothing.
    pub service_control: Vec<Vec<&'a Policy>>,
    /// Resource control policies that apply to the resource's account, level by level. AWS's own
    /// `RCPFullAWSAccess` is in every level and can't be detached, so it may be left out.
    pub resource_control: Vec<Vec<&'a Policy>>,
    /// The account that owns the resource; `None` for the one in its ARN or, without one there,
    /// the caller's own.
    pub resource_account: Option<&'a str>,
}

impl<'a> PolicySet<'a> {
    /// Decides a request and tells which statement of which policy did.
    pub fn decide(&self, request: &Request<'_>) -> Outcome {
        let call = self.call(request);
        match self.rule(&call) {
            Ruling::Allowed(by) => Outcome {
                decision: Decision::Allowed,
                because: Because::Allows(by.iter().flatten().map(|(l, p)| cite(*l, *p)).collect()),
                near_misses: Vec::new(),
            },
            Ruling::AllowedAnyway(because) => Outcome {
                decision: Decision::Allowed,
                because,
                near_misses: Vec::new(),
            },
            Ruling::Denied(layer, place) => Outcome {
                decision: Decision::ExplicitlyDenied,
                because: Because::Denies(cite(layer, place)),
                near_misses: Vec::new(),
            },
            Ruling::NothingAllows(layer) => Outcome {
                decision: Decision::ImplicitlyDenied,
                because: Because::NothingAllows(layer),
                near_misses: self.near_misses(layer, &call),
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

    /// The decision of [`decide`](Self::decide) alone, at a fraction of the cost.
    pub fn evaluate(&self, request: &Request<'_>) -> Decision {
        match self.rule(&self.call(request)) {
            Ruling::Allowed(_) | Ruling::AllowedAnyway(_) => Decision::Allowed,
            Ruling::Denied(..) => Decision::ExplicitlyDenied,
            Ruling::NothingAllows(_) => Decision::ImplicitlyDenied,
        }
    }

    fn call<'r>(&self, request: &'r Request<'r>) -> Call<'r> {
        Call::new(request, !self.boundary.is_empty())
    }

    fn rule(&self, call: &Call<'_>) -> Ruling<'a> {
        if call.needs_no_permission() {
            return Ruling::AllowedAnyway(Because::NoPermissionNeeded);
        }
        match self.judge(call) {
            Ok(verdicts) => verdicts.combine(self, call),
            Err((layer, place)) => Ruling::Denied(layer, place),
        }
    }

    /// What each layer says, or which of them denies: that ends it.
    fn judge(&self, call: &Call<'_>) -> Result<Verdicts<'a>, (Layer, Place<'a>)> {
        let of = |layer, policies: &[&'a Policy]| {
            let judgement = judge(policies, call);
            judgement
                .deny
                .map_or(Ok(judgement), |place| Err((layer, place)))
        };
        let optional = |layer, policies: &[&'a Policy]| match policies {
            [] => Ok(None),
            _ => of(layer, policies).map(Some),
        };
        if call.is_under_resource_control() {
            for (level, policies) in self.resource_control.iter().enumerate() {
                of(Layer::ResourceControl(level), policies)?;
            }
        }
        let mut control = Ok(());
        if call.is_under_service_control() {
            for (level, policies) in self.service_control.iter().enumerate() {
                let layer = Layer::ServiceControl(level);
                let allows = of(layer, policies)?.allow.is_some();
                control = control.and(if allows { Ok(()) } else { Err(layer) });
            }
        }
        let resource = match self.resource.as_slice() {
            _ if call.is_beyond_bucket_policy() && self.is_within(call) => &[],
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

    fn near_misses(&self, layer: Layer, call: &Call<'_>) -> Vec<(Layer, crate::NearMiss)> {
        let also = (layer == Layer::Identity && self.is_within(call)).then_some(Layer::Resource);
        let layers = [Some(layer), also].into_iter().flatten();
        layers
            .flat_map(|layer| {
                let misses = near_misses(self.policies(layer), call);
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

    /// Whether caller and resource are in one account.
    fn is_within(&self, call: &Call<'_>) -> bool {
        let of_arn = || {
            call.resource
                .map(|arn| arn.account)
                .filter(|id| is_account(id))
        };
        let owner = self.resource_account.or_else(of_arn);
        owner.is_none_or(|owner| call.caller.account() == Some(owner))
    }
}

fn cite(layer: Layer, place: Place<'_>) -> Cited {
    Cited {
        layer,
        statement: place.describe(),
    }
}
