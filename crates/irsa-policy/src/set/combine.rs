//! What the layers say together, once none of them denies.

use super::PolicySet;
use crate::call::Call;
use crate::decide::{Judgement, Place};
use crate::principal::Grant;
use crate::{Because, Layer, PolicyKind, Principal};

/// What each layer says.
pub(super) struct Verdicts<'a> {
    /// The first level of service control policies that does not allow.
    pub(super) control: Result<(), Layer>,
    pub(super) resource: Judgement<'a>,
    pub(super) identity: Judgement<'a>,
    pub(super) boundary: Option<Judgement<'a>>,
    pub(super) session: Option<Judgement<'a>>,
}

/// The decision and its reason, without anything written out.
pub(super) enum Ruling<'a> {
    /// By a statement of the caller's policies, of the resource's policy, or of both.
    Allowed([Option<(Layer, Place<'a>)>; 2]),
    AllowedAnyway(Because),
    Denied(Layer, Place<'a>),
    NothingAllows(Layer),
}

/// Why the caller's own side allows.
enum Granted<'a> {
    By(Place<'a>),
    Root,
}

impl<'a> Verdicts<'a> {
    pub(super) fn combine(&self, set: &PolicySet<'a>, call: &Call<'_>) -> Ruling<'a> {
        self.try_combine(set, call)
            .unwrap_or_else(Ruling::NothingAllows)
    }

    fn try_combine(&self, set: &PolicySet<'a>, call: &Call<'_>) -> Result<Ruling<'a>, Layer> {
        self.control?;
        let resource = self.resource.allow.ok_or(Layer::Resource);
        let by_resource = |place| [Some((Layer::Resource, place)), None];
        if !matches!(call.request.principal, Principal::Aws(_)) {
            // Such a caller has no policies of its own.
            return resource.map(|(place, _)| Ruling::Allowed(by_resource(place)));
        }
        if !set.is_within(call) {
            let own = self.own_side(call)?;
            let (place, _) = resource?;
            let own = match own {
                Granted::By(place) => Some((Layer::Identity, place)),
                Granted::Root => None,
            };
            return Ok(Ruling::Allowed([own, Some((Layer::Resource, place))]));
        }
        match resource {
            Ok((place, Grant::Direct)) => Ok(Ruling::Allowed(by_resource(place))),
            Ok((place, Grant::Entity)) => {
                self.limits(call)?;
                Ok(Ruling::Allowed(by_resource(place)))
            }
            Err(layer) if set.must_name_the_caller(call) => Err(layer),
            Ok((_, Grant::Account)) | Err(_) => Ok(match self.own_side(call)? {
                Granted::By(place) => Ruling::Allowed([Some((Layer::Identity, place)), None]),
                Granted::Root => Ruling::AllowedAnyway(Because::RootUser),
            }),
        }
    }

    /// What the caller's account has to say.
    fn own_side(&self, call: &Call<'_>) -> Result<Granted<'a>, Layer> {
        if call.caller.is_root() {
            return Ok(Granted::Root);
        }
        let (place, _) = self.identity.allow.ok_or(Layer::Identity)?;
        self.limits(call)?;
        Ok(Granted::By(place))
    }

    /// What can only take away. Of sessions only a federated user's has no permissions without a
    /// policy passed to it, unless a resource names the session itself (AWS STS API Reference,
    /// "GetFederationToken").
    fn limits(&self, call: &Call<'_>) -> Result<(), Layer> {
        let allows = |judgement: &Option<Judgement<'_>>, otherwise| {
            judgement.map_or(otherwise, |judgement| judgement.allow.is_some())
        };
        let session = allows(&self.session, !call.caller.is_federated_user());
        match (allows(&self.boundary, true), session) {
            (false, _) => Err(Layer::Boundary),
            (true, false) => Err(Layer::Session),
            (true, true) => Ok(()),
        }
    }
}

impl PolicySet<'_> {
    /// For a role and a KMS key, identity policies count only if the resource's policy lets them.
    fn must_name_the_caller(&self, call: &Call<'_>) -> bool {
        self.resource.is_some_and(|policy| {
            policy.kind() == PolicyKind::Trust || call.action.starts_with("kms:")
        })
    }
}
