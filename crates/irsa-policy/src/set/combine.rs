//! The combined result of all layers, if none of them denies.

use super::PolicySet;
use crate::decide::{Judgement, LocatedStatement};
use crate::prepared_request::PreparedRequest;
use crate::principal::Grant;
use crate::{Layer, PolicyKind, Principal, Reason};

/// The result of each layer.
pub(super) struct Verdicts<'a> {
    /// An error names the first level of service control policies that does not allow the request.
    pub(super) control: Result<(), Layer>,
    pub(super) resource: Judgement<'a>,
    pub(super) identity: Judgement<'a>,
    pub(super) boundary: Option<Judgement<'a>>,
    pub(super) session: Option<Judgement<'a>>,
}

/// The decision and its reason, before anything is formatted.
pub(super) enum Ruling<'a> {
    /// Allowed by a statement of the caller's policies, of the resource-based policy, or of both.
    Allowed([Option<(Layer, LocatedStatement<'a>)>; 2]),
    AllowedAnyway(Reason),
    Denied(Layer, LocatedStatement<'a>),
    NothingAllows(Layer),
}

/// The reason why the caller's account allows the request.
enum Granted<'a> {
    By(LocatedStatement<'a>),
    Root,
}

impl<'a> Verdicts<'a> {
    pub(super) fn combine(
        &self,
        set: &PolicySet<'a>,
        prepared: &PreparedRequest<'_>,
    ) -> Ruling<'a> {
        self.try_combine(set, prepared)
            .unwrap_or_else(Ruling::NothingAllows)
    }

    fn try_combine(
        &self,
        set: &PolicySet<'a>,
        prepared: &PreparedRequest<'_>,
    ) -> Result<Ruling<'a>, Layer> {
        self.control?;
        let resource = self.resource.allow.ok_or(Layer::Resource);
        let by_resource = |located| [Some((Layer::Resource, located)), None];
        if !matches!(prepared.request.principal, Principal::Aws(_)) {
            // Only users, roles and their sessions have identity-based policies.
            return resource.map(|(located, _)| Ruling::Allowed(by_resource(located)));
        }
        if !set.is_within(prepared) {
            let own = self.own_side(prepared)?;
            let (located, _) = resource?;
            let own = match own {
                Granted::By(located) => Some((Layer::Identity, located)),
                Granted::Root => None,
            };
            return Ok(Ruling::Allowed([own, Some((Layer::Resource, located))]));
        }
        match resource {
            Ok((located, Grant::Direct)) => Ok(Ruling::Allowed(by_resource(located))),
            Ok((located, Grant::Entity)) => {
                self.limits(prepared)?;
                Ok(Ruling::Allowed(by_resource(located)))
            }
            Err(layer) if set.must_name_the_caller(prepared) => Err(layer),
            Ok((_, Grant::Account)) | Err(_) => Ok(match self.own_side(prepared)? {
                Granted::By(located) => Ruling::Allowed([Some((Layer::Identity, located)), None]),
                Granted::Root => Ruling::AllowedAnyway(Reason::RootUser),
            }),
        }
    }

    /// The result of the policies in the caller's account.
    fn own_side(&self, prepared: &PreparedRequest<'_>) -> Result<Granted<'a>, Layer> {
        if prepared.caller.is_root() {
            return Ok(Granted::Root);
        }
        let (located, _) = self.identity.allow.ok_or(Layer::Identity)?;
        self.limits(prepared)?;
        Ok(Granted::By(located))
    }

    /// The policies that can only restrict: permissions boundary and session policies. A federated user's session has
    /// no permissions without a session policy, unless a resource-based policy names the session (AWS STS API
    /// Reference, "GetFederationToken"). Other sessions are not restricted without one.
    fn limits(&self, prepared: &PreparedRequest<'_>) -> Result<(), Layer> {
        let allows = |judgement: &Option<Judgement<'_>>, otherwise| {
            judgement.map_or(otherwise, |judgement| judgement.allow.is_some())
        };
        let session = allows(&self.session, !prepared.caller.is_federated_user());
        match (allows(&self.boundary, true), session) {
            (false, _) => Err(Layer::Boundary),
            (true, false) => Err(Layer::Session),
            (true, true) => Ok(()),
        }
    }
}

impl PolicySet<'_> {
    /// Returns whether the resource-based policy must allow the caller: for roles and KMS keys, identity-based policies
    /// count only if it does.
    fn must_name_the_caller(&self, prepared: &PreparedRequest<'_>) -> bool {
        self.resource.is_some_and(|policy| {
            policy.kind() == PolicyKind::Trust || prepared.action.starts_with("kms:")
        })
    }
}
