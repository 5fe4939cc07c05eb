//! Cedar: a policy for each statement, entities for ARNs, and the ARN in the context if it has wildcards.

use std::error::Error;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request, RestrictedExpression,
};

use crate::Engine;
use crate::cases::{self, Case};

pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Cedar {
    pub fn new(case: &Case) -> Result<Self, Box<dyn Error>> {
        let requests: Result<_, _> = case.requests.iter().map(request).collect();
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: case.cedar.parse()?,
            entities: Entities::empty(),
            requests: requests?,
        })
    }
}

impl Engine for Cedar {
    fn allows(&self, request: usize) -> bool {
        let response =
            self.authorizer
                .is_authorized(&self.requests[request], &self.policies, &self.entities);
        response.decision() == Decision::Allow
    }
}

fn request(request: &cases::Request) -> Result<Request, Box<dyn Error>> {
    let resource = request.resource.as_deref().unwrap_or("role");
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let mut pairs = vec![("resource".to_owned(), text(resource))];
    if let Some((subject, audience)) = &request.claims {
        pairs.push(("sub".to_owned(), text(subject)));
        pairs.push(("aud".to_owned(), text(audience)));
    }
    Ok(Request::new(
        entity("Caller", &request.principal)?,
        entity("Action", request.action)?,
        entity("Resource", resource)?,
        Context::from_pairs(pairs)?,
        None,
    )?)
}

fn entity(kind: &str, id: &str) -> Result<EntityUid, Box<dyn Error>> {
    Ok(EntityUid::from_type_name_and_id(
        EntityTypeName::from_str(kind)?,
        EntityId::new(id),
    ))
}
