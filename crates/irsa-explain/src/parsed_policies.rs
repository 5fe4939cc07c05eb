//! Policies that are parsed once and decide many questions.

use std::collections::HashMap;

use irsa_policy::{Policy, PolicyKind, PolicySet};

use crate::inventory::{Inventory, PolicySource};
use crate::question::Question;

/// The policies of an inventory.
#[derive(Debug, Default)]
pub struct ParsedPolicies {
    by_text: HashMap<PolicyKind, HashMap<String, Policy>>,
}

// === impl ParsedPolicies ===

impl ParsedPolicies {
    /// Parses all policies whose texts are known. Invalid ones are left out, so that no question is decided with them.
    pub fn new(inventory: &Inventory) -> Self {
        let mut parsed = Self::default();
        for role in &inventory.roles {
            parsed.add(PolicyKind::Trust, &role.trust);
            parsed.add(PolicyKind::Identity, &role.permissions);
            parsed.add(PolicyKind::Boundary, &role.boundary);
        }
        for domain in &inventory.domains {
            parsed.add(PolicyKind::Resource, &domain.access_policy);
        }
        parsed
    }

    fn add(&mut self, kind: PolicyKind, sources: &[PolicySource]) {
        let texts = sources.iter().filter_map(|source| source.text.as_ref());
        let policies = texts.filter_map(|text| {
            let policy = Policy::parse(kind, text).ok()?;
            kind.check_size(text).ok()?;
            Some((text.clone(), policy))
        });
        self.by_text.entry(kind).or_default().extend(policies);
    }

    /// The policies of a question; `None` if one of them is invalid or not in the inventory.
    pub fn set(&self, question: &Question) -> Option<PolicySet<'_>> {
        let mut set = PolicySet::default();
        for document in &question.policies {
            let policies = self.by_text.get(&document.layer.kind(&question.action))?;
            set.add(document.layer, policies.get(&document.text)?);
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use irsa_policy::Layer;

    use super::*;
    use crate::inventory::Role;
    use crate::question::Document;

    const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

    fn question(texts: &[&str]) -> Question {
        let document = |text: &&str| Document {
            layer: Layer::Identity,
            file: "policy.json".to_owned(),
            text: (*text).to_owned(),
        };
        Question {
            action: "es:ESHttpGet".to_owned(),
            policies: texts.iter().map(document).collect(),
            ..Question::default()
        }
    }

    #[test]
    fn a_question_has_its_policies_unless_one_is_invalid_or_unknown() {
        let source = |text: &str| PolicySource::new("policy.json", Some(text.to_owned()));
        let role = Role {
            permissions: vec![source(ALLOW), source("{}")],
            ..Role::default()
        };
        let inventory = Inventory {
            roles: vec![role],
            ..Inventory::default()
        };
        let parsed = ParsedPolicies::new(&inventory);
        let set = parsed.set(&question(&[ALLOW, ALLOW])).unwrap();
        assert_eq!(set.all().count(), 2);
        assert_eq!(set.identity.len(), 2);
        for texts in [&["{}"][..], &[ALLOW, "{ }"]] {
            assert!(parsed.set(&question(texts)).is_none(), "{texts:?}");
        }
    }
}
