//! The security plugin's roles and role mappings, which a domain's owner creates once as its master user.

use std::collections::BTreeMap;

use irsa_components::opensearch::{OpenSearch, identity};
use serde_json::{Value, json};

use super::backend::EVERYBODY;
use super::failed;
use crate::error::LabError;
use crate::world::Domain;

/// The role with all permissions.
const ALL_ACCESS: &str = "all_access";
/// The security plugin's REST API.
const API: &str = "/_plugins/_security/api";

/// Creates the domain's roles and role mappings.
pub(super) async fn set_up(opensearch: &OpenSearch, domain: &Domain) -> Result<(), LabError> {
    for role in &domain.roles {
        let path = format!("{API}/roles/{}", role.name);
        put(opensearch, &path, &json!(role)).await?;
    }
    for (role, backend_roles) in mappings(domain) {
        let path = format!("{API}/rolesmapping/{role}");
        put(opensearch, &path, &json!({"backend_roles": backend_roles})).await?;
    }
    Ok(())
}

async fn put(opensearch: &OpenSearch, path: &str, body: &Value) -> Result<(), LabError> {
    let doing = format!("PUT {path}");
    let answer = opensearch.call("PUT", path, &body.to_string()).await;
    let answer = answer.map_err(|error| failed(&doing, error))?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let text = format!("the response is {}: {}", answer.status, answer.body);
    Err(LabError::opensearch(doing, text))
}

/// Returns the backend roles of each role. A mapping is replaced as a whole, so `all_access` keeps its administrator.
fn mappings(domain: &Domain) -> BTreeMap<&str, Vec<String>> {
    let mut everything = vec![identity::ADMIN.to_owned()];
    everything.extend(domain.master_role.iter().map(ToString::to_string));
    everything.extend((!domain.fine_grained).then(|| EVERYBODY.to_owned()));
    let mut all = BTreeMap::from([(ALL_ACCESS, everything)]);
    for mapping in &domain.role_mappings {
        let backend_roles = mapping.backend_roles.iter().map(ToString::to_string);
        all.entry(&mapping.role).or_default().extend(backend_roles);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn the_master_role_and_the_administrator_have_all_access() {
        let world = World::camunda_8_3();
        let mappings = mappings(&world.domains()[0]);
        assert_eq!(
            mappings["all_access"],
            ["admin", "arn:aws:iam::111122223333:role/opensearch-role"]
        );
        assert_eq!(
            mappings["zeebe"],
            ["arn:aws:iam::111122223333:role/camunda/zeebe-role"]
        );
    }
}
